"""``sentiment``: the mean over a window is too low, or has dropped by so much."""

from typing import ClassVar

from msgspec import field

from detectors.history import History
from detectors.level import LevelJudge
from detectors.minimum import enough
from detectors.spec import Levels, Plain, Spec, Verdict, check_levels, check_positive


class SentimentSpec(Spec, frozen=True, kw_only=True, tag="sentiment", tag_field="detector"):
    """Trips when the mean sentiment, -1 to 1, is at or below a bound, or fell by a drop.

    Attributes:
        below: severity -> bound on the mean.
        drop: severity -> fall against the mean of ``baseline_s`` before the window.
        min_events: events with a sentiment the window, and the baseline, must hold.

    >>> from schemas.signal import Severity
    >>> spec = SentimentSpec(name="mood", window_s=3600, drop={Severity.MEDIUM: 0.5}, min_events=4)
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> history.mentions.add(600, 8, 8, 0.8)
    >>> history.mentions.add(7200, 4, 4, -2.4)
    >>> spec.build().judge(history, at=7230.0).reason
    'sentiment averages -0.60 over 4 events in the last hour, down from 0.10 (medium by 0.5)'
    """

    kind: ClassVar[str] = "sentiment"

    below: Levels = field(default_factory=dict)
    drop: Levels = field(default_factory=dict)
    min_events: int = 20
    baseline_s: float = 86_400.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(min_events=self.min_events, baseline=self.baseline_s)
        if not self.below and not self.drop:
            raise ValueError("below, drop: expected at least one of them")
        if self.below:
            check_levels(self.below, "below", rising=False)
        if self.drop:
            check_levels(self.drop, "drop", above=0)

    @property
    def metric(self) -> str:
        """Always ``sentiment``."""
        return "sentiment"

    @property
    def history_s(self) -> float:
        """The window and the baseline before it."""
        return self.window_s + self.baseline_s

    def build(self, snapshot: Plain | None = None) -> "SentimentDetector":
        """A detector; the history is all it needs."""
        del snapshot
        return SentimentDetector(self)


class SentimentDetector:
    """See :class:`SentimentSpec`."""

    __slots__ = ("level", "spec")

    def __init__(self, spec: SentimentSpec) -> None:
        self.spec = spec
        self.level = LevelJudge(
            what="sentiment",
            window=History.sentiment,
            window_s=spec.window_s,
            baseline_s=spec.baseline_s,
            min_events=spec.min_events,
            bounds=spec.below,
            moves=spec.drop,
            rising=False,
            relative=False,
        )

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the window that ends at ``at``."""
        verdict = self.level.judge(history, at, held)
        n, _ = history.sentiment(self.spec.window_s, at)
        who = history.customers.distinct
        return enough(self.spec, verdict, n, lambda: who(at - self.spec.window_s), opened=held is not None)

    def snapshot(self) -> Plain:
        """Nothing to remember."""
        return {}
