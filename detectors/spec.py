"""What every detector shares: the spec that configures it, the verdict it gives, the series it reads.

A spec is a frozen struct and *is* the configuration of one rule. ``spec.build(snapshot)`` makes a
detector, from nothing or from what an earlier one left; ``detector.snapshot()`` is plain data.
"""

from itertools import pairwise
from math import isfinite
from typing import Any, ClassVar, NamedTuple, Protocol

from msgspec import Struct

from detectors.history import History
from schemas.signal import Severity

Plain = dict[str, Any]
"""Plain data: dicts, lists, strings and numbers, as JSON and MessagePack hold them."""


class Verdict(NamedTuple):
    """What a detector says about a series at one moment, always with its reason, also why not.

    The reason is put into words only when somebody reads it: most verdicts are "nothing".

    Attributes:
        severity: None if the rule did not trip.
        observed, expected, threshold: in the metric's unit, over the rule's window.
        template, args: the reason, as ``template.format(*args)``.
        compared: False if there was no past to take ``expected`` from; it then says nothing.
        low, high: between which 19 of 20 counts lie when nothing is wrong; None if unknown.
        rarity_s: mean time, seconds, between two such moments in this series by chance alone; None if unknown.
        maturity: of the baseline: ``new``, ``young``, ``mature``; empty for a rule without one.
        context: what was held against it or may explain it, in words: a holiday, a deploy, an outage.
        emerging: a theme that nobody has seen before.
        span_s: length, seconds, of the stretch that ends now and that the numbers are taken over; None for the
            rule's window.
        unknown: nothing is known of this moment, as while a source is out: what is open stays as it is.
        sizes: how far it is from the usual, in units that do not grow with time alone; growth is growth in all of
            them. Empty if ``observed`` and ``expected`` are of one length of time anyway.
    """

    severity: Severity | None
    observed: float
    expected: float
    threshold: float
    template: str
    args: tuple[object, ...] = ()
    compared: bool = True
    low: float | None = None
    high: float | None = None
    rarity_s: float | None = None
    maturity: str = ""
    context: tuple[str, ...] = ()
    emerging: bool = False
    span_s: float | None = None
    unknown: bool = False
    sizes: tuple[float, ...] = ()

    @property
    def reason(self) -> str:
        """Why, or why not, in words a person reads."""
        return self.template.format(*self.args)


class Detector(Protocol):
    """Judges one series by one rule. Pure: what it says follows from what it was shown."""

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the series at event time ``at`` (epoch seconds).

        ``held`` is what was expected when the open episode began: a rise that lasts must not
        become its own baseline. None while no episode is open, or if it opened without a past.
        """

    def snapshot(self) -> Plain:
        """What the detector must remember, as plain data; empty if the history is enough."""


class Spec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a rule that every detector shares. Durations are seconds.

    Attributes:
        name: the rule's name; part of the signal's id.
        themes: glob patterns of the themes it watches; a leading ``!`` excludes.
        tenants: glob patterns.
        window_s: the sliding window it judges.
        resolve_after_s: how long it must stay quiet before a signal resolves.
        regress_within_s: what trips within so long after that is the same signal, come back.
        min_change: share of the usual by which it must be off, 0.2 being a fifth; see :mod:`detectors.minimum`.
        min_count: mentions the window must hold.
        min_customers: distinct customers they must come from.
    """

    kind: ClassVar[str] = "none"
    version: ClassVar[int] = 1
    heeds_outages: ClassVar[bool] = False
    """Whether its verdicts take notice of a source that is out."""
    count_asked: ClassVar[str] = "{:g} mentions are asked for"
    """What ``min_count`` asks for, in words."""

    name: str
    window_s: float
    themes: tuple[str, ...] = ("*",)
    tenants: tuple[str, ...] = ("*",)
    resolve_after_s: float = 5400.0
    regress_within_s: float = 86_400.0
    min_change: float = 0.0
    min_count: float = 0.0
    min_customers: int = 0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name: expected a name")
        check_positive(window=self.window_s, resolve_after=self.resolve_after_s)
        check_not_negative(
            regress_within=self.regress_within_s,
            min_change=self.min_change,
            min_count=self.min_count,
            min_customers=self.min_customers,
        )

    @property
    def metric(self) -> str:
        """What the rule judges: ``mentions``, ``sentiment`` or a metric's name."""
        return "mentions"

    @property
    def dimension(self) -> str:
        """The dimension whose values it watches; empty for themes."""
        return ""

    @property
    def hears_silence(self) -> bool:
        """Whether it may trip without a mention, so that a silent series must be judged too."""
        return False

    @property
    def history_s(self) -> float:
        """How much history, in seconds, a verdict needs."""
        return self.window_s

    def build(self, snapshot: Plain | None = None) -> Detector:
        """A detector for one series, resumed from ``snapshot`` if there is one."""
        raise NotImplementedError


Levels = dict[Severity, float]
"""Severity -> threshold; rising for rises, falling for falls."""


def check_levels(levels: Levels, key: str = "levels", *, rising: bool = True, above: float | None = None) -> None:
    """Refuse levels that are empty, not ordered by severity, or senseless.

    Args:
        key: what the levels are called in the configuration.
        above: what every threshold must exceed, if anything.

    Raises:
        ValueError: with ``key`` as its first word, for a message with the key path.
    """
    if not levels:
        raise ValueError(f"{key}: expected at least one severity, such as {{ medium = 3.0 }}")
    if not all(map(isfinite, levels.values())):
        raise ValueError(f"{key}: expected finite thresholds")
    if above is not None and min(levels.values()) <= above:
        raise ValueError(f"{key}: expected thresholds above {above:g}")
    ordered = [levels[severity] for severity in sorted(levels, key=lambda severity: severity.rank)]
    for lower, higher in pairwise(ordered):
        if (higher <= lower) if rising else (higher >= lower):
            raise ValueError(f"{key}: expected thresholds that {'rise' if rising else 'fall'} with severity")


def check_positive(**values: float) -> None:
    """Refuse numbers that are not finite and above zero.

    Raises:
        ValueError: with the argument's name as its first word.
    """
    for key, value in values.items():
        if not (isfinite(value) and value > 0):
            raise ValueError(f"{key}: expected more than 0, got {value:g}")


def check_positive_if_given(**values: float | None) -> None:
    """Refuse numbers that are there and not finite and above zero.

    Raises:
        ValueError: with the argument's name as its first word.
    """
    check_positive(**{key: value for key, value in values.items() if value is not None})


def check_not_negative(**values: float) -> None:
    """Refuse numbers that are not finite or below zero.

    Raises:
        ValueError: with the argument's name as its first word.
    """
    for key, value in values.items():
        if not (isfinite(value) and value >= 0):
            raise ValueError(f"{key}: expected 0 or more, got {value:g}")


def reached(levels: Levels, value: float, *, rising: bool = True) -> tuple[Severity | None, float]:
    """The worst severity that ``value`` reaches, with its threshold; else None and the easiest threshold.

    >>> reached({Severity.LOW: 3, Severity.CRITICAL: 15}, 14)
    (<Severity.LOW: 'low'>, 3)
    >>> reached({Severity.LOW: 3, Severity.CRITICAL: 15}, 2)
    (None, 3)
    """
    best: Severity | None = None
    threshold = min(levels.values()) if rising else max(levels.values())
    for severity, level in levels.items():
        hit = value >= level if rising else value <= level
        if hit and (best is None or severity.rank > best.rank):
            best, threshold = severity, level
    return best, threshold
