"""What is stored of an assignment: one snapshot per signal id, as MessagePack."""

import msgspec
from msgspec import Struct

from schemas.action import Action
from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Instant

RECORD_VERSION = 2
"""Raised when the shape of :class:`Record` changes in a way an older build would misread."""

_READABLE = (1, RECORD_VERSION)
_CLOSED = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)


class Record(Struct, frozen=True, kw_only=True):
    """One snapshot per signal id; a step makes a new one.

    Attributes:
        signal_revision: the last revision of the signal that was handled; 0 before the first.
        assignment: the last one decided; None while the signal has not come.
        actions: ids of the actions taken in, the newest last.
        parked: actions that came before their signal, in order of arrival.
        since: when the owner of now got it as it is, from which the steps of an escalation are counted; None lets no
            timer go off.
        late_s: by how much all timers go off later, seconds: it was told so late.
        gone_off: names of the timers that have gone off; see :mod:`sinks.timers`.
        by_hand: the role that somebody gave it to, whatever the rules say; empty if nobody did.
        outbox: assignments that a timer decided, and of which it is not known that they were sent.
    """

    version: int = RECORD_VERSION
    signal_revision: int = 0
    assignment: Assignment | None = None
    actions: list[str] = []
    parked: list[Action] = []
    since: Instant | None = None
    late_s: float = 0.0
    gone_off: list[str] = []
    by_hand: str = ""
    outbox: list[Assignment] = []


class _Head(Struct):
    version: int


class _State(Struct):
    state: AssignmentState


class _Glance(Struct):
    assignment: _State | None = None
    since: Instant | None = None
    outbox: list[msgspec.Raw] = []


_encoder = msgspec.msgpack.Encoder()
_head = msgspec.msgpack.Decoder(_Head)
_glance = msgspec.msgpack.Decoder(_Glance)
_record = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """MessagePack, with the version."""
    return _encoder.encode(record)


def decode_record(data: bytes) -> Record:
    """The inverse of :func:`encode_record`; what an older build wrote has no timers.

    Raises:
        ValueError: an unknown version wrote it, or it is no record. Never an empty record in its place:
            that would give revisions a second meaning.
    """
    # The version first: the shape of an unknown one cannot be decoded.
    try:
        version = _head.decode(data).version
        if version not in _READABLE:
            raise ValueError(f"assignment record of version {version}, this build knows up to {RECORD_VERSION}")
        return msgspec.structs.replace(_record.decode(data), version=RECORD_VERSION)
    except RecursionError:
        raise ValueError("assignment record: nested too deeply") from None


def at_rest(data: bytes) -> bool:
    """Whether a stored record has neither a timer nor anything to send; much cheaper than decoding it."""
    seen = _glance.decode(data)
    if seen.outbox:
        return False
    return seen.since is None or seen.assignment is None or seen.assignment.state in _CLOSED
