"""``drift``: a sentiment or a number has moved from its usual level, within a budget of false alerts."""

from typing import ClassVar, Literal

from msgspec import field

from detectors.drift_detector import DriftDetector
from detectors.drift_effect import parse_effect
from detectors.spec import (
    Levels,
    Plain,
    Spec,
    check_levels,
    check_not_negative,
    check_positive,
    check_positive_if_given,
)
from schemas.signal import Severity

_DAY_S = 86_400.0
_DOWN = frozenset({"sentiment", "csat", "nps", "rating", "stars", "score", "satisfaction"})


def _levels() -> Levels:
    return {Severity.LOW: 0.25, Severity.MEDIUM: 0.5, Severity.HIGH: 1.0}


class DriftSpec(Spec, frozen=True, kw_only=True, tag="drift", tag_field="detector"):
    """Trips when a level has moved by more than chance explains, and by enough to matter; sharply or over days.

    Attributes:
        metric: ``sentiment``, or a metric's name as in the events' ``metrics``.
        direction: ``down``, ``up`` or ``both``; what is bad of that metric if not said.
        false_alerts_per_week: alerts without a cause that are accepted, for each series.
        total_false_alerts_per_day: the same for all series of a tenant together; the more there are, the less each
            may raise.
        min_effect: the least move that matters: ``"0.25 sd"`` (of one event), ``"10%"``, or a number in its unit.
        levels: severity -> move, in standard deviations of one event; the lowest one holds for any that matters.
        min_customers: distinct customers there must have been since it began.
        window_s: the longest stretch that is averaged in what it says.
        min_baseline_s: past that must have been seen before it speaks.
        settle_s: how long after its end a pane is read; what comes later is not seen.

    >>> from detectors.history import History
    >>> spec = DriftSpec(name="mood", window_s=21_600, min_baseline_s=14_400, min_customers=0)
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> for minute in range(0, 43_200, 180):
    ...     history.mentions.add(minute, 3, 3, (0.3 if minute % 360 else -0.6) if minute < 39_600 else -2.4)
    >>> verdict = spec.build().judge(history, at=43_560.0)
    >>> verdict.severity, verdict.reason.partition(";")[0]
    (<Severity.HIGH: 'high'>, 'sentiment averages -0.80 over the last hour, 0.72 below its usual -0.08')
    """

    kind: ClassVar[str] = "drift"
    heeds_outages: ClassVar[bool] = True

    metric: str = "sentiment"
    direction: Literal["down", "up", "both"] | None = None
    false_alerts_per_week: float = 0.1
    total_false_alerts_per_day: float | None = None
    min_effect: str | float = "0.25 sd"
    levels: Levels = field(default_factory=_levels)
    min_customers: int = 5
    window_s: float = 43_200.0
    resolve_after_s: float = 7200.0
    min_baseline_s: float = _DAY_S
    settle_s: float = 300.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_levels(self.levels, above=0)
        check_positive_if_given(total_false_alerts_per_day=self.total_false_alerts_per_day)
        check_positive(false_alerts_per_week=self.false_alerts_per_week, min_baseline=self.min_baseline_s)
        check_not_negative(settle=self.settle_s)
        if not self.metric or self.metric == "mentions":
            raise ValueError('metric: expected "sentiment" or the name of a metric')
        parse_effect(self.min_effect)

    @property
    def signs(self) -> tuple[float, ...]:
        """1.0 for rises, -1.0 for falls."""
        down = self.metric.lower() in _DOWN if self.direction is None else self.direction == "down"
        return (-1.0, 1.0) if self.direction == "both" else (-1.0,) if down else (1.0,)

    @property
    def history_s(self) -> float:
        """The window and what was before it, a day at least: what is older is in the detector's own state."""
        return max(2.0 * self.window_s, _DAY_S)

    def build(self, snapshot: Plain | None = None) -> "DriftDetector":
        """A detector, resumed from ``snapshot`` if there is one."""
        return DriftDetector(self, snapshot)
