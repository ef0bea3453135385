"""How far out a number lies among the numbers before it, as a calibrated surprise."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from math import log
from typing import Any, Final

LOG_2: Final = log(2.0)
_FEWEST: Final = 20
_TAIL_SHARE, _TAIL_LEAST = 50, 10
_BEYOND: Final = 3.0
_RARE: Final = 3.0


class PastRank:
    """The tail probability of a number by its rank in the past, p = (numbers as far out + 1/2) / (n + 1), as -log p.

    That is a conformal p-value (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; ties count
    half), so its mean is about 1 while nothing changes, whatever the distribution. A rank cannot tell a new extreme
    from a wild one: beyond all but two of the past an exponential tail is fitted to the outer 2% (peaks over
    threshold, Pickands 1975), and lifts the surprise by at most 3.

    Args:
        size: numbers that are remembered.
        every: one in so many is remembered, so that a slowly changing number spans a longer past.
        two_sided: whether a low number surprises as well as a high one.

    >>> past = PastRank(1000, 1, two_sided=False)
    >>> usual = [past.surprise(float(number * 37 % 1009)) for number in range(1000)]
    >>> round(sum(usual[500:]) / 500, 1), round(past.surprise(2000.0), 1)
    (1.0, 10.6)
    """

    __slots__ = ("_every", "_order", "_seen", "_size", "_sorted", "_two_sided")

    def __init__(self, size: int, every: int, *, two_sided: bool) -> None:
        self._size, self._every, self._two_sided = size, every, two_sided
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._seen = 0

    def surprise(self, number: float) -> float:
        """The surprise of a number, in nats from 0; it is remembered afterwards. 1 while fewer than 20 are known."""
        past = self._sorted
        known = len(past)
        left = bisect_left(past, number)
        if known < _FEWEST:
            told = 1.0
        else:
            right = left
            if left < known and past[left] == number:
                right = bisect_right(past, number, left)
            ties = 0.5 * (right - left) + 0.5
            out = known - right + ties
            if self._two_sided:
                low = left + ties
                lower = low < out
                if lower:
                    out = low
                told = log((known + 1) / out) - LOG_2
            else:
                lower = False
                told = log((known + 1) / out)
            if out < _RARE:
                told = max(told, min(self._tail(number, lower), told + _BEYOND))
            if told < 0.0:
                told = 0.0
        if self._seen % self._every == 0:
            past.insert(left, number)
            self._order.append(number)
            if known >= self._size:
                del past[bisect_left(past, self._order.popleft())]
        self._seen += 1
        return told

    def _tail(self, number: float, lower: bool) -> float:
        past = self._sorted
        known = len(past)
        count = max(_TAIL_LEAST, known // _TAIL_SHARE)
        if lower:
            edge = past[count - 1]
            beyond, scale = edge - number, edge - sum(past[:count]) / count
        else:
            edge = past[known - count]
            beyond, scale = number - edge, sum(past[known - count :]) / count - edge
        if beyond <= 0.0 or scale <= 0.0:
            return 0.0
        told = log(known / count) + beyond / scale
        return told - LOG_2 if self._two_sided else told

    def snapshot(self) -> list[Any]:
        """Plain data for :meth:`restore`: what is remembered, oldest first."""
        return [self._seen, list(self._order)]

    def restore(self, snapshot: list[Any]) -> None:
        """Continue from a snapshot."""
        self._seen = int(snapshot[0])
        self._order = deque(map(float, snapshot[1]))
        self._sorted = sorted(self._order)
