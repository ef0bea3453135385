"""The control: what somebody has asked to hear nothing of, for how long, and why."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schemas.event import Name
from schemas.signal import Instant

Glob = Annotated[str, Meta(min_length=1, max_length=256)]
Globs = Annotated[list[Glob], Meta(max_length=64)]


class ControlKind(StrEnum):
    """A ``silence`` is for whatever matches, a ``snooze`` for one signal."""

    SILENCE = "silence"
    SNOOZE = "snooze"


class Match(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a silence is for: each list that is not empty must match, by any of its patterns.

    Patterns are globs (``*``, ``?``, ``[a-z]``) without regard to case.

    Attributes:
        slice: matches any driver's ``dimension=value``.
        owner: matches the role that the signal would go to.
    """

    tenant: Globs = []
    theme: Globs = []
    rule: Globs = []
    severity: Globs = []
    slice: Globs = []
    owner: Globs = []


class Control(Struct, frozen=True, kw_only=True):
    """A silence or a snooze. Keyed by ``id`` on a compacted topic: a newer record of an id replaces the older.

    Attributes:
        by: who asked for it; ``reason``: why.
        at: when this record was written.
        starts, expires: in force from the one up to the other; there is no silence without an end.
        match: of a silence; not empty.
        signal_id: of a snooze; an incident's id as well.
        mentions: of a snooze: it also ends after so many more mentions.
        ended_by: who has ended it early.

    Raises:
        ValueError: naming the field.
    """

    id: Name
    kind: ControlKind
    by: Name
    reason: Name
    at: Instant
    starts: Instant
    expires: Instant
    match: Match = Match()
    signal_id: str = ""
    mentions: Annotated[int, Meta(ge=1)] | None = None
    ended_by: str = ""

    def __post_init__(self) -> None:
        if self.expires < self.starts:
            raise ValueError("expires: lies before starts")
        if self.kind is ControlKind.SNOOZE:
            if not self.signal_id:
                raise ValueError("signal_id: is missing; a snooze is for one signal")
            if self.match != Match():
                raise ValueError("match: a snooze takes none; it is for one signal")
        elif self.match == Match():
            raise ValueError("match: is empty and would silence everything; name at least one theme, rule or slice")
        elif self.signal_id or self.mentions is not None:
            raise ValueError("signal_id, mentions: a silence takes none")
