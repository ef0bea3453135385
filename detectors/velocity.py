"""``velocity``: a relative rise AND an absolute floor AND enough distinct customers, in one rule."""

from math import sqrt
from typing import ClassVar

from detectors.history import History
from detectors.minimum import enough
from detectors.spec import Levels, Plain, Spec, Verdict, check_levels, check_not_negative, check_positive, reached
from schemas.duration import format_duration


class VelocitySpec(Spec, frozen=True, kw_only=True, tag="velocity", tag_field="detector"):
    """Trips when the window holds so many times what the series' own recent rate would put there.

    The expectation is the mean over ``baseline_s`` before the window, plus ``margin`` standard
    errors of a Poisson count with that mean, so that a thin baseline does not make a rise of noise.

    Attributes:
        levels: severity -> times the expectation.
        baseline_s: the past the rate is taken from.
        min_baseline_s: past that must have been observed before the rule speaks at all.

    >>> from schemas.signal import Severity
    >>> spec = VelocitySpec(name="surge", window_s=3600, levels={Severity.HIGH: 3.0}, min_count=10, min_customers=0)
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> for minute in range(0, 86_400, 1800):
    ...     history.mentions.add(minute, 1, 0, 0.0)
    >>> history.mentions.add(86_400, 12, 0, 0.0)
    >>> spec.build().judge(history, at=86_430.0).reason
    '14 mentions in the last hour, 7.0 times the usual 2.0; high from 3 times'
    """

    kind: ClassVar[str] = "velocity"

    levels: Levels
    min_count: int = 10
    min_customers: int = 5
    baseline_s: float = 86_400.0
    min_baseline_s: float = 7200.0
    margin: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_levels(self.levels, above=0)
        check_positive(baseline=self.baseline_s, min_baseline=self.min_baseline_s)
        check_not_negative(margin=self.margin)
        if self.min_baseline_s > self.baseline_s:
            raise ValueError("min_baseline: expected at most the baseline, or the rule never speaks")

    @property
    def history_s(self) -> float:
        """The window and the baseline before it."""
        return self.window_s + self.baseline_s

    def build(self, snapshot: Plain | None = None) -> "VelocityDetector":
        """A detector; the history is all it needs."""
        del snapshot
        return VelocityDetector(self)


class VelocityDetector:
    """See :class:`VelocitySpec`."""

    __slots__ = ("span", "spec")

    def __init__(self, spec: VelocitySpec) -> None:
        self.spec = spec
        self.span = format_duration(spec.window_s).removeprefix("1 ")

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the window that ends at ``at``."""
        spec = self.spec
        count = history.count(spec.window_s, at)
        lowest = min(spec.levels.values())
        expected = held
        if expected is None:
            past_s = min(history.observed_s(at) - spec.window_s, spec.baseline_s)
            if past_s < spec.min_baseline_s:
                template, needed = "watched for {}, {} are needed", format_duration(spec.min_baseline_s)
                return Verdict(None, count, 0.0, 0.0, template, (format_duration(max(past_s, 0.0)), needed))
            before = history.count(spec.window_s + spec.baseline_s, at) - count
            expected = before * spec.window_s / past_s
            expected += spec.margin * sqrt(expected * spec.window_s / past_s)
        ratio = count / max(expected, spec.window_s / spec.baseline_s)
        severity, level = reached(spec.levels, ratio)
        args: tuple[object, ...] = (count, self.span, ratio, expected)
        template = "{} mentions in the last {}, {:.1f} times the usual {:.1f}"
        threshold = max(level * expected, float(spec.min_count))
        if severity is None:
            return Verdict(None, count, expected, threshold, template + "; noticed from {:g} times", (*args, lowest))
        verdict = enough(
            spec,
            Verdict(severity, count, expected, threshold, template, args),
            count,
            lambda: history.customers.distinct(at - spec.window_s),
            opened=held is not None,
        )
        if verdict.severity is None:
            return verdict
        return verdict._replace(template=template + "; {} from {:g} times", args=(*args, severity.value, level))

    def snapshot(self) -> Plain:
        """Nothing to remember."""
        return {}
