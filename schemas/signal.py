"""The signal: one episode of one series, with its evidence."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Instant = Annotated[datetime, Meta(tz=True)]


class Severity(StrEnum):
    """How bad, in rising order (see :attr:`rank`)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class SignalState(StrEnum):
    """What a revision tells: what has just happened to the episode.

    ``opened``; ``updated``: its number has grown a lot; ``escalated``: it has become worse; ``ongoing``: it lasts,
    said once a day; ``resolving``: it has gone quiet, and may come back; ``resolved``: it has stayed quiet;
    ``regressed``: it came back after that, and is the same episode; ``flapping``: it comes and goes, and is told again
    only when that ends.
    """

    OPENED = "opened"
    UPDATED = "updated"
    ESCALATED = "escalated"
    ONGOING = "ongoing"
    RESOLVING = "resolving"
    RESOLVED = "resolved"
    REGRESSED = "regressed"
    FLAPPING = "flapping"


class Phase(StrEnum):
    """Where an episode stands, whatever the last revision told.

    ``emerging``: a theme nobody has seen before, or too little of a past to say more.
    """

    EMERGING = "emerging"
    OPEN = "open"
    ESCALATING = "escalating"
    FLAPPING = "flapping"
    RESOLVING = "resolving"
    RESOLVED = "resolved"


class Attention(StrEnum):
    """How a person is to hear of a revision: at once, in the next digest, or not at all."""

    NOW = "now"
    DIGEST = "digest"
    NONE = "none"


class Driver(Struct, frozen=True, kw_only=True):
    """A slice that rose.

    Attributes:
        slice: ``dimension=value``.
        mentions, of: mentions in the slice, of the mentions that name this dimension.
        share: mentions / of.
        traffic_share: the slice's share of all traffic; None where it is unknown.
        lift: share / traffic_share.
        text: the above in words.
    """

    slice: str
    mentions: int
    of: int
    share: float
    traffic_share: float | None
    lift: float | None
    text: str


class Quote(Struct, frozen=True, kw_only=True):
    """What a customer said, redacted, with the event it comes from.

    ``sentiment_source`` tells a given sentiment (``given``) from one taken from a score
    (``stars``, ``csat``, ``nps``) and from one guessed from the words (``text``).
    """

    event_id: str
    at: Instant
    text: str
    sentiment: float | None = None
    sentiment_source: str | None = None


class DetectorRef(Struct, frozen=True, kw_only=True):
    """Which detector spoke, and with which parameters."""

    name: str
    version: int
    parameters: dict[str, object]


class Member(Struct, frozen=True, kw_only=True):
    """A signal that belongs to an incident.

    Attributes:
        share: its mentions, of all members' mentions.
    """

    signal_id: str
    theme: str
    rule: str
    severity: Severity
    mentions: int
    share: float


class Sparkline(Struct, frozen=True, kw_only=True):
    """The metric over the recent past: what was usual, and what moved.

    Attributes:
        pane_s: length of a pane, seconds.
        end: event time at which the last pane ends.
        values: by pane, the newest last: mentions, or the mean of the metric; null where there is none.
        usual: what a pane holds as a rule; left out if unknown.
    """

    pane_s: float
    end: Instant
    values: list[float | None]
    usual: float | UnsetType = UNSET


class Forecast(Struct, frozen=True, kw_only=True):
    """When the signal would reach the next severity.

    Attributes:
        severity: the one it would reach.
        at: the median.
        early, late: an interval that holds it four times in five.
        assumption: on what condition, in words.
    """

    severity: Severity
    at: Instant
    early: Instant
    late: Instant
    assumption: str


class Signal(Struct, kw_only=True):
    """One episode of one series. ``id`` stays, ``revision`` counts 1, 2, 3 ...

    The pair (id, revision) has one meaning for ever; readers drop repeats by it. What is unknown, from ``score``
    on, is left out.

    Attributes:
        metric: ``mentions``, ``sentiment`` or the name of a metric.
        observed, expected, threshold: in the metric's unit, over the window.
        window_s: length of the window, seconds; what a rule takes its numbers over may be shorter or longer.
        opened_at: event time of the mention that tripped the rule.
        at: event time this revision speaks of.
        reason: why, in words a person reads.
        mentions: mentions in the window; ``customers``: distinct ones among their authors.
        customers_estimated: customers likely affected, those who said nothing included.
        total_mentions: mentions since the episode opened, the window before it included.
        score: how remarkable it is now, 0 to 100: by how seldom chance alone does it, else by how far it is beyond
            the threshold and by its severity.
        initial_score: the score when it opened; it never changes.
        expected_low, expected_high: between which the number lies 19 times in 20 when nothing is wrong.
        unusual: how seldom chance alone does it, in words.
        baseline: what is known of the usual, in words.
        context: what was held against it or may explain it, in words: a holiday, a deploy, an outage.
        emerging: a theme that nobody has seen before.
        sparkline: the recent past.
        forecast: when it would reach the next severity.
        phase: where the episode stands.
        crossings: times it has tripped within the last day, if more than once.
        incident: id of the incident it belongs to; an incident is a signal of its own, with ``members``.
        members: what an incident is made of, the largest first.
        cause: what all members share, as ``dimension=value``.
        attention: how a person is to hear of this revision, and why so.
    """

    id: str
    revision: int
    state: SignalState
    tenant: str
    theme: str
    metric: str
    rule: str
    severity: Severity
    title: str
    reason: str
    observed: float
    expected: float
    threshold: float
    window_s: float
    opened_at: Instant
    at: Instant
    resolved_at: Instant | None = None
    first_mention: Instant
    last_mention: Instant
    mentions: int
    total_mentions: int
    customers: int
    customers_estimated: int
    sentiment: float | None = None
    drivers: list[Driver] = []
    quotes: list[Quote] = []
    detector: DetectorRef
    config: str = ""
    score: float | UnsetType = UNSET
    initial_score: float | UnsetType = UNSET
    expected_low: float | UnsetType = UNSET
    expected_high: float | UnsetType = UNSET
    unusual: str | UnsetType = UNSET
    baseline: str | UnsetType = UNSET
    context: list[str] | UnsetType = UNSET
    emerging: bool | UnsetType = UNSET
    sparkline: Sparkline | UnsetType = UNSET
    forecast: Forecast | UnsetType = UNSET
    phase: Phase | UnsetType = UNSET
    crossings: int | UnsetType = UNSET
    incident: str | UnsetType = UNSET
    members: list[Member] | UnsetType = UNSET
    cause: str | UnsetType = UNSET
    attention: Attention | UnsetType = UNSET
    attention_reason: str | UnsetType = UNSET
