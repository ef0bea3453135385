"""Mean and standard deviation of the last few numbers."""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import Any, Final

_REFRESH: Final = 64


class Window:
    """The last ``length`` numbers; sums run along and are taken anew every 64 numbers, so that rounding cannot pile up.

    >>> window = Window(3)
    >>> [window.push(number) for number in (1.0, 2.0, 3.0, 4.0)][-1], round(window.deviation(), 3)
    (3.0, 0.816)
    """

    __slots__ = ("_centre", "_last", "_length", "_squares", "_sum", "_until")

    def __init__(self, length: int) -> None:
        self._length = length
        self._last: deque[float] = deque()
        self._centre = self._sum = self._squares = 0.0
        self._until = 0

    def push(self, number: float) -> float:
        """Take in a number; the mean of the window."""
        last = self._last
        last.append(number)
        if self._until:
            self._until -= 1
            number -= self._centre
            self._sum += number
            self._squares += number * number
            if len(last) > self._length:
                number = last.popleft() - self._centre
                self._sum -= number
                self._squares -= number * number
        else:
            if len(last) > self._length:
                last.popleft()
            # Around a number of the window, so that a constant deviates by exactly 0 however large it is.
            centre = self._centre = last[0]
            apart = [number - centre for number in last]
            self._sum, self._squares = sum(apart), sum([number * number for number in apart])
            self._until = _REFRESH
        return self._centre + self._sum / len(last)

    def deviation(self) -> float:
        """The standard deviation of the window, 0 if it is empty."""
        count = len(self._last) or 1
        mean = self._sum / count
        variance = self._squares / count - mean * mean
        return sqrt(variance) if variance > 0.0 else 0.0

    def snapshot(self) -> list[Any]:
        """Plain data for :meth:`restore`."""
        return [list(self._last), self._centre, self._sum, self._squares, self._until]

    def restore(self, snapshot: list[Any]) -> None:
        """Continue from a snapshot."""
        self._last = deque(map(float, snapshot[0]))
        self._centre, self._sum, self._squares = (float(number) for number in snapshot[1:4])
        self._until = int(snapshot[4])
