"""What triage remembers of one tenant, as plain data. New fields are added at the end, with a default."""

from math import log

from msgspec import Struct

from schemas.digest import DigestItem
from schemas.signal import Attention, Severity, Signal, SignalState

STATE_VERSION = 1
"""Raised when the shape of :class:`TenantState` changes in a way an older build would misread."""

_LEAST_PART = 0.25
_LOUDNESS = {Attention.NONE: 0, Attention.DIGEST: 1, Attention.NOW: 2}


def louder(one: Attention, other: Attention) -> Attention:
    """The one of the two that a person notices more."""
    return max(one, other, key=_LOUDNESS.__getitem__)


class SliceFact(Struct, array_like=True, frozen=True):
    """A slice that holds much of what a signal's theme has risen by, and less of the traffic.

    Attributes:
        name: ``dimension=value``.
        part: of the rise, 0 to 1; ``traffic``: of all events.
    """

    name: str
    part: float
    traffic: float

    @property
    def weight(self) -> float:
        """How much of the rise it explains: its term of the divergence from traffic, in nats."""
        return self.part * log(self.part / self.traffic)


class Known(Struct, array_like=True):
    """A signal, or an incident, as far as decisions need it.

    Attributes:
        onset: event time at which it began, came back or became worse.
        at: event time of the newest revision.
        seen: the newest revision that came in; ``revision``: the newest that went out, 0 before the first.
        state: what the newest revision told.
        slices: what may explain it, the heaviest first.
        body: number of the entry that holds the newest revision.
        told: how loudly somebody was told of it since it opened; ``told_at``: when that was done at once, 0 if never.
        told_severity: the worst that was told.
        incident: what it belongs to; empty for none.
        hushed: id of the control for which something is kept back; empty for none.
        untold: the state that is kept back.
        snooze, snoozed_from: id of the snooze seen last, and the mentions since opening when it came.
        snoozed_severity: and the severity.
        audits: how many audit records there are.
        closed_at: when its end came in; None while it is open.
    """

    id: str
    theme: str
    rule: str
    severity: Severity
    rising: bool
    opened_at: float
    onset: float
    at: float
    seen: int
    state: SignalState
    mentions: int
    total: int
    body: int
    slices: list[SliceFact] = []
    revision: int = 0
    told: Attention = Attention.NONE
    told_at: float = 0.0
    told_severity: Severity = Severity.LOW
    incident: str = ""
    hushed: str = ""
    untold: SignalState | None = None
    snooze: str = ""
    snoozed_from: int = 0
    snoozed_severity: Severity = Severity.LOW
    audits: int = 0
    closed_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.closed_at is None


class Incident(Struct, array_like=True):
    """What belongs together.

    Attributes:
        id: under which it is also among the signals, once it has been told.
        cause: ``dimension=value``; empty if the members share none.
        members: ids of signals, in the order in which they came.
        named: those that a published revision has named.
        differing: those still to be named that do not clearly share the cause.
        due: when what has changed is to be told; None if nothing has.
        last_onset: event time at which the newest member began.
        published_at: when the last revision went out; 0 before the first.
    """

    id: str
    theme: str
    cause: str
    opened_at: float
    last_onset: float
    members: list[str]
    named: list[str] = []
    differing: list[str] = []
    due: float | None = None
    published_at: float = 0.0


class Waiting(Struct, array_like=True):
    """A revision that is still to be decided on.

    Attributes:
        body: number of the entry that holds it.
        until: when it is decided on at the latest, epoch seconds.
    """

    at: float
    id: str
    revision: int
    body: int
    until: float = 0.0


class Pending(Struct, array_like=True):
    """A digest in the making; ``more``: signals beyond those that it has room for."""

    due: float
    items: dict[str, DigestItem]
    more: int = 0


class TenantState(Struct, array_like=True):
    """All of one tenant; written as one record, so that a decision is remembered whole or not at all.

    Attributes:
        next: number of the next entry.
        outbox: numbers of entries still to be sent.
        fresh: revisions that no turn has seen; ``held``: those that wait for others.
        openings: event times at which signals opened in the past day that belong to no incident.
        spent: owner -> (day, interruptions).
        digests: owner -> what the next one holds.
        touched_at: when something last happened.
    """

    version: int
    tenant: str
    next: int = 0
    outbox: list[int] = []
    fresh: list[Waiting] = []
    held: list[Waiting] = []
    signals: dict[str, Known] = {}
    incidents: dict[str, Incident] = {}
    openings: list[float] = []
    spent: dict[str, tuple[int, int]] = {}
    digests: dict[str, Pending] = {}
    touched_at: float = 0.0

    def members(self, incident: Incident) -> list[Known]:
        """The members that are remembered."""
        return [self.signals[name] for name in incident.members if name in self.signals]


def learn(known: Known | None, signal: Signal, body: int) -> Known:
    """What is known of a signal after a newer revision of it."""
    at = signal.at.timestamp()
    if known is None:
        known = Known(
            id=signal.id,
            theme=signal.theme,
            rule=signal.rule,
            severity=signal.severity,
            rising=signal.observed >= signal.expected,
            opened_at=signal.opened_at.timestamp(),
            onset=signal.opened_at.timestamp(),
            at=at,
            seen=signal.revision,
            state=signal.state,
            mentions=signal.mentions,
            total=signal.total_mentions,
            body=body,
        )
    # What comes back, or becomes worse, may do so for another cause than it first had.
    if signal.state in (SignalState.REGRESSED, SignalState.ESCALATED):
        known.onset = at
    known.theme, known.severity, known.state, known.body = signal.theme, signal.severity, signal.state, body
    known.seen, known.at = signal.revision, max(known.at, at)
    known.mentions, known.total = signal.mentions, signal.total_mentions
    # What has gone quiet is explained by what it was while it lasted.
    if signal.state not in (SignalState.RESOLVING, SignalState.RESOLVED):
        known.slices = slices_of(signal) or known.slices
    return known


def slices_of(signal: Signal) -> list[SliceFact]:
    """The slices that explain much of a signal's rise, the heaviest first.

    Its mentions are what is usual, spread over slices as all traffic is, and the rise: what is usual is taken out
    first. Where nothing is known of the usual, all mentions are taken for the rise.
    """
    known = signal.metric == "mentions" and signal.observed > signal.expected
    found = []
    for driver in signal.drivers:
        if not driver.traffic_share or not driver.of:
            continue
        rise = min(max(signal.observed - signal.expected, 1.0), driver.of) if known else float(driver.of)
        part = min((driver.mentions - driver.traffic_share * (driver.of - rise)) / rise, 1.0)
        if part >= _LEAST_PART and part > driver.traffic_share:
            found.append(SliceFact(driver.slice, part, driver.traffic_share))
    return sorted(found, key=lambda each: (-each.weight, each.name))
