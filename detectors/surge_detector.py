"""The detector of ``surge``: feeds one series' state, and turns its standing into a verdict."""

from functools import partial

from detectors.baseline import DAY_S
from detectors.budget import Budget
from detectors.doubling import Part
from detectors.held_season import HeldSeason, Scatter
from detectors.history import History
from detectors.minimum import enough
from detectors.sequential import Effect
from detectors.spec import Plain, Verdict
from detectors.surge import SurgeSpec
from detectors.surge_state import Standing, SurgeState
from detectors.surge_words import lasting, ordinary, over, slowly, tripped
from detectors.surroundings import Surroundings
from schemas.duration import format_duration
from schemas.signal import Severity

RISES = (Effect(2.0, 0.0, 0.3), Effect(3.5, 0.0, 0.3), Effect(6.0, 0.05, 0.3), Effect(12.0, 1.0, 0.1))
FALLS = (Effect(0.4, 0.0, 0.5), Effect(0.1, 0.0, 0.5))

_EFFECTS: dict[str, tuple[tuple[Effect, ...], ...]] = {"rise": (RISES,), "fall": (FALLS,), "both": (RISES, FALLS)}
_AWAITED_A_DAY = 3.0
_NEW_S, _WATCHED_S, _NOTICED_S = 604_800.0, 86_400.0, 86_400.0
_LONG_S = 43_200.0
"""What has lasted for longer is taken out of the baseline once it is over; it copes with what is shorter."""
_OTHER_WAY, _KNOWN = 0.5, 0.5


class SurgeDetector:
    """See :class:`detectors.surge.SurgeSpec`."""

    __slots__ = ("_held", "_kept", "around", "changes", "spec", "state", "theme")

    def __init__(self, spec: SurgeSpec, kept: Plain | None = None) -> None:
        self.spec, self._kept, self.changes = spec, kept, 0
        self.around, self.theme = Surroundings(shared=False), ""
        self.state: SurgeState | None = None
        self._held: HeldSeason | None = None
        if kept:
            # Where the series lives is not known yet; whether it can be resumed there must be known now.
            self._resume(self._state(0.0))

    def place(self, around: Surroundings, theme: str) -> None:
        """Say where the series lives and what it is about; before the first judgement."""
        self.around, self.theme = around, theme
        if self.state is not None:
            self.state.place(around, theme)

    def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
        """Judge the series at ``at``; while an episode is open, the season of when it opened counts as well."""
        opened = held is not None
        state = self.state or self._begin(history)
        pane_s = self.spec.pane_s
        waiting = self._waiting(history, state.next)
        closed = (at - self.spec.settle_s) // pane_s * pane_s
        while waiting and waiting[0][0] + pane_s <= closed:
            state.observe(*waiting.pop(0))
            self.changes += 1
        if not opened:
            self._close()
        if self.around.out_since is not None:
            return self._unjudged(history, at, self.around.out_since, "all themes together have been far below")
        if self.around.twice_since is not None:
            return self._unjudged(history, at, self.around.twice_since, "all themes alike have been far above")
        if at < self.around.heap_until + pane_s:
            # What was held back may come now; a closed pane is known not to be it.
            waiting, at = [], max(closed, state.next)
        guided = state.guidance(at)
        verdict = self._judged(state.look(waiting, at), history, at, opened=opened)
        if guided is not None:
            verdict = verdict._replace(context=guided.context)
            if guided.mute:
                muted = ", but alarms are muted" if verdict.severity is not None else ""
                return verdict._replace(severity=None, template=verdict.template + muted, unknown=True)
        return self._against_held(verdict, history, at) if opened else self._hold(verdict, at)

    def _hold(self, verdict: Verdict, at: float) -> Verdict:
        """Keep the season as it is now, if the verdict opens an episode or is of one that holds none yet."""
        state = self.state
        if verdict.severity is None or verdict.emerging or state is None or not state.base.known:
            return verdict
        base, rising = state.base, verdict.observed >= verdict.expected
        held = self._held = HeldSeason(
            at, base.week(), Scatter(base.dispersion, base.wander), base.season.days, rising=rising
        )
        if (verdict.span_s or 0.0) > DAY_S:
            held.reach_back(verdict, self.around, self.theme, at, self.spec.pane_s)
        held.take(verdict, float(self.spec.pane_s))
        self.changes += 1
        return verdict

    def _against_held(self, verdict: Verdict, history: History, at: float) -> Verdict:
        """What an open episode makes of a verdict: it lasts while half of what was told is there."""
        held, state = self._held, self.state
        assert state is not None
        if held is None or at >= held.until:
            return self._hold(verdict, at) if held is None else verdict
        tripped_alike = verdict.severity is not None and (verdict.observed >= verdict.expected) == held.rising
        if tripped_alike:
            self.changes += held.take(verdict, float(self.spec.pane_s))
            shows = True
        else:
            dispersion, rising = held.scatter.dispersion, held.rising
            count = held.count(history, self.around, self.theme, at, self.spec.pane_s)
            if count.share < _KNOWN:
                return verdict._replace(severity=None, unknown=True)
            shows = count.shows
            few, many = sorted((count.seen, count.usual))
            other_way = verdict.severity is not None and (count.seen < count.usual) == rising
            if shows:
                found = lasting(count, self.spec.levels, dispersion, rising=rising)
                verdict = found._replace(maturity=verdict.maturity, context=verdict.context)
            elif not (other_way and few < _OTHER_WAY * many):
                # The other way round it is only back where it was, and the baseline has learned what lasted.
                context, maturity = verdict.context, verdict.maturity
                verdict = over(count, dispersion)._replace(maturity=maturity, context=context)
        if shows != (held.quiet_from is None):
            held.quiet_from = None if shows else at
            self.changes += 1
        return verdict

    def _close(self) -> None:
        """Let go of the season that is held: no episode is open any more."""
        held, state = self._held, self.state
        if held is None or state is None:
            return
        self._held = None
        self.changes += 1
        if held.quiet_from is not None and held.quiet_from < held.until and held.quiet_from - held.at >= _LONG_S:
            state.forget(held.at, held.quiet_from)

    def _judged(self, standings: list[Standing], history: History, at: float, *, opened: bool) -> Verdict:
        if not standings:
            return self._unsure(history, at, "no past to compare with yet; {:g} mentions in the last {}")
        verdicts = [
            self._verdict(standing, history, at, number, opened=opened) for number, standing in enumerate(standings)
        ]
        if self._held is None or self._held.slow or not opened:
            verdicts += self._slow(history, opened=opened)
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

    def _slow(self, history: History, *, opened: bool) -> list[Verdict]:
        """Days that lie off the weeks before, of as many customers as are asked for."""
        spec, state = self.spec, self.state
        assert state is not None
        found = []
        for watch, slow in zip(state.watches, state.slow, strict=True):
            if slow is None:
                continue
            verdict = slowly(slow, spec.levels, DAY_S, rising=watch.rising)._replace(maturity=state.base.maturity)
            customers = partial(history.customers.distinct, history.latest - DAY_S) if watch.rising else None
            found.append(enough(spec, verdict, abs(slow.seen - slow.usual), customers, opened=opened))
        return found

    def usual(self, first: float, end: float) -> Part | None:
        """What is to be expected of ``[first, end)``; None while that is not known."""
        base = self.state.base if self.state is not None else None
        if base is None or not base.known:
            return None
        return Part(0.0, base.mass(first, end), base.dispersion, base.wander)

    def unknown(self, history: History, pane: float) -> None:
        """Take in that nothing is known of the pane that starts at ``pane``, and what came before it."""
        state = self.state or self._begin(history)
        for waiting in self._waiting(history, state.next):
            if waiting[0] < pane:
                state.observe(*waiting)
        if pane >= state.next:
            state.skip_unknown(pane)
        if self._held is not None:
            self._held.unknown(pane, pane + self.spec.pane_s)
        self.changes += 1

    def snapshot(self) -> Plain:
        """The state as plain data; see :class:`detectors.surge_state.SurgeState`."""
        if self.state is None:
            return self._kept or {}
        kept = self.state.snapshot()
        if self._held is not None:
            kept["held"] = self._held.snapshot()
        return kept

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
        if "held" in kept:
            self._held = HeldSeason.restore(kept["held"], state.base.slots)
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

    def _verdict(self, standing: Standing, history: History, at: float, number: int, *, opened: bool) -> Verdict:
        spec, state = self.spec, self.state
        assert state is not None
        dispersion = state.base.dispersion
        rising = spec.direction != "fall" and number == 0
        rarity_s, maturity = standing.panes * state.rarity_s, state.base.maturity
        # What chance did not explain an hour ago may be back on the other side of the usual by now.
        off = standing.seen - standing.usual if rising else standing.usual - standing.seen
        if not standing.high or off <= 0.0:
            return ordinary(standing, at, dispersion)._replace(rarity_s=rarity_s, maturity=maturity)
        verdict = tripped(standing, spec.levels, at, dispersion, rising=rising)
        verdict = verdict._replace(rarity_s=rarity_s, maturity=maturity)
        customers = partial(history.customers.distinct, standing.since) if rising else None
        return enough(spec, verdict, off, customers, opened=opened)

    def _unsure(self, history: History, at: float, template: str) -> Verdict:
        count = history.count(self.spec.window_s, at)
        if self.spec.emerging and (found := self._emerging(history, at)) is not None:
            return found
        args = (count, format_duration(self.spec.window_s).removeprefix("1 "))
        return Verdict(None, count, 0.0, 0.0, template, args, compared=False, maturity="new")

    def _unjudged(self, history: History, at: float, since: float, why: str) -> Verdict:
        template = "nothing is judged: {} the usual for {}"
        args = (why, format_duration(max(round((at - since) / 60.0), 1) * 60.0))
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
