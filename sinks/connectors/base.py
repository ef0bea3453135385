"""What the engine asks of a connector, and what a connector says back. One file a target stands beside this one."""

import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from schemas.assignment import Assignment
from schemas.digest import Digest
from sinks.texts.links import NO_LINKS, Links

_MARKED = re.compile(r"gs-(?P<signal>.+?)(?:\.\d+)?").fullmatch


class External(Struct, frozen=True):
    """What the target calls it.

    Attributes:
        key: "MOB-12", a Slack ts, a sys_id, a Message-ID.
        place: project, channel id, table: what else is needed to address it.
    """

    key: str
    url: str = ""
    place: str = ""
    open: bool = True


class Job(Struct, frozen=True):
    """What a connector is to tell its target of.

    Attributes:
        assignment: with its signal, the newest revision to be shown.
        marker: what it is looked up by (label, correlation id, dedup key); see :func:`marker`.
        contact: of the owner for this connector, from ``[contacts.ROLE]``; may be empty.
        news: what has just happened, in words, for a comment.
        links: where more of it is to be seen.
    """

    assignment: Assignment
    marker: str
    contact: Mapping[str, str] = {}
    news: str = ""
    links: Links = NO_LINKS


class Later(Exception):
    """Worth another try: the network, a time limit, 5xx, 429.

    Attributes:
        after_s: how long the target asks us to wait, seconds; None if it does not say.
        unsure: whether the call may have taken effect all the same, as one that timed out may.
    """

    def __init__(self, reason: str, after_s: float | None = None, *, unsure: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.after_s, self.unsure = reason, after_s, unsure


class Refused(Exception):
    """Will never work: a body too large, a missing contact, most of 4xx.

    Attributes:
        status: of the HTTP answer, if it was one.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class Unauthorized(Refused):
    """The target does not let us in at all: not this job's fault, so it waits for a person to mend the login."""


class Gone(Refused):
    """What the link names is no longer there: somebody has deleted it."""


class Connector(Protocol):
    """Tells one target. Every method raises :class:`Later` or :class:`Refused` if it could not.

    Attributes:
        name: from the configuration; part of the link's key.
        tracks: whether what was created can be found by its marker and be updated; False for what is sent and
            forgotten.
        settle_s: how long something just created may be missing from what ``find`` sees, seconds.
    """

    name: str
    tracks: bool
    settle_s: float

    async def find(self, job: Job) -> External | None:
        """What carries ``job.marker``, open or not; None if nothing does."""

    async def create(self, job: Job) -> External:
        """A ticket, a thread, an incident."""

    async def update(self, job: Job, external: External) -> External:
        """Bring fields and body up to date; nobody is notified."""

    async def comment(self, job: Job, external: External) -> None:
        """Say ``job.news``."""

    async def close(self, job: Job, external: External) -> External:
        """It is resolved or dismissed. Closing what is closed does nothing."""

    async def reopen(self, job: Job, external: External) -> External:
        """It has come back. Reopening what is open does nothing."""


@runtime_checkable
class TakesDigests(Protocol):
    """A connector that can tell an owner of many things in one message."""

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Send it; ``contact`` is the owner's, as in :class:`Job`."""


@runtime_checkable
class TakesEveryRevision(Protocol):
    """A connector whose target wants each revision in order, not only the newest, as a program does."""

    every: bool


def marker(signal_id: str, number: int = 1) -> str:
    """What a signal is looked up by; ``number`` counts its tickets, for one that came back too late to reopen the last.

    >>> marker("sig-1624e369c51d6fa8"), marker("sig-1624e369c51d6fa8", 2)
    ('gs-sig-1624e369c51d6fa8', 'gs-sig-1624e369c51d6fa8.2')
    """
    return f"gs-{signal_id}" if number == 1 else f"gs-{signal_id}.{number}"


def signal_of(text: str) -> str | None:
    """The signal id in a marker; None if it is none.

    >>> signal_of("gs-sig-1624e369c51d6fa8.2"), signal_of("urgent")
    ('sig-1624e369c51d6fa8', None)
    """
    found = _MARKED(text)
    return found["signal"] if found else None
