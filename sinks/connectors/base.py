"""What a connector is: the one interface between the engine and a target."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from schemas.assignment import Assignment


class External(Struct, frozen=True):
    """What the target calls it.

    Attributes:
        key: ``MOB-12``, a Slack timestamp, a sys_id, a Message-ID.
        place: project, channel, table: what else is needed to address it.
    """

    key: str
    url: str = ""
    place: str = ""
    open: bool = True


class Job(Struct, frozen=True):
    """What a target is to be told.

    Attributes:
        assignment: the newest revision to be shown, with its signal.
        marker: what it is looked up by: ``gs-`` and the signal's id, as a label, correlation id or key.
        contact: of the owner for this connector; may be empty.
        news: what has just happened, in words.
    """

    assignment: Assignment
    marker: str
    contact: Mapping[str, str]
    news: str


class Later(Exception):
    """Worth another try: the network, 5xx, 429, a timeout.

    Attributes:
        after_s: how long the target asks to be left alone, seconds; None if it does not say.
    """

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.after_s = reason, after_s


class Refused(Exception):
    """Will never work as it is: another 4xx, a body too large, a contact that is missing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Connector(Protocol):
    """One target. Each call is a whole step, and may be repeated after a crash.

    Every call raises Later or Refused. ``close`` and ``reopen`` also say ``job.news`` if there is any, in the same
    request where the target can.

    Attributes:
        name: from the configuration; part of the link's key.
        tracks: False if nothing can be looked up or changed at the target once it is sent.
    """

    @property
    def name(self) -> str: ...

    @property
    def tracks(self) -> bool: ...

    async def find(self, job: Job) -> External | None:
        """What the target has under the marker, something open before something closed; None if there is nothing."""

    async def create(self, job: Job) -> External:
        """Make it."""

    async def update(self, job: Job, external: External) -> External:
        """Bring fields and body up to date."""

    async def comment(self, job: Job, external: External) -> None:
        """Say ``job.news``."""

    async def close(self, job: Job, external: External) -> External:
        """It is resolved or dismissed."""

    async def reopen(self, job: Job, external: External) -> External:
        """It is back."""
