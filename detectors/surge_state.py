"""What ``surge`` keeps of one series: its baseline, the statistics beside it, and where a rise began."""

from collections.abc import Iterable
from math import exp, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.baseline import DAY_S, DAYS, Baseline
from detectors.budget import Budget
from detectors.gradual import Gradual, gradual
from detectors.sequential import Effect, Sequential
from detectors.surroundings import Surroundings

if TYPE_CHECKING:
    from detectors.in_force import Guidance

_WANDER_S = 10_800.0
"""How long a deviation of the level lasts, on average."""

_WEEK_S = 604_800.0
_SPENT, _SPENT_AT, _LEAST_SPENT = 0.45, 1.6, 0.33
_OVER = 0.1
_HEADROOM = 3.0
_TRUSTED = 0.4
_LEAST_SHARE = 0.2
_REMEMBERED_S = 14 * 86_400.0
_STRICTER, _TOLERATED = 3.0, 2.5
_SLOW_SHARE, _SLOW_OVER, _SLOW_LEAST = 0.02, 0.1, 0.2


class Standing(NamedTuple):
    """Where a series stands.

    Attributes:
        panes: the statistic; see :class:`detectors.sequential.Sequential`.
        threshold: where it trips, in panes.
        high: it has tripped, and has not come down since.
        since: when what speaks for a change began, epoch seconds.
        seen, usual: mentions since then, and expected ones.
    """

    panes: float
    threshold: float
    high: bool
    since: float
    seen: float
    usual: float


class Watch:
    """One direction: the statistic, whether it is high, and the stretch that it speaks of."""

    __slots__ = ("_at", "_run", "alarms", "high", "seen", "sequential", "since", "usual")

    def __init__(self, effects: tuple[Effect, ...], pane_s: int, at: float) -> None:
        self.sequential = Sequential(effects, exp(-pane_s / _WANDER_S))
        self.high, self.since, self.seen, self.usual = False, at, 0.0, 0.0
        self.alarms, self._at, self._run = 0.0, at, 0.0

    def stricter(self, at: float) -> float:
        """What the threshold is multiplied by, so that a series that alarms all the time keeps its budget as well."""
        left = self.alarms * exp((self._at - at) / _REMEMBERED_S) if self.alarms else 0.0
        return _STRICTER ** (left - _TOLERATED) if left > _TOLERATED else 1.0

    @property
    def rising(self) -> bool:
        """Whether it looks for more rather than for less."""
        return self.sequential.effects[0].times > 1.0

    def copy(self) -> "Watch":
        """Another one in the same state."""
        other = Watch.__new__(Watch)
        other.sequential = self.sequential.copy()
        other.high, other.since, other.seen, other.usual = self.high, self.since, self.seen, self.usual
        other.alarms, other._at, other._run = self.alarms, self._at, self._run
        return other

    def take(self, end: float, count: float, mean: float, panes: float, base: Baseline, limit: float) -> None:
        """Take in a pane, a part of one, or several silent ones, that end at ``end``."""
        if base.season.days < 1 and not self.rising:
            # Before a whole day has been seen, a night is not to be told from a fall.
            self.since = end
            return
        self.sequential.step(count, mean, base.dispersion, base.wander, panes)
        self.seen += count
        self.usual += mean
        reached = self.sequential.panes
        if self.alarms and not self.high:
            limit *= self.stricter(end)
        if reached >= limit:
            if not self.high:
                self.high = True
                self.alarms = self.alarms * exp((self._at - end) / _REMEMBERED_S) + 1.0
                self._at = end
            self.sequential.cap(limit * _HEADROOM)
        elif self.high and reached < limit * _OVER:
            self.high = False
            self.sequential.calm()
        # What speaks for a change began where its evidence last stood at nothing, as a cumulative sum has it.
        self._run = max(self._run + self.sequential.lead, 0.0)
        even = self.seen <= self.usual if self.rising else self.seen >= self.usual
        if (self._run == 0.0 or even) and not self.high:
            self.since, self.seen, self.usual = end, 0.0, 0.0

    def calm(self, at: float) -> None:
        """Begin anew at ``at``."""
        self.sequential.calm()
        self.high, self.since, self.seen, self.usual, self._run = False, at, 0.0, 0.0, 0.0

    def snapshot(self) -> list[Any]:
        """Plain data."""
        inner = self.sequential
        kept = [self.high, self.since, self.seen, self.usual, self.alarms, self._at, self._run]
        return [kept, inner.ratios, inner.levels, inner.doubts]

    def restore(self, data: list[Any]) -> None:
        """The inverse of :meth:`snapshot`."""
        inner = self.sequential
        kept, ratios, levels, doubts = data
        self.high, self.since, self.seen, self.usual, self.alarms, self._at, self._run = kept
        if len(ratios) == len(inner.effects):
            inner.restore(ratios, levels, doubts)


class SurgeState:
    """Takes in closed panes for good, and looks at open ones without a trace.

    Args:
        start: from when on silence means that there were no mentions.
        effects: of each direction that is watched.
        budget: of the series.
        theme: of the series, as the calendar asks for it.

    Attributes:
        next: start of the first pane that is not taken in.
        slow: for each direction the days that lie off the weeks before, while they do.
    """

    __slots__ = (
        "_budget", "_day", "_fitted", "_unspent", "around", "base", "born", "next", "pane_s", "slow", "theme",
        "watches",
    )  # fmt: skip

    def __init__(
        self,
        pane_s: int,
        start: float,
        effects: Iterable[tuple[Effect, ...]],
        budget: Budget,
        around: Surroundings,
        theme: str = "",
    ) -> None:
        self.pane_s, self.around, self.theme, self._budget = pane_s, around, theme, budget
        self.next = float(-(-start // pane_s) * pane_s)
        slots = 48 if pane_s <= 1800 else 24
        self.base = Baseline(pane_s, around.offset, start, around.pool(slots).borrow)
        self.watches = [Watch(each, pane_s, self.next) for each in effects]
        self.slow: list[Gradual | None] = [None] * len(self.watches)
        self._day = self.base.day
        self.born: float | None = None
        self._fitted = self.base.fits
        self._unspent = self._limit()

    def place(self, around: Surroundings, theme: str) -> None:
        """Say where a state that was restored lives."""
        self.around, self.theme = around, theme
        self.base.place(around.offset, around.pool(self.base.slots).borrow)
        pool = around.pool(self.base.slots)
        if around.shared and self.base.known and pool.borrow() is None:
            pool.lend(self.base.season)
        self._unspent = self._limit()

    def begin(self, pane: float) -> None:
        """Note that the first mentions lie in the pane that starts at ``pane``: before, there were none."""
        self.base.turn(pane)
        self._fit_changed()

    def observe(self, pane: float, count: float) -> None:
        """Take in a closed pane with mentions, and the silence before it; panes come in order."""
        base, end = self.base, pane + self.pane_s
        if self.born is None:
            self.born = pane
        self._silence(pane)
        base.turn(pane)
        self._fit_changed()
        guided = self._guided(pane)
        if self.around.unknown_s(pane, end) or (guided and guided.mute):
            base.unknown()
        else:
            trust = self._trust()
            if base.known:
                mean = self._mean(pane, guided)
                for watch in self.watches:
                    watch.take(end, count, mean, 1.0, base, self._unspent)
                trust = min(trust, self._trust())
            if guided is None or guided.learn:
                base.learn(pane, count, trust)
            else:
                base.unknown()
        self.next = end

    def skip_unknown(self, pane: float) -> None:
        """Take in a closed pane of which nothing is known."""
        self._silence(pane)
        self.base.turn(pane)
        self._fit_changed()
        self.base.unknown()
        self.next = pane + self.pane_s

    def _silence(self, end: float) -> None:
        for slot in self.around.unknown_steps(self.next, end, self.base.slot_s):
            self.base.turn(slot)
            self.base.unknown()
        first = max(self.next, end - DAYS * DAY_S)
        while first < end:
            last = min(end, first + self._stretch_s())
            panes, mass = self._silent(first, last)
            if panes and self.base.known:
                trust = self._trust()
                for watch in self.watches:
                    watch.take(last, 0.0, mass, panes, self.base, self._unspent)
                self.base.learn_silence(panes, mass, trust)
            first = last
        self.next = end

    def _silent(self, first: float, last: float) -> tuple[int, float]:
        """Known panes of a silence, and the mentions expected in them."""
        guided = self._guided(first)
        if guided and guided.mute:
            return 0, 0.0
        panes = round((last - first) / self.pane_s)
        mass = self.base.mass(first, last, guided.day_as if guided else None) * (guided.multiplier if guided else 1.0)
        unknown = self.around.unknown_s(first, last)
        if not unknown:
            return panes, mass
        share = 1.0 - unknown / (last - first)
        return round(panes * share), mass * share

    def forget(self, first: float, end: float) -> None:
        """Unlearn ``[first, end)``, which is now known to have been no ordinary time, and what stood against it."""
        if self.base.forget(first, end):
            for watch in self.watches:
                watch.calm(self.next)
            self.slow = [None] * len(self.watches)
            self._fit_changed()

    def look(self, panes: Iterable[tuple[float, float]], at: float) -> list[Standing]:
        """Where the series stands at ``at``, with panes (start, mentions) that are not taken in yet."""
        base = self.base
        if not base.known:
            return []
        found: list[Standing] = []
        open_panes = list(panes)
        for kept in self.watches:
            watch, first = kept, self.next
            # A fall is believed only once it is known to be no outage.
            until = at if kept.rising else min(at, self.around.watched_until)
            if until > first:
                watch = kept.copy()
                for pane, count in open_panes:
                    end = pane + self.pane_s
                    if end > until and not kept.rising:
                        break
                    self._look_silence(watch, first, pane)
                    guided = self._guided(pane)
                    if not (self.around.unknown_s(pane, end) or (guided and guided.mute)):
                        # To expect more than so far is to err on the side of silence, but only for a rise.
                        least = _LEAST_SHARE if watch.rising else 0.01
                        share = min(max((at - pane) / self.pane_s, least), 1.0)
                        watch.take(end, count, self._mean(pane, guided) * share, share, base, self._unspent)
                    first = end
                self._look_silence(watch, first, until // self.pane_s * self.pane_s)
            standing = watch.sequential.panes
            found.append(Standing(standing, self._unspent, watch.high, watch.since, watch.seen, watch.usual))
        return found

    def _look_silence(self, watch: Watch, first: float, end: float) -> None:
        first = max(first, end - DAYS * DAY_S)
        while first < end:
            last = min(end, first + self._stretch_s())
            panes, mass = self._silent(first, last)
            if panes:
                watch.take(last, 0.0, mass, panes, self.base, self._unspent)
            first = last

    def _stretch_s(self) -> float:
        """How much silence is taken in at once: what is declared may begin and end at any hour."""
        return DAY_S if self.around.guide is None else 2 * self.base.slot_s

    def _guided(self, pane: float) -> "Guidance | None":
        return None if self.around.guide is None else self.around.guide(pane, self.theme, self.pane_s)

    def _mean(self, pane: float, guided: "Guidance | None") -> float:
        if guided is None:
            return self.base.mean(pane)
        return self.base.mean(pane, guided.day_as) * guided.multiplier

    def guidance(self, at: float) -> "Guidance | None":
        """What the calendar says of the pane in which ``at`` lies."""
        return self._guided((at - 1e-3) // self.pane_s * self.pane_s)

    def _trust(self) -> float:
        """How far the present may be an ordinary one: what might be a change must not become the level."""
        return min(1.0 / (1.0 + watch.sequential.panes / (_TRUSTED * self._unspent)) for watch in self.watches)

    def _fit_changed(self) -> None:
        if self._fitted != self.base.fits:
            self._fitted = self.base.fits
            if self.around.shared:
                self.around.pool(self.base.slots).lend(self.base.season)
            self._unspent = self._limit()
        if self._day != self.base.day:
            self._day = self.base.day
            self.slow = [self._slow(watch.rising, held) for watch, held in zip(self.watches, self.slow, strict=True)]

    def _slow(self, rising: bool, held: Gradual | None) -> Gradual | None:
        """Where the days stand now that one is over."""
        if not self.base.known:
            return None
        found = gradual(*self.base.past(), self.base.season, self.base.dispersion, rising=rising)
        if found is None or abs(found.seen - found.usual) < _SLOW_LEAST * found.usual:
            return None
        asked = _WEEK_S / (_SLOW_SHARE * self._budget.of(self.around.series))
        return found if found.rarity_s >= asked * (_SLOW_OVER if held else 1.0) else None

    def _limit(self) -> float:
        return threshold(self.base, self.pane_s, self._budget.of(self.around.series))

    @property
    def rarity_s(self) -> float:
        """Seconds between two alarms that chance alone raises, for each pane of the statistic."""
        return self.pane_s / _spent(self.base, self.pane_s)

    def snapshot(self) -> dict[str, Any]:
        """Plain data."""
        watches = [watch.snapshot() for watch in self.watches]
        slow = [None if each is None else list(each) for each in self.slow]
        return {"next": self.next, "born": self.born, "base": self.base.snapshot(), "watches": watches, "slow": slow}

    def restore(self, data: dict[str, Any]) -> bool:
        """The inverse of :meth:`snapshot`; False if it was kept for another length of pane, and is of no use.

        Raises:
            ValueError, KeyError, TypeError: it is none, or it is damaged.
        """
        if not _sound(data):
            raise ValueError("the state of surge holds what is no number")
        if data["base"][0] != self.pane_s:
            return False
        self.next, self.born = data["next"], data["born"]
        self.base.restore(data["base"])
        for watch, kept in zip(self.watches, data["watches"], strict=False):
            watch.restore(kept)
        for number, slow in enumerate(data.get("slow", [])[: len(self.slow)]):
            self.slow[number] = None if slow is None else Gradual(*slow)
        self._fitted, self._day = self.base.fits, self.base.day
        self.place(self.around, self.theme)
        return True


def _sound(data: Any) -> bool:
    """Whether every number in plain data is finite."""
    left = [data]
    while left:
        each = left.pop()
        kind = type(each)
        if kind is float:
            if not isfinite(each):
                return False
        elif kind is list or kind is tuple:
            left.extend(each)
        elif kind is dict:
            left.extend(each.values())
    return True


def _spent(base: Baseline, pane_s: int) -> float:
    """Share of the martingale bound that is really spent.

    The statistic leaps over its threshold, the further the more a pane tells. Measured on simulated
    series with known means (0.003 to 50 a pane, dispersion 1.05 to 5), at three budgets alike.
    """
    mean = base.season.level * pane_s / base.slot_s
    told = mean / (base.dispersion + base.wander * mean)
    return max(_SPENT / (1.0 + told / _SPENT_AT), _LEAST_SPENT)


def threshold(base: Baseline, pane_s: int, false_alerts_per_week: float) -> float:
    """The statistic, in panes, at which a budget is kept."""
    return _spent(base, pane_s) * _WEEK_S / pane_s / false_alerts_per_week
