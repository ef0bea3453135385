"""What a series usually brings: four weeks of half hours, the season fitted to them, and the level of the day.

Panes that hold something are taken in one by one, the silence between two of them at once. So what
is remembered follows from the mentions alone, not from when somebody looked.
"""

from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from detectors.negative_binomial import LEAST_DISPERSION
from detectors.packing import pack, pack_row, unpack
from detectors.season import Floats, Season, fit, flat, level_days

DAYS = 28
DAY_S = 86_400
HALF_HOUR_S, HOUR_S = 1800, 3600
MATURE_DAYS = 14

Offset = Callable[[float], int]
"""UTC instant, epoch seconds -> what the local clock shows beyond it, seconds."""

Borrow = Callable[[], Season | None]
"""The season of the other themes, for what a series' own counts cannot tell."""

_HALF_LIFE_S = 43_200.0
_LEVEL_PRIOR = 8.0
_LEAST_LEVEL, _LEAST_YOUNG_LEVEL = 0.9, 0.3
_USUAL_DISPERSION = 1.3
_DISPERSION_PRIOR = 10.0
_SPREAD = (_USUAL_DISPERSION * _DISPERSION_PRIOR, _DISPERSION_PRIOR) * 2
_DISPERSION_MEMORY = 0.95
_BLOCK_S = 600
_MOST_DISPERSION = 30.0
_MOST_DEVIATIONS = 10.0
_STEEP = 1.5
_RECURRING = 3.0
_LEAST_WANDER = 0.003
_YOUNG_WANDER = 0.15
_FIRST_DAY_WANDER = 1.5
_FIRST_SLOTS = 4
_ESTIMATED, _SHORTEST_LEVEL_DAYS = 0.75, 3.0
_LEAST_MEAN = 1e-7
_LEFT_DAYS = 3


class Baseline:
    """Expectation and scatter of one series, pane by pane.

    Args:
        pane_s: length of a pane; it divides half an hour, or is one.
        offset: the local clock of the series' customers.
        start: from when on a pane without mentions means that there were none; epoch seconds.

    Attributes:
        season: as of its last fit: the turn of a day, or of every second hour of the first.
        dispersion: variance of a pane's count over its mean.
        wander: variance of the level's deviation, relative to the expectation.

    >>> from random import Random
    >>> draw, base = Random(1), Baseline(300, offset=lambda at: 0, start=0.0)
    >>> for pane in range(0, 3 * DAY_S, 300):
    ...     base.turn(pane)
    ...     base.learn(pane, draw.randrange(9), weight=1.0)
    >>> round(base.mean(3 * DAY_S)), base.maturity
    (4, 'young')
    """

    __slots__ = (
        "_block", "_borrow", "_curve", "_day", "_fitted", "_kept", "_seen", "_slot", "_spread", "_squares", "_start",
        "_sum", "_today", "_usual", "_weekly", "dispersion", "offset", "pane_s", "season", "slot_s", "slots", "wander",
    )  # fmt: skip

    def __init__(
        self, pane_s: int, offset: Offset, start: float, borrow: Callable[[], Season | None] = lambda: None
    ) -> None:
        self.pane_s, self.offset, self._borrow, self._start = pane_s, offset, borrow, start
        self.slot_s = HALF_HOUR_S if pane_s <= HALF_HOUR_S else HOUR_S
        self.slots = DAY_S // self.slot_s
        local = self._local(start)
        self._day, self._slot = divmod(local // self.slot_s, self.slots)
        self._kept = _nothing(self.slots)
        # The past before the start is unknown; the slot in which it lies is known only in part.
        self._today = array("d", [float("nan")] * (self._slot + 1) + [0.0] * (self.slots - self._slot - 1))
        self._seen = self._usual = 0.0
        self._spread: tuple[float, ...] = _SPREAD
        self._block = [0, 0.0, 0.0]
        self._sum = self._squares = 0.0
        self._weekly: dict[int, float] = {}
        self._fitted = -1
        self.dispersion = _USUAL_DISPERSION
        self._settled(*_unfitted(self.slots))

    @property
    def _rows(self) -> Any:
        """(days, slots) counts of the last four weeks. They change once a day, and are kept packed in between."""
        return unpack(self._kept).reshape(DAYS, self.slots).astype(np.float32)

    def place(self, offset: Offset, borrow: Borrow) -> None:
        """Say by which clock its customers live, and whom it may borrow from."""
        self.offset, self._borrow = offset, borrow

    @property
    def known(self) -> bool:
        """Whether there is an expectation at all."""
        return self._fitted >= 0

    @property
    def fits(self) -> int:
        """Changes whenever the season is fitted."""
        return self._fitted

    @property
    def day(self) -> int:
        """The local day that is being counted, days since 1970."""
        return self._day

    def past(self) -> tuple[Floats, Any]:
        """(days, slots) counts of the days before, the oldest first, and their weekdays."""
        days = np.arange(self._day - DAYS, self._day)
        return self._rows[days % DAYS].astype(float), (days + 3) % 7

    @property
    def maturity(self) -> str:
        """``new`` without a past, ``young`` for a fortnight, then ``mature``."""
        if not self.known:
            return "new"
        return "mature" if self.season.days >= MATURE_DAYS else "young"

    def mean(self, pane: float, day_as: int | None = None) -> float:
        """Mentions expected in the pane that starts at ``pane``; as on another weekday if ``day_as`` says so."""
        return self._shape(pane, day_as) * self._level()

    def mass(self, first: float, end: float, day_as: int | None = None) -> float:
        """Mentions expected in the panes from ``first`` up to ``end``, at most a day."""
        panes = round((end - first) / self.pane_s)
        if panes <= 12:
            return sum(self._shape(first + n * self.pane_s, day_as) for n in range(panes)) * self._level()
        step = panes / 12
        middles = (first + (n + 0.5) * step * self.pane_s for n in range(12))
        return sum(self._shape(middle, day_as) for middle in middles) * step * self._level()

    def week(self) -> tuple[list[float], list[float]]:
        """Mentions expected now by slot of the local day, and the factors of the weekdays, Monday first."""
        return (self.season.profile * (self.season.level * self._level())).tolist(), self.season.weekdays.tolist()

    def forget(self, first: float, end: float) -> bool:
        """Take what was counted in ``[first, end)`` for unknown, and fit anew; False if too little would be left."""
        rows, today = self._rows.copy(), list(self._today)
        for at in range(int(first), int(end), self.slot_s):
            day, slot = divmod(self._local(at) // self.slot_s, self.slots)
            if day == self._day:
                today[slot] = float("nan")
            elif self._day - DAYS <= day < self._day:
                rows[day % DAYS, slot] = np.nan
        days = np.arange(self._day - DAYS, self._day)
        if np.isfinite(rows[days % DAYS]).sum() < _LEFT_DAYS * self.slots:
            return False
        self._kept, self._today = pack(rows.astype(float)), array("d", today)
        self._seen = self._usual = 0.0
        self._refit(days, rows[days % DAYS].astype(float), self._day * self.slots + self._slot)
        self._weekly = self._recurring(self._day, rows)
        return True

    def learn(self, pane: float, count: float, weight: float) -> None:
        """Take in a pane; :meth:`turn` has been called for it.

        Args:
            weight: how far the pane may be trusted to be an ordinary one, 0 to 1.
        """
        self._today[self._slot] += count
        shape = self._shape(pane)
        mean = shape * self._level()
        scatter = self.dispersion * mean
        capped = min(count, mean + _MOST_DEVIATIONS * scatter**0.5 + _MOST_DEVIATIONS)
        self._sum += capped
        self._squares += capped * capped
        block = (self._local(pane) % self.slot_s) // _BLOCK_S
        if block != self._block[0]:
            self._close_block(block)
        self._block[1] += capped
        if self.known:
            if self.pane_s == self.slot_s:
                seen, due, *blocks = self._spread
                self._spread = (seen + (capped - mean) ** 2, due + mean, *blocks)
            ordinary = min(count, mean + 3.0 * ((self.dispersion + self.wander * mean) * mean) ** 0.5 + 1.0)
            kept = 0.5 ** (self.pane_s / _HALF_LIFE_S)
            self._seen = kept * self._seen + weight * ordinary
            self._usual = kept * self._usual + weight * shape

    def learn_silence(self, panes: int, mass: float, weight: float) -> None:
        """Take in panes without a mention, in which ``mass`` were expected at the present level."""
        kept = 0.5 ** (self.pane_s / _HALF_LIFE_S)
        all_kept = kept**panes
        self._seen *= all_kept
        share = (1.0 - all_kept) / (panes * (1.0 - kept))
        self._usual = all_kept * self._usual + weight * share * mass / self._level()
        if self.pane_s == self.slot_s:
            seen, due, *blocks = self._spread
            self._spread = (seen + mass * mass / panes, due + mass, *blocks)

    def unknown(self) -> None:
        """Mark the half hour reached by :meth:`turn` as one of which too little is known."""
        self._today[self._slot] = float("nan")

    def turn(self, pane: float) -> None:
        """Move on to the pane that starts at ``pane``: close half hours and days, and fit when it is time."""
        day, slot = divmod(self._local(pane) // self.slot_s, self.slots)
        if day == self._day and slot == self._slot:
            return
        self._close_slot()
        if day == self._day and slot < self._slot:
            # Clocks went back: these half hours happen twice.
            self._today[slot : self._slot + 1] = array("d", [float("nan")] * (self._slot + 1 - slot))
        if day > self._day:
            rows = self._close_days(day)
            days = np.arange(day - DAYS, day)
            self._refit(days, rows[days % DAYS].astype(float), day * self.slots)
            self._weekly = self._recurring(day, rows)
        self._day, self._slot = day, slot
        young = not self.season.days and (day * self.slots + slot) - max(self._fitted, 0) >= _FIRST_SLOTS
        if young and sum(value == value for value in self._today[:slot]) >= _FIRST_SLOTS:
            row = np.array(self._today)
            row[slot:] = np.nan
            days = np.arange(day - DAYS + 1, day + 1)
            self._refit(days, np.concatenate([self._rows[days[:-1] % DAYS], row[None, :]]), day * self.slots + slot)

    def _close_block(self, block: int) -> None:
        self._block[2] += self._block[1] ** 2
        self._block[:2] = [block, 0.0]

    def _close_slot(self) -> None:
        panes = self.slot_s // self.pane_s
        if self._sum and panes > 1:
            # Within a slot the mean hardly moves, so the scatter of its panes is all but the model's own errors.
            excess = (self._squares - self._sum * self._sum / panes) / (panes - 1)
            seen, due, blocks, due_blocks = self._spread
            self._close_block(0)
            if 2 * self.pane_s <= _BLOCK_S:
                # One post may be heard of for minutes: what scatters together must be seen together.
                count = self.slot_s // _BLOCK_S
                blocks += (self._block[2] - self._sum * self._sum / count) / (count - 1)
                due_blocks += self._sum / count
            self._spread = (seen + excess, due + self._sum / panes, blocks, due_blocks)
        self._block = [0, 0.0, 0.0]
        self._sum = self._squares = 0.0

    def _close_days(self, day: int) -> Any:
        """Put the day that is over to the others; all of them."""
        rows = self._rows
        rows[self._day % DAYS] = self._today
        for quiet in range(max(self._day + 1, day - DAYS), day):
            rows[quiet % DAYS] = 0.0
        self._kept = pack(rows.astype(float))
        self._today = array("d", [0.0] * self.slots)
        keep = _DISPERSION_MEMORY ** (day - self._day)
        self._spread = tuple(
            keep * one + (1.0 - keep) * other for one, other in zip(self._spread, _SPREAD, strict=True)
        )
        return rows

    def _refit(self, days: Any, rows: Floats, at: int) -> None:
        seen, due, blocks, due_blocks = self._spread
        scatter = max(seen / due, blocks / due_blocks) if 2 * self.pane_s <= _BLOCK_S else seen / due
        self.dispersion = min(max(scatter, LEAST_DISPERSION), _MOST_DISPERSION)
        # The first of January 1970 was a Thursday.
        self._settle(fit(rows, (days + 3) % 7, self.dispersion, self._borrow()))
        # Where nothing at all is known there is still no past to compare with.
        self._fitted = -1 if np.isnan(rows).all() else at

    def _settle(self, season: Season) -> None:
        # As exact as it is kept, so that who resumes goes on alike.
        profile, weekdays = _narrow(season.profile), _narrow(season.weekdays)
        season = season._replace(profile=_wide(profile, self.slots), weekdays=_wide(weekdays, 7))
        curve = season.profile * season.level * self.pane_s / self.slot_s
        self._settled(season, array("d", [*curve.tolist(), float(curve[0])]))

    def _settled(self, season: Season, curve: "array[float]") -> None:
        self.season, self._curve = season, curve
        self.wander = max(season.wander, _LEAST_WANDER)
        if season.level > 0.0:
            # What the level (some days) and the profile (some half hours of four weeks) are known to.
            a_day = season.level * self.slots
            self.wander += _ESTIMATED * self.dispersion / a_day * _SHORTEST_LEVEL_DAYS / level_days(a_day)
        if not season.days:
            # The day's shape is not known at all yet.
            self.wander += _FIRST_DAY_WANDER
        elif season.days < MATURE_DAYS:
            self.wander += _YOUNG_WANDER / (season.days + 0.3) * (1.0 - season.days / MATURE_DAYS)

    def _recurring(self, day: int, counts: Any) -> dict[int, float]:
        """What comes every week at the same half hour beyond the season, such as a weekly job: mentions a pane."""
        rows = counts[[(day - weeks * 7) % DAYS for weeks in (1, 2)]]
        least = np.nan_to_num(rows.min(0))
        shape = self.season.profile * self.season.level * float(self.season.weekdays[(day + 3) % 7])
        excess = least - shape
        beyond = excess > _RECURRING * np.sqrt(self.dispersion * shape) + 2.0
        per_pane = self.pane_s / self.slot_s
        return {int(slot): float(excess[slot]) * per_pane for slot in np.flatnonzero(beyond)}

    def _local(self, at: float) -> int:
        return int(at) + self.offset(at)

    def _shape(self, pane: float, day_as: int | None = None) -> float:
        """By the season alone; between the middles of half hours in a straight line."""
        local = self._local(pane)
        if self.pane_s == self.slot_s:
            # Wherever the clock's offset cuts it, a pane is counted in the slot in which it starts.
            local = local // self.slot_s * self.slot_s
        day, second = divmod(local + self.pane_s // 2, DAY_S)
        slot, rest = divmod(second - self.slot_s // 2, self.slot_s)
        slot %= self.slots
        low, high = self._curve[slot], self._curve[slot + 1]
        mean = low + (high - low) * rest / self.slot_s
        if high > _STEEP * low or low > _STEEP * high:
            # Where doors open or close the truth is a step; to expect too much for some minutes does little harm.
            mean = max(mean, low if 2 * rest < self.slot_s else high)
        mean *= float(self.season.weekdays[(day + 3) % 7 if day_as is None else day_as])
        if self._weekly and day == self._day and day_as is None:
            mean += self._weekly.get(second // self.slot_s, 0.0)
        return mean if mean > _LEAST_MEAN else _LEAST_MEAN

    def _level(self) -> float:
        prior = _LEVEL_PRIOR * self.dispersion
        level = (self._seen + prior) / (self._usual + prior)
        return max(level, _LEAST_LEVEL if self.season.days >= 7 else _LEAST_YOUNG_LEVEL)

    def snapshot(self) -> list[Any]:
        """Plain data."""
        season = self.season
        return [
            self.pane_s, self._start, self._day, self._slot,
            self._kept, pack_row(self._today),
            [self._seen, self._usual, self._sum, self._squares, self.dispersion],
            [*self._spread], self._block, self._fitted,
            [season.level, season.wander, season.days], _narrow(season.profile), _narrow(season.weekdays),
        ]  # fmt: skip

    def restore(self, data: list[Any]) -> None:
        """The inverse of :meth:`snapshot`."""
        (_, self._start, self._day, self._slot, rows, today, numbers, spread, block, self._fitted) = data[:10]
        fitted, profile, weekdays = data[10:]
        self._kept = rows
        counts = self._rows
        self._today = array("d", unpack(today).tolist())
        self._seen, self._usual, self._sum, self._squares, self.dispersion = numbers
        self._spread, self._block = tuple(spread), list(block)
        self._settle(Season(_wide(profile, self.slots), _wide(weekdays, 7), *fitted))
        self._weekly = self._recurring(self._day, counts) if self.known else {}


@cache
def _nothing(slots: int) -> bytes:
    """Four weeks of which nothing is known, packed."""
    return pack(np.full((DAYS, slots), np.nan))


@cache
def _unfitted(slots: int) -> tuple[Season, "array[float]"]:
    """The season before the first fit, and its curve."""
    season = flat(slots)
    return season, array("d", [0.0] * (slots + 1))


def _narrow(values: Floats) -> bytes:
    return values.astype("<f4").tobytes()


def _wide(data: bytes | list[float], length: int) -> Floats:
    """The inverse of :func:`_narrow`; an earlier build kept lists.

    Raises:
        ValueError: it is neither, or not so many numbers.
    """
    values = np.frombuffer(data, "<f4").astype(float) if isinstance(data, bytes) else np.array(data, float)
    if values.shape != (length,) or not np.isfinite(values).all():
        raise ValueError(f"a season of {values.shape} numbers, not of {length}, or of none at all")
    return values
