"""``drift``: a sentiment or a number has moved from its usual level, within a budget of false alerts."""

from typing import ClassVar, Literal

from msgspec import field

from detectors.drift_baseline import BLOCK_S, DriftBaseline
from detectors.drift_effect import Effect, parse_effect
from detectors.drift_model import DriftModel, Moved, limit_of, rarity_of
from detectors.drift_words import Sums, few, ordinary, repeated, tripped
from detectors.history import History
from detectors.panes import PANE_S
from detectors.spec import Levels, Plain, Spec, Verdict, check_levels, check_not_negative, check_positive
from detectors.surroundings import Surroundings
from schemas.duration import format_duration
from schemas.signal import Severity

_DAY_S, _MATURE_S = 86_400.0, 604_800.0
_ABSURD = 1e60
"""A mean beyond it is no measurement, and its square no number."""
_STILL = 0.5
_BACK = 0.35
"""Share of the least move, and of the move itself, below which an episode that is open has nothing more to say."""
_DOWN = frozenset({"sentiment", "csat", "nps", "rating", "stars", "score", "satisfaction"})
_SENTIMENT_SD, _OTHER_SD = 0.05, 1e-6


def _levels() -> Levels:
    return {Severity.LOW: 0.25, Severity.MEDIUM: 0.5, Severity.HIGH: 1.0}


class DriftSpec(Spec, frozen=True, kw_only=True, tag="drift", tag_field="detector"):
    """Trips when a level has moved by more than chance explains, and by enough to matter; sharply or over days.

    Attributes:
        metric: ``sentiment``, or a metric's name as in the events' ``metrics``.
        direction: ``down``, ``up`` or ``both``; what is bad of that metric if not said.
        false_alerts_per_week: alerts without a cause that are accepted, for each series.
        min_effect: the least move that matters: ``"0.25 sd"`` (of one event), ``"10%"``, or a number in its unit.
        levels: severity -> move, in standard deviations of one event; the lowest one holds for any that matters.
        min_customers: distinct customers there must have been since it began.
        window_s: the longest stretch that is averaged in what it says.
        min_baseline_s: past that must have been seen before it speaks.
        settle_s: how long after its end a pane is read; what comes later is not seen.

    >>> spec = DriftSpec(name="mood", window_s=21_600, min_baseline_s=14_400, min_customers=0)
    >>> history = History(retention_s=spec.history_s, since=0.0)
    >>> for minute in range(0, 43_200, 180):
    ...     history.mentions.add(minute, 3, 3, (0.3 if minute % 360 else -0.6) if minute < 39_600 else -2.4)
    >>> verdict = spec.build().judge(history, at=43_560.0)
    >>> verdict.severity, verdict.reason.partition(";")[0]
    (<Severity.HIGH: 'high'>, 'sentiment averages -0.80 over the last hour, 0.72 below its usual -0.08')
    """

    kind: ClassVar[str] = "drift"

    metric: str = "sentiment"
    direction: Literal["down", "up", "both"] | None = None
    false_alerts_per_week: float = 0.1
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
        check_positive(false_alerts_per_week=self.false_alerts_per_week, min_baseline=self.min_baseline_s)
        check_not_negative(min_customers=self.min_customers, settle=self.settle_s)
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


class DriftDetector:
    """See :class:`DriftSpec`. It reads each closed quarter of an hour once, in order, and looks at the open one.

    Attributes:
        changes: how often what it remembers has changed.
    """

    __slots__ = ("_around", "_column", "_model", "_said", "changes", "spec")

    def __init__(self, spec: DriftSpec, kept: Plain | None = None) -> None:
        self.spec, self.changes = spec, 0
        self._column = 1 if spec.metric == "sentiment" else 0
        self._around = Surroundings()
        self._said: tuple[object, Verdict] | None = None
        least = _SENTIMENT_SD if spec.metric == "sentiment" else _OTHER_SD
        signs = spec.signs
        limit = limit_of(spec.false_alerts_per_week / len(signs))
        usual = DriftBaseline(least, lambda at: self._around.offset(at))
        self._model = DriftModel(usual, signs, limit, Effect(spec.min_effect))
        if kept and kept["metric"] == spec.metric:
            self._model.restore(kept["model"])

    def place(self, around: Surroundings) -> None:
        """Say where the series lives; before the first judgement."""
        self._around = around

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the series at ``at``; an episode that is open is not asked again who stands behind it."""
        model, spec = self._model, self.spec
        panes = history.mentions if self._column else history.metrics.get(spec.metric)
        rows = panes.rows if panes else {}
        settled = (at - spec.settle_s) // PANE_S * PANE_S
        closed = settled // BLOCK_S * BLOCK_S
        oldest = at - spec.history_s
        if closed > model.next:
            for start, n, total in self._blocks(rows, max(model.next, oldest), closed):
                if self._around.unknown_s(start, start + BLOCK_S):
                    continue
                warm = bool(model.since) and start - model.since >= spec.min_baseline_s
                model.observe(start, n, total / n, judge=warm)
                self.changes += 1
        if not (model.since and closed - model.since >= spec.min_baseline_s and model.ready):
            return self._unready(at)
        partial = self._blocks(rows, max(closed, model.next), settled)
        start, n, total = partial[0] if partial else (closed, 0.0, 0.0)
        key = (self.changes, settled, n, total, history.latest, history.total, held is None)
        if self._said is not None and self._said[0] == key:
            return self._said[1]
        standings = model.look(start, n, total / n) if n else model.standings()
        verdict = self._verdict(standings, history, rows, settled, opened=held is not None)
        self._said = (key, verdict)
        return verdict

    def snapshot(self) -> Plain:
        """The model as plain data; nothing before it has read anything."""
        return {"metric": self.spec.metric, "model": self._model.snapshot()} if self._model.since else {}

    def _blocks(self, rows: dict[int, list[float]], first: float, end: float) -> list[tuple[float, float, float]]:
        """(start, events, sum) of the blocks with events of ``[first, end)``, in order."""
        column = self._column
        begin = -int(-first // PANE_S) * PANE_S
        found: dict[int, list[float]] = {}
        if (end - begin) / PANE_S < len(rows):
            between = [(pane, rows[pane]) for pane in range(begin, int(end), PANE_S) if pane in rows]
        else:
            between = sorted((pane, row) for pane, row in rows.items() if first <= pane < end)
        for pane, row in between:
            if row[column] > 0:
                sums = found.setdefault(pane // BLOCK_S * BLOCK_S, [0.0, 0.0])
                sums[0] += row[column]
                sums[1] += row[column + 1]
        blocks = sorted(found.items())
        return [(float(start), n, total) for start, (n, total) in blocks if abs(total) < _ABSURD * n]

    def _unready(self, at: float) -> Verdict:
        spec, model = self.spec, self._model
        watched = max(at - model.since, 0.0) if model.since else 0.0
        if watched < spec.min_baseline_s:
            template = "{} watched for {}, {} is needed"
            needed = format_duration(spec.min_baseline_s)
            args: tuple[object, ...] = (spec.metric, format_duration(watched // PANE_S * PANE_S), needed)
        else:
            template, args = "{} heard of in {} quarters of an hour, more are needed", (spec.metric, model.usual.blocks)
        return Verdict(None, 0.0, 0.0, 0.0, template, args, compared=False, maturity="new")

    def _verdict(
        self, standings: list[Moved], history: History, rows: dict[int, list[float]], settled: float, *, opened: bool
    ) -> Verdict:
        spec, model = self.spec, self._model
        usual, metric = model.usual, spec.metric
        number = max(range(len(standings)), key=lambda each: (standings[each].tripped, standings[each].blocks))
        moved, sign = standings[number], spec.signs[number]
        rarity_s = rarity_of(moved.most if moved.tripped else moved.blocks) / len(standings)
        maturity = "young" if settled - model.since < _MATURE_S else "mature"
        since = max(moved.since, settled - spec.window_s // BLOCK_S * BLOCK_S)
        sums = Sums.of(self._blocks(rows, since, settled) if moved.tripped else [], usual)
        if not sums.n or not (opened or moved.fresh):
            return ordinary(metric, moved, usual, settled)._replace(rarity_s=rarity_s, maturity=maturity)
        verdict = tripped(metric, sums, moved, sign, usual, settled, spec.levels, rarity_s)
        verdict = verdict._replace(maturity=maturity)
        least = model.effect * (_STILL if opened else 1.0)
        if sign * (sums.observed - sums.expected) < least:
            less = ", which is less than the {:.2g} that matter"
            return verdict._replace(severity=None, template=verdict.template + less, args=(*verdict.args, least))
        if sign * sums.lately < max(_BACK * abs(sums.observed - sums.expected), _STILL * model.effect):
            return verdict._replace(severity=None, template=verdict.template + ", but lately it is back")
        if opened or not spec.min_customers:
            return verdict
        who = history.customers.distinct(since)
        if who < spec.min_customers:
            return few(verdict, who, spec.min_customers)
        if repeated(sums, who, history, since, sign, usual, model.effect, metric):
            return few(verdict, who, 0)
        return verdict
