"""The link: what a connector has made of a signal. One record of the compacted topic connector-links each."""

from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.assignment import Assignment
from sinks.connectors.base import External, marker

LINK_VERSION = 1
"""Raised when the shape of :class:`Link` changes in a way an older build would misread."""


class Stage(StrEnum):
    """Where it stands.

    ``none``: nothing has been created; ``creating``: something is about to be, or has been and we died before we could
    write it down; ``open``; ``closed``: by us; ``gone``: somebody has deleted it, or it cannot be reopened.
    """

    NONE = "none"
    CREATING = "creating"
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"


class Link(Struct, frozen=True, kw_only=True):
    """What one connector knows of one signal.

    Attributes:
        seq: counts its records; of two, the one with the higher is newer.
        number: which of the signal's tickets it is; see :func:`sinks.connectors.base.marker`.
        revision: of the assignment; everything up to it has been told, or is not worth telling.
        shown: the revision that the ticket's fields and text show.
        told: the last revision told, without its evidence, for what has changed since.
        at: wall time of the last change of stage, epoch seconds.
    """

    connector: str
    signal_id: str
    seq: int = 0
    stage: Stage = Stage.NONE
    number: int = 1
    external: External | None = None
    revision: int = 0
    shown: int = 0
    told: Assignment | None = None
    at: float = 0.0
    version: int = LINK_VERSION

    @property
    def marker(self) -> str:
        """What its ticket is looked up by."""
        return marker(self.signal_id, self.number)


_decoder = msgspec.json.Decoder(Link)


def link_key(connector: str, signal_id: str) -> bytes:
    """The record's key."""
    return f"{connector}\x1f{signal_id}".encode()


def encode_link(link: Link) -> bytes:
    """The record's value."""
    return msgspec.json.encode(link)


def decode_link(data: bytes) -> Link:
    """The inverse of :func:`encode_link`.

    Raises:
        ValueError: it is no link, or a newer build wrote it.
    """
    link = _decoder.decode(data)
    if link.version > LINK_VERSION:
        raise ValueError(f"link of version {link.version}, this build knows {LINK_VERSION}")
    return link


def without_evidence(assignment: Assignment) -> Assignment:
    """The assignment without what is long and can be read elsewhere: what customers said stays in one topic."""
    signal = replace(assignment.signal, quotes=[], drivers=[], sparkline=msgspec.UNSET, members=msgspec.UNSET)
    return replace(assignment, signal=signal)
