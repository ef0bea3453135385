"""``surge``: more mentions than the season and the level of the day explain, within a budget of false alerts."""

from typing import ClassVar, Literal

from detectors.spec import (
    Detector,
    Levels,
    Plain,
    Spec,
    check_levels,
    check_not_negative,
    check_positive,
    check_positive_if_given,
)


class SurgeSpec(Spec, frozen=True, kw_only=True, tag="surge", tag_field="detector"):
    """Trips when the counts since some moment are too many for chance, given time of day, weekday and level.

    The season, the level and the scatter are the series' own; see :mod:`detectors.baseline`. What makes a
    change certain is :mod:`detectors.sequential`; how large it is decides the severity.

    Attributes:
        of: the dimension whose values are counted instead of themes, such as ``channel``; ``themes`` are then patterns
            of its values.
        levels: severity -> times the usual, once chance is ruled out.
        false_alerts_per_week: alerts without a cause that are accepted, for each series.
        total_false_alerts_per_day: the same for all series of a tenant together; the more there are, the less each
            may raise.
        direction: ``rise``, ``fall`` (a theme gone silent) or ``both``.
        min_count: mentions above the usual there must be, or below it.
        min_customers: distinct customers a rise must come from.
        emerging: mentions within a day after which a theme that nobody has seen before is noticed; 0 is never.
        pane_s: what is judged as a whole; a pane that is still open is judged as far as it has come.
        settle_s: how long after its end a pane is taken into the baseline.

    >>> from random import Random
    >>> from detectors.history import History
    >>> from schemas.signal import Severity
    >>> spec = SurgeSpec(name="surge", levels={Severity.MEDIUM: 1.5, Severity.HIGH: 4.0})
    >>> detector, draw, history = spec.build(), Random(1), History(retention_s=spec.history_s, since=0.0)
    >>> for pane in range(0, 3 * 86_400, 300):
    ...     history.mentions.add(pane, draw.randrange(5) * (5 if pane >= 258_000 else 1), 0, 0.0)
    ...     history.latest = pane + 299.0
    ...     verdict = detector.judge(history, at=pane + 300.0)
    >>> verdict.severity.value, verdict.maturity
    ('high', 'young')
    """

    kind: ClassVar[str] = "surge"
    heeds_outages: ClassVar[bool] = True
    count_asked: ClassVar[str] = "that is fewer than {:g} away from the usual"

    levels: Levels
    of: str = ""
    window_s: float = 3600.0
    false_alerts_per_week: float = 0.1
    total_false_alerts_per_day: float | None = None
    direction: Literal["rise", "fall", "both"] = "rise"
    min_count: float = 3.0
    emerging: int = 0
    pane_s: int = 300
    settle_s: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_levels(self.levels, above=0)
        check_positive_if_given(total_false_alerts_per_day=self.total_false_alerts_per_day)
        check_positive(false_alerts_per_week=self.false_alerts_per_week)
        check_not_negative(emerging=self.emerging, settle=self.settle_s)
        for key in ("min_customers", "emerging"):
            if self.of and getattr(self, key):
                raise ValueError(f"{key}: is known of themes only, not of a {self.of}")
        if self.direction not in ("rise", "fall", "both"):
            raise ValueError(f'direction: expected rise, fall or both, got "{self.direction}"')
        if self.pane_s not in (60, 120, 180, 300, 600, 900, 1800, 3600):
            raise ValueError(f"pane: expected 1, 2, 3, 5, 10, 15 or 30 minutes or 1 hour, got {self.pane_s} s")

    @property
    def dimension(self) -> str:
        """See ``of``."""
        return self.of

    @property
    def hears_silence(self) -> bool:
        """Whether falls are asked for."""
        return self.direction != "rise"

    @property
    def history_s(self) -> float:
        """A day: older counts are in the detector's own state."""
        return 86_400.0

    def build(self, snapshot: Plain | None = None) -> Detector:
        """A detector, resumed from ``snapshot`` if there is one."""
        # It brings numpy, which takes longer to load than most commands to run.
        from detectors.surge_detector import SurgeDetector

        return SurgeDetector(self, snapshot)
