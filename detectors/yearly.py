"""Counts of weeks or days against trend and season of years: how unusual is the newest one?

For slow panes, of which years are remembered: see :mod:`detectors.yearly_fit` for what is expected, and
:mod:`detectors.yearly_tail` for how unusual a count is then. Only the past is fitted, so later panes change nothing.
"""

from collections import deque
from math import isnan
from typing import Any

import numpy as np

from detectors.packing import pack, unpack
from detectors.yearly_fit import Calendar, Fit, fit
from detectors.yearly_tail import Floats, Forecast, upper_tail

WEEKLY = Calendar(52.18)
DAILY = Calendar(365.25, week=7)

CARRY = 0.7
"""Weight of the evidence of the pane before. Where noise lasts for panes, 0 keeps the promise better."""

LEAST_YEARS = 1.0
"""Known panes, in years, below which nothing is said."""

MOST_YEARS = 12
_TOGETHER = 64


def _most(calendar: Calendar) -> int:
    return round(MOST_YEARS * calendar.period)


class YearlyBaseline:
    """Expectation of one series, pane by pane, and how unusual a count would be.

    Args:
        calendar: what the panes can depend on; pane numbers count from the first update.
        carry: weight of the evidence of the pane before, 0 to judge every pane alone.
        refit: panes between two fits.

    >>> rng, base = np.random.default_rng(1), YearlyBaseline(Calendar(52.0), refit=13)
    >>> for week in range(208):
    ...     base.update(rng.poisson(20.0 * np.exp(0.5 * np.cos(2 * np.pi * week / 52))))
    >>> round(base.forecast().mean), base.maturity, base.p_value(35.0) > 0.01 > base.p_value(60.0)
    (31, 'mature', True)
    """

    __slots__ = ("_before", "_counts", "_fit", "_fitted", "_next", "_pair", "calendar", "carry", "refit")

    def __init__(self, calendar: Calendar = WEEKLY, carry: float = CARRY, refit: int = 1) -> None:
        if refit < 1:
            raise ValueError(f"refit: {refit} panes, expected at least 1")
        self.calendar, self.carry, self.refit = calendar, carry, refit
        self._counts: deque[float] = deque(maxlen=_most(calendar) + refit)
        self._next = 0
        self._fit: Fit | None = None
        self._fitted = -1
        self._pair: tuple[Forecast, Forecast] | None = None

    @property
    def maturity(self) -> str:
        """``young`` until a year of panes is known, then ``mature``."""
        known = sum(count == count for count in self._counts)
        return "mature" if known >= LEAST_YEARS * self.calendar.period else "young"

    def update(self, count: float) -> None:
        """Take in the next pane; NaN where it is unknown.

        Raises:
            ValueError: the count is below 0 or infinite.
        """
        if count < 0.0 or count == float("inf"):
            raise ValueError(f"count of pane {self._next}: {count}, expected a number from 0, or NaN if unknown")
        self._counts.append(float(count))
        self._next += 1
        self._pair = None

    def forecast(self) -> Forecast | None:
        """What is expected of the next pane; None while the baseline is young."""
        pair = self._forecasts()
        return pair[1] if pair else None

    def p_value(self, count: float) -> float:
        """Probability by chance alone of as much evidence for a rise as with ``count`` in the next pane.

        1 while the baseline is young, and for an unknown count.
        """
        pair = self._forecasts()
        if pair is None or isnan(count):
            return 1.0
        return _p_value(count, self._counts[-1], pair, self.carry)

    def _forecasts(self) -> tuple[Forecast, Forecast] | None:
        """Of the last pane and the next."""
        if self._pair is None and self.maturity == "mature":
            if self._fit is None or self._next - self._fitted >= self.refit:
                self._refit(self._next)
            assert self._fit is not None
            mean, dispersion = self._fit.forecast(np.array([self._next - 1.0, self._next]))
            doubt = float(self._fit.doubt[0])
            last, following = (Forecast(float(mean[n, 0]), float(dispersion[n, 0]), doubt) for n in range(2))
            self._pair = last, following
        return self._pair

    def _refit(self, end: int) -> None:
        past = np.array(self._counts)[: len(self._counts) - (self._next - end)][-_most(self.calendar) :]
        self._fit = fit(past[:, None], np.arange(end - len(past), end, dtype=float), self.calendar)
        self._fitted = end

    def snapshot(self) -> list[Any]:
        """Plain data."""
        return [[*self.calendar], self.carry, self.refit, pack(np.array(self._counts)), self._next, self._fitted]

    @classmethod
    def restored(cls, data: list[Any]) -> "YearlyBaseline":
        """The inverse of :meth:`snapshot`."""
        calendar, carry, refit, counts, following, fitted = data
        base = cls(Calendar(*calendar), carry, refit)
        base._counts.extend(unpack(counts).tolist())
        base._next = following
        if fitted >= 0:
            base._refit(fitted)
        return base


def _p_value(count: float, last: float, pair: tuple[Forecast, Forecast], carry: float) -> float:
    before = None if isnan(last) else (last, pair[0])
    return upper_tail(count, pair[1], before, carry)


def yearly_p_values(
    counts: Floats, first: int, calendar: Calendar = WEEKLY, carry: float = CARRY, refit: int = 7
) -> Floats:
    """What :class:`YearlyBaseline` says of many series, of the panes from ``first`` on.

    Args:
        counts: (T, S), NaN where unknown.
        first: the first pane that is judged, at least 1; a pane is judged by those before it.
        refit: panes between two fits, counted from ``first``.

    Returns:
        (T - first, S) upper tail probabilities; 1 where a series is too young or its count unknown.

    Raises:
        ValueError: a count below 0 or infinite, or ``first`` out of range.

    >>> counts = np.random.default_rng(1).poisson(5.0, (170, 2)).astype(float)
    >>> counts[168] = [5.0, 25.0]
    >>> (yearly_p_values(counts, 166, Calendar(52.0)) < 0.01)[:, 1].tolist()
    [False, False, True, False]
    """
    if not 1 <= first <= len(counts):
        raise ValueError(f"first: {first}, expected 1 to {len(counts)}")
    bad = np.argwhere((counts < 0.0) | np.isinf(counts))
    if len(bad):
        raise ValueError(f"pane {bad[0][0]} of series {bad[0][1]}: {counts[*bad[0]]}, expected a number from 0, or NaN")
    found = np.ones((len(counts) - first, counts.shape[1]))
    for left in range(0, counts.shape[1], _TOGETHER):
        some = slice(left, left + _TOGETHER)
        for end in range(first, len(counts), refit):
            _judge(counts[:, some], end, min(end + refit, len(counts)), found[end - first :, some], calendar, carry)
    return found


def _judge(counts: Floats, start: int, stop: int, into: Floats, calendar: Calendar, carry: float) -> None:
    """Fill in what is said of the panes from ``start`` to ``stop``, by those before ``start``."""
    begin = max(start - _most(calendar), 0)
    past = counts[begin:start]
    ripe = np.flatnonzero((~np.isnan(past)).sum(0) >= LEAST_YEARS * calendar.period)
    if not len(ripe):
        return
    fitted = fit(past[:, ripe], np.arange(begin, start, dtype=float), calendar)
    mean, dispersion = fitted.forecast(np.arange(start - 1, stop, dtype=float))
    for at, series in enumerate(ripe):
        doubt = float(fitted.doubt[at])
        forecasts = [Forecast(float(mean[n, at]), float(dispersion[n, at]), doubt) for n in range(stop - start + 1)]
        for n in range(stop - start):
            last, count = counts[start + n - 1, series], counts[start + n, series]
            if not isnan(count):
                into[n, series] = _p_value(float(count), float(last), (forecasts[n], forecasts[n + 1]), carry)
