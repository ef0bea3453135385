"""``count``: N mentions within a sliding window, on the very mention that reaches N."""

from typing import ClassVar

from detectors.history import History
from detectors.minimum import enough
from detectors.spec import Levels, Plain, Spec, Verdict, check_levels, check_positive, reached
from schemas.duration import format_duration


class CountSpec(Spec, frozen=True, kw_only=True, tag="count", tag_field="detector"):
    """Trips when the window holds as many mentions as a level asks for.

    Attributes:
        levels: severity -> mentions.
        usual_below: watch only themes that usually have fewer mentions a window than this,
            taken over ``usual_s`` before it; None watches every theme.

    >>> from schemas.signal import Severity
    >>> spec = CountSpec(name="third-complaint", window_s=18_000, levels={Severity.LOW: 3})
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> detector = spec.build()
    >>> for minute in (600, 660, 720):
    ...     history.mentions.add(minute, 1, 0, 0.0)
    ...     print(detector.judge(history, at=minute + 1.0).reason)
    1 mention in 5 hours; noticed from 3
    2 mentions in 5 hours; noticed from 3
    3 mentions in the last 5 hours: low from 3
    """

    kind: ClassVar[str] = "count"

    levels: Levels
    usual_below: float | None = None
    usual_s: float = 604_800.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_levels(self.levels, above=0)
        if self.usual_below is not None:
            check_positive(usual_below=self.usual_below)
            if self.usual_s < self.window_s:
                raise ValueError("usual: expected at least the window")

    @property
    def history_s(self) -> float:
        """The window, and what the usual rate is taken from."""
        return self.window_s + (self.usual_s if self.usual_below is not None else 0.0)

    def build(self, snapshot: Plain | None = None) -> "CountDetector":
        """A detector; the history is all it needs."""
        del snapshot
        return CountDetector(self)


class CountDetector:
    """See :class:`CountSpec`."""

    __slots__ = ("span", "spec")

    def __init__(self, spec: CountSpec) -> None:
        self.spec = spec
        self.span = format_duration(spec.window_s)

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the window that ends at ``at``."""
        spec = self.spec
        count = history.count(spec.window_s, at)
        severity, threshold = reached(spec.levels, count)
        usual = held or 0.0
        mentions = "1 mention" if count == 1 else f"{count} mentions"
        template = "{} in {}; noticed from {:g}"
        args: tuple[object, ...] = (mentions, self.span, threshold)
        if severity is None:
            return Verdict(None, count, usual, threshold, template, args)
        if spec.usual_below is not None and held is None:
            past_s = history.observed_s(at) - spec.window_s
            if past_s < spec.window_s:
                template += ", but the theme is watched for too short a time to know what is usual"
                return Verdict(None, count, usual, threshold, template, args)
            usual = self._usual(history, at, count)
            if usual >= spec.usual_below:
                template += ", but about {:.1f} is usual and this rule watches quiet themes"
                return Verdict(None, count, usual, threshold, template, (*args, usual))
        template, args = "{} in the last {}: {} from {:g}", (mentions, self.span, severity.value, threshold)
        if spec.usual_below is not None:
            template, args = template + "; usually about {:.1f}", (*args, usual)
        verdict = Verdict(severity, count, usual, threshold, template, args)
        return enough(
            spec, verdict, count, lambda: history.customers.distinct(at - spec.window_s), opened=held is not None
        )

    def _usual(self, history: History, at: float, count: int) -> float:
        spec = self.spec
        past_s = min(history.observed_s(at) - spec.window_s, spec.usual_s)
        return (history.count(spec.window_s + spec.usual_s, at) - count) * spec.window_s / past_s

    def snapshot(self) -> Plain:
        """Nothing to remember."""
        return {}
