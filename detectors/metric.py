"""``metric``: the mean of a number such as ``handle_s`` is beyond a bound, or has moved by so much."""

from typing import ClassVar

from msgspec import field

from detectors.history import History
from detectors.level import LevelJudge
from detectors.minimum import enough
from detectors.spec import Levels, Plain, Spec, Verdict, check_levels, check_positive


class MetricSpec(Spec, frozen=True, kw_only=True, tag="metric", tag_field="detector"):
    """Trips when a metric's mean over the window is beyond a bound, or that many times its own past.

    Attributes:
        of: the metric's name, as in the events' ``metrics``.
        bad: ``high`` (handle time, wait) or ``low`` (CSAT, NPS).
        bound: severity -> bound on the mean.
        move: severity -> ratio to the mean of ``baseline_s`` before the window if ``bad`` is ``high``,
            else a fall in the metric's own unit.
        min_events: events with the metric the window, and the baseline, must hold.

    >>> from schemas.signal import Severity
    >>> spec = MetricSpec(name="slow", of="handle_s", window_s=3600, move={Severity.HIGH: 1.5}, min_events=2)
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> history.add_metric("handle_s", 600, 4, 1200.0, 360_000.0)
    >>> history.add_metric("handle_s", 7200, 2, 1000.0, 500_000.0)
    >>> spec.build().judge(history, at=7230.0).reason
    'handle_s averages 500.00 over 2 events in the last hour, up from 300.00 (high 1.5 times)'
    """

    kind: ClassVar[str] = "metric"

    of: str
    bad: str = "high"
    bound: Levels = field(default_factory=dict)
    move: Levels = field(default_factory=dict)
    min_events: int = 20
    baseline_s: float = 86_400.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(min_events=self.min_events, baseline=self.baseline_s)
        if not self.of:
            raise ValueError("of: expected the name of a metric")
        if self.bad not in ("high", "low"):
            raise ValueError('bad: expected "high" or "low"')
        if not self.bound and not self.move:
            raise ValueError("bound, move: expected at least one of them")
        if self.bound:
            check_levels(self.bound, "bound", rising=self.bad == "high")
        if self.move:
            check_levels(self.move, "move", above=1 if self.bad == "high" else 0)

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.of

    @property
    def history_s(self) -> float:
        """The window and the baseline before it."""
        return self.window_s + self.baseline_s

    def build(self, snapshot: Plain | None = None) -> "MetricDetector":
        """A detector; the history is all it needs."""
        del snapshot
        return MetricDetector(self)


class MetricDetector:
    """See :class:`MetricSpec`."""

    __slots__ = ("level", "spec")

    def __init__(self, spec: MetricSpec) -> None:
        self.spec = spec
        name = spec.of

        def window(history: History, length_s: float, at: float) -> tuple[float, float]:
            n, total, _ = history.metric(name, length_s, at)
            return n, total

        self.level = LevelJudge(
            what=name,
            window=window,
            window_s=spec.window_s,
            baseline_s=spec.baseline_s,
            min_events=spec.min_events,
            bounds=spec.bound,
            moves=spec.move,
            rising=spec.bad == "high",
            relative=spec.bad == "high",
        )

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the window that ends at ``at``."""
        verdict = self.level.judge(history, at, held)
        n = history.metric(self.spec.of, self.spec.window_s, at)[0]
        who = history.customers.distinct
        return enough(self.spec, verdict, n, lambda: who(at - self.spec.window_s), opened=held is not None)

    def snapshot(self) -> Plain:
        """Nothing to remember."""
        return {}
