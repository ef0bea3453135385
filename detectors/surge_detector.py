"""The detector of ``surge``: feeds one series' state, and turns its standing into a verdict."""

from detectors.baseline import DAY_S
from detectors.budget import Budget
from detectors.history import History
from detectors.sequential import Effect
from detectors.spec import Plain, Verdict
from detectors.surge import SurgeSpec
from detectors.surge_state import Standing, SurgeState
from detectors.surge_words import ordinary, slowly, tripped
from detectors.surroundings import Surroundings
from schemas.duration import format_duration
from schemas.signal import Severity

RISES = (Effect(2.0, 0.0, 0.3), Effect(3.5, 0.0, 0.3), Effect(6.0, 0.05, 0.3), Effect(12.0, 1.0, 0.1))
FALLS = (Effect(0.4, 0.0, 0.5), Effect(0.1, 0.0, 0.5))

_EFFECTS: dict[str, tuple[tuple[Effect, ...], ...]] = {"rise": (RISES,), "fall": (FALLS,), "both": (RISES, FALLS)}
_AWAITED_A_DAY = 3.0
_NEW_S, _WATCHED_S, _NOTICED_S = 604_800.0, 86_400.0, 86_400.0


class SurgeDetector:
    """See :class:`detectors.surge.SurgeSpec`."""

    __slots__ = ("_kept", "around", "changes", "spec", "state", "theme")

    def __init__(self, spec: SurgeSpec, kept: Plain | None = None) -> None:
        self.spec, self._kept, self.changes = spec, kept, 0
        self.around, self.theme = Surroundings(shared=False), ""
        self.state: SurgeState | None = None
        if kept:
            # Where the series lives is not known yet; whether it can be resumed there must be known now.
            self._state(0.0).restore(kept)

    def place(self, around: Surroundings, theme: str) -> None:
        """Say where the series lives and what it is about; before the first judgement."""
        self.around, self.theme = around, theme
        if self._kept:
            self._resume(self._state(0.0))

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the series at ``at``; an episode that is open holds the level by itself."""
        del held
        state = self.state or self._begin(history)
        pane_s = self.spec.pane_s
        waiting = self._waiting(history, state.next)
        closed = (at - self.spec.settle_s) // pane_s * pane_s
        while waiting and waiting[0][0] + pane_s <= closed:
            state.observe(*waiting.pop(0))
            self.changes += 1
        if self.around.out_since is not None:
            return self._out(history, at, self.around.out_since)
        if at < self.around.heap_until + pane_s:
            # What was held back may come now; a closed pane is known not to be it.
            waiting, at = [], max(closed, state.next)
        guided = state.guidance(at)
        if guided is not None:
            verdict = self._judged(state.look(waiting, at), history, at)
            if guided.mute and verdict.severity is not None:
                template = verdict.template + ", but alarms are muted"
                verdict = verdict._replace(severity=None, template=template)
            return verdict._replace(context=guided.context)
        return self._judged(state.look(waiting, at), history, at)

    def _judged(self, standings: list[Standing], history: History, at: float) -> Verdict:
        if not standings:
            return self._unsure(history, at, "no past to compare with yet; {:g} mentions in the last {}")
        verdicts = [self._verdict(standing, history, at, number) for number, standing in enumerate(standings)]
        verdicts += self._slow(history)
        best = max(verdicts, key=lambda verdict: -1 if verdict.severity is None else verdict.severity.rank)
        if best.severity is None and self.spec.emerging:
            return self._emerging(history, at) or best
        return best

    @property
    def awaits(self) -> bool:
        """Whether silence would say something: a theme that is rarely mentioned may well be silent."""
        base = self.state.base if self.state is not None else None
        if not self.spec.hears_silence or base is None or not base.known:
            return False
        return base.season.level * base.slots >= _AWAITED_A_DAY

    def _slow(self, history: History) -> list[Verdict]:
        """Days that lie off the weeks before, of as many customers as are asked for."""
        spec, state = self.spec, self.state
        assert state is not None
        found = []
        for watch, slow in zip(state.watches, state.slow, strict=True):
            if slow is None or abs(slow.seen - slow.usual) < spec.min_count:
                continue
            if watch.rising and history.customers.distinct(history.latest - DAY_S) < spec.min_customers:
                continue
            verdict = slowly(slow, spec.levels, DAY_S, rising=watch.rising)
            found.append(verdict._replace(maturity=state.base.maturity))
        return found

    def unknown(self, history: History, pane: float) -> None:
        """Take in that nothing is known of the pane that starts at ``pane``, and what came before it."""
        state = self.state or self._begin(history)
        for waiting in self._waiting(history, state.next):
            if waiting[0] < pane:
                state.observe(*waiting)
        if pane >= state.next:
            state.skip_unknown(pane)
        self.changes += 1

    def snapshot(self) -> Plain:
        """The state as plain data; see :class:`detectors.surge_state.SurgeState`."""
        if self.state is not None:
            return self.state.snapshot()
        return self._kept or {}

    def _begin(self, history: History) -> SurgeState:
        seen, since = history.mentions.since(history.since, history.latest), history.since
        first = min((start for start, _ in seen), default=None)
        forgotten = first is not None and history.total > sum(count for _, count in seen)
        if first is not None and forgotten:
            # A rule that comes late: what the history no longer holds is not known, and was not silence.
            since = float(first)
        state = self.state = self._state(since)
        state.born = history.since if forgotten else None
        if not self._resume(state) and first is not None:
            state.begin(first // self.spec.pane_s * self.spec.pane_s)
        return state

    def _resume(self, state: SurgeState) -> bool:
        kept, self._kept = self._kept, None
        if not kept or not state.restore(kept):
            return False
        self.state = state
        return True

    def _state(self, since: float) -> SurgeState:
        spec = self.spec
        effects = _EFFECTS[spec.direction]
        budget = Budget(spec.false_alerts_per_week, spec.total_false_alerts_per_day, len(effects))
        return SurgeState(spec.pane_s, since, effects, budget, self.around, self.theme)

    def _waiting(self, history: History, first: float) -> list[tuple[float, float]]:
        """Panes (start, mentions) that are not taken in yet and hold something, in order."""
        if history.latest < first:
            return []
        pane_s = self.spec.pane_s
        found: dict[float, float] = {}
        for start, count in history.mentions.since(first, history.latest):
            pane = float(start // pane_s * pane_s)
            found[pane] = found.get(pane, 0.0) + count
        return sorted(found.items())

    def _verdict(self, standing: Standing, history: History, at: float, number: int) -> Verdict:
        spec, state = self.spec, self.state
        assert state is not None
        dispersion = state.base.dispersion
        rising = spec.direction != "fall" and number == 0
        rarity_s, maturity = standing.panes * state.rarity_s, state.base.maturity
        if not standing.high:
            return ordinary(standing, at, dispersion)._replace(rarity_s=rarity_s, maturity=maturity)
        verdict = tripped(standing, spec.levels, at, dispersion, rising=rising)
        verdict = verdict._replace(rarity_s=rarity_s, maturity=maturity)
        if abs(standing.seen - standing.usual) < spec.min_count:
            less = ", but that is fewer than {:g} away from the usual"
            return verdict._replace(
                severity=None, template=verdict.template + less, args=(*verdict.args, spec.min_count)
            )
        if rising and spec.min_customers:
            who = history.customers.distinct(standing.since)
            if who < spec.min_customers:
                few = ", but from {} customers and {} are asked for"
                return verdict._replace(
                    severity=None, template=verdict.template + few, args=(*verdict.args, who, spec.min_customers)
                )
        return verdict

    def _unsure(self, history: History, at: float, template: str) -> Verdict:
        count = history.count(self.spec.window_s, at)
        if self.spec.emerging and (found := self._emerging(history, at)) is not None:
            return found
        args = (count, format_duration(self.spec.window_s).removeprefix("1 "))
        return Verdict(None, count, 0.0, 0.0, template, args, compared=False, maturity="new")

    def _out(self, history: History, at: float, since: float) -> Verdict:
        template = "nothing is judged: all themes together have been far below the usual for {}"
        args = (format_duration(max(round((at - since) / 60.0), 1) * 60.0),)
        count = history.count(self.spec.window_s, at)
        return Verdict(None, count, 0.0, 0.0, template, args, compared=False, unknown=True)

    def _emerging(self, history: History, at: float) -> Verdict | None:
        """A theme whose first mentions are these, though its tenant has been watched for longer."""
        born = self.state.born if self.state is not None and self.state.born is not None else history.latest
        if at - born > _NEW_S or born - history.since < _WATCHED_S:
            return None
        count = history.count(_NOTICED_S, at)
        if count < self.spec.emerging:
            return None
        who = history.customers.distinct(at - _NOTICED_S)
        if who < self.spec.min_customers:
            return None
        template = "{:g} mentions within a day of a theme that nobody has mentioned before; low from {:g}"
        asked = self.spec.emerging
        args = (count, asked)
        return Verdict(Severity.LOW, count, 0.0, asked, template, args, maturity="new", emerging=True)
