"""Reads a series' history for ``drift``, and puts what the model says into a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.budget import Budget
from detectors.drift_baseline import BLOCK_S, DriftBaseline
from detectors.drift_effect import Effect
from detectors.drift_model import DriftModel, limit_of, rarity_of
from detectors.drift_watch import Moved
from detectors.drift_words import Sums, in_full, number, ordinary, repeated, returned, tripped
from detectors.history import History
from detectors.minimum import but, enough
from detectors.panes import PANE_S
from detectors.spec import Plain, Verdict
from detectors.surroundings import Surroundings
from schemas.duration import format_duration

if TYPE_CHECKING:
    from detectors.drift import DriftSpec

_MATURE_S = 604_800.0
_SENTIMENT_SD, _OTHER_SD = 0.05, 1e-6
_ABSURD = 1e15
"""A mean beyond it is no measurement, and its square no number."""
_STILL = 0.5
"""Share of the least move below which an episode that is open has nothing more to say."""
_LASTS, _BACK = 0.7, 0.35
"""Shares of a move: its last stretch must show so much before it is told, and less than that once it is over."""


class DriftDetector:
    """See :class:`detectors.drift.DriftSpec`. Reads each closed quarter of an hour once, and looks at the open one.

    Attributes:
        changes: how often what it remembers has changed.
    """

    __slots__ = ("_around", "_budget", "_column", "_model", "_said", "changes", "spec")

    def __init__(self, spec: DriftSpec, kept: Plain | None = None) -> None:
        self.spec, self.changes = spec, 0
        self._column = 1 if spec.metric == "sentiment" else 0
        self._around = Surroundings()
        self._said: tuple[object, Verdict] | None = None
        least = _SENTIMENT_SD if spec.metric == "sentiment" else _OTHER_SD
        signs = spec.signs
        self._budget = Budget(spec.false_alerts_per_week, spec.total_false_alerts_per_day, len(signs))
        limit = limit_of(self._budget.of(1))
        usual = DriftBaseline(least, lambda at: self._around.offset(at))
        self._model = DriftModel(usual, signs, limit, Effect(spec.min_effect))
        if kept and kept["metric"] == spec.metric:
            self._model.restore(kept["model"])

    def place(self, around: Surroundings, theme: str = "") -> None:
        """Say where the series lives; before the first judgement."""
        del theme
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
            model.limit = limit_of(self._budget.of(self._around.series))
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
        leading = max(range(len(standings)), key=lambda each: (standings[each].tripped, standings[each].blocks))
        moved, sign = standings[leading], spec.signs[leading]
        rarity_s = rarity_of(moved.most if moved.tripped else moved.blocks) / len(standings)
        maturity = "young" if settled - model.since < _MATURE_S else "mature"
        since = max(moved.since, settled - spec.window_s // BLOCK_S * BLOCK_S)
        sums = Sums.of(self._blocks(rows, since, settled) if moved.tripped else [], usual)
        if not sums.n or not (opened or moved.fresh):
            return ordinary(metric, moved, usual, settled)._replace(rarity_s=rarity_s, maturity=maturity)
        verdict = tripped(metric, sums, moved, sign, usual, settled, spec.levels, rarity_s)
        verdict = verdict._replace(rarity_s=rarity_s, maturity=maturity)
        off = sign * (sums.observed - sums.expected)
        least = model.effect * (_STILL if opened else 1.0)
        if off < least:
            return but(verdict, "that is less than the {} that matter", number(least))
        share = _BACK if opened and moved.fresh else _LASTS
        if sign * sums.lately[0] < max(share * off, _STILL * model.effect):
            back = returned(metric, sums, usual, settled)
            return back._replace(rarity_s=rarity_of(moved.blocks) / len(standings), maturity=maturity)
        who = history.customers.distinct(since) if spec.min_customers and not opened else 0
        verdict = enough(spec, verdict, sums.n, None if opened else lambda: who, opened=opened)
        if verdict.severity is None:
            return verdict
        if who and repeated(sums, who, history, since, sign, usual, model.effect, metric):
            return but(verdict, "some of the {} customers wrote so often that they may be all there is to it", who)
        return in_full(verdict)
