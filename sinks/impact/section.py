"""The table ``[impact]``: what an impact score is taken from. What only the user knows has no default."""

import re
from fnmatch import translate
from math import isfinite

from msgspec import Struct
from msgspec.structs import asdict

from schemas.signal import Severity

HIGHEST = 10.0


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each part counts against the others; 0 leaves it out. Only their ratios matter."""

    volume: float = 1.0
    velocity: float = 1.5
    sentiment: float = 1.5
    customers: float = 2.0
    revenue_at_risk: float = 2.0
    churn_risk: float = 1.5
    tier_weight: float = 1.0
    key_metrics: float = 1.0
    effort: float = 0.5


class TierConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of the customers of a tier; what is left out is unknown.

    Attributes:
        arr: revenue a year from one customer.
        churn: share of them who leave within a year over trouble like this.
        weight: how much one counts against customers of other tiers.
    """

    arr: float | None = None
    churn: float | None = None
    weight: float | None = None


class ImpactConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[impact]``.

    A ``_full`` is the amount that makes a part 1.0. Amounts are judged on a log scale of three decades: a tenth of it
    is 0.67, a hundredth 0.33, a thousandth or less nothing.

    Attributes:
        tiers: value of ``tier_dimension`` -> what is known of it; ``*`` is the average customer, for those whose tier
            is not told. Without it nothing is said of their revenue.
        churn: pattern of themes -> share of the affected who leave; the last that matches counts.
        effort: pattern of themes -> person-days that a fix takes; the last that matches counts.
        key_metrics: names of scores that matter by themselves, as in the events' ``metrics``.
        velocity_full: times the usual; a part on its own log scale, from 1.
        sentiment_full: the mean sentiment, below 0, that is a 1.0; linear from 0.
        churn_full: the share who leave that is a 1.0; linear.
        effort_full: person-days that no longer count for anything; one day or less is a 1.0.
        bands: severity -> from which score on an assignment is at least so severe; nothing is ever lowered.
    """

    weights: Weights = Weights()
    tiers: dict[str, TierConfig] = {}
    tier_dimension: str = "tier"
    churn: dict[str, float] = {}
    effort: dict[str, float] = {}
    key_metrics: tuple[str, ...] = ("nps", "csat")
    currency: str = "USD"
    mentions_full: float = 100.0
    customers_full: float = 10_000.0
    revenue_full: float = 2_000_000.0
    velocity_full: float = 10.0
    sentiment_full: float = -0.7
    churn_full: float = 0.25
    effort_full: float = 100.0
    bands: dict[Severity, float] = {}


class Globs:
    """A number by patterns of themes, without regard to case; the last pattern that matches counts.

    >>> Globs({"*": 0.05, "login-*": 0.2}).of("login-failure")
    0.2
    """

    __slots__ = ("_entries",)

    def __init__(self, given: dict[str, float]) -> None:
        self._entries = [(re.compile(translate(glob), re.IGNORECASE), value) for glob, value in given.items()][::-1]

    def of(self, theme: str) -> float | None:
        """The number of ``theme``; None if no pattern matches."""
        return next((value for pattern, value in self._entries if pattern.match(theme)), None)


def check(config: ImpactConfig) -> None:
    """Look for values that make no sense.

    Raises:
        ValueError: the message begins with the key, such as ``impact.tiers.gold.churn``.
    """
    for name, weight in asdict(config.weights).items():
        _between(f"impact.weights.{name}", weight, 0.0, float("inf"))
    if not any(asdict(config.weights).values()):
        raise ValueError("impact.weights: are all 0, so that nothing would count")
    for tier, known in config.tiers.items():
        _filled(f'impact.tiers."{tier}"', tier)
        for name, value in asdict(known).items():
            if value is not None:
                _between(f"impact.tiers.{tier}.{name}", value, 0.0, 1.0 if name == "churn" else float("inf"))
    for key, most in (("churn", 1.0), ("effort", float("inf"))):
        for glob, value in getattr(config, key).items():
            _filled(f'impact.{key}."{glob}"', glob)
            _between(f"impact.{key}.{glob}", value, 0.0, most)
    for key in ("mentions_full", "customers_full", "revenue_full"):
        _above(f"impact.{key}", getattr(config, key), 0.0)
    for key in ("velocity_full", "effort_full"):
        _above(f"impact.{key}", getattr(config, key), 1.0)
    _above("impact.churn_full", config.churn_full, 0.0)
    _between("impact.churn_full", config.churn_full, 0.0, 1.0)
    if not -1 <= config.sentiment_full < 0:
        raise ValueError(f"impact.sentiment_full: expected -1 or more and below 0, got {config.sentiment_full}")
    for index, name in enumerate(config.key_metrics):
        _filled(f"impact.key_metrics[{index}]", name)
    _filled("impact.tier_dimension", config.tier_dimension)
    _filled("impact.currency", config.currency)
    _check_bands(config.bands)


def _check_bands(bands: dict[Severity, float]) -> None:
    before: tuple[Severity, float] | None = None
    for severity in Severity:
        if severity not in bands:
            continue
        _between(f"impact.bands.{severity.value}", bands[severity], 0.0, HIGHEST)
        if before and bands[severity] <= before[1]:
            least = f"the {before[1]:g} of {before[0].value}"
            raise ValueError(f"impact.bands.{severity.value}: {bands[severity]:g} is not above {least}")
        before = severity, bands[severity]


def _between(path: str, value: float, least: float, most: float) -> None:
    if not (isfinite(value) and least <= value <= most):
        allowed = f"{least:g} to {most:g}" if isfinite(most) else f"{least:g} or more"
        raise ValueError(f"{path}: expected {allowed}, got {value}")


def _above(path: str, value: float, least: float) -> None:
    if not (isfinite(value) and value > least):
        raise ValueError(f"{path}: expected more than {least:g}, got {value}")


def _filled(path: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"{path}: is empty")
