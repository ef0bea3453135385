"""What a series shares with the others of its tenant: the clock, outages, and the season to borrow from."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.in_force import Guidance
    from detectors.pool import Pool

Guide = Callable[[float, str, float], "Guidance"]
"""Start of a pane, theme, length of the pane -> what the calendar says of it."""


class Surroundings:
    """Of one tenant.

    Args:
        offset: its local clock.
        guide: its calendar; None without one.
        shared: whether there are others; a series on its own borrows nothing, not even from itself.

    Attributes:
        series: how many series the tenant has, roughly.
        gaps: stretches, (start, end), of which nothing is known, the earliest first.
        watched_until: end of the last pane that was looked at for an outage; infinite if nobody looks.
        out_since: when the outage began that lasts; None while there is none.
        twice_since: when the sources began to say all twice; None while they do not.
        heap_until: until when what an outage held back may come in a heap, epoch seconds.
    """

    __slots__ = (
        "_pools", "gaps", "guide", "heap_until", "offset", "out_since", "series", "shared", "twice_since",
        "watched_until",
    )  # fmt: skip

    def __init__(
        self, offset: Callable[[float], int] = lambda _: 0, guide: Guide | None = None, *, shared: bool = True
    ) -> None:
        self.offset, self.guide, self.shared = offset, guide, shared
        self.series = 1
        self.gaps: list[tuple[float, float]] = []
        self._pools: dict[int, Pool] = {}
        self.watched_until, self.heap_until = inf, 0.0
        self.out_since: float | None = None
        self.twice_since: float | None = None

    @property
    def pools(self) -> dict[int, Pool]:
        """Slots of a day -> the pool for them."""
        return self._pools

    def pool(self, slots: int) -> Pool:
        """The pool for seasons of so many slots a day."""
        found = self._pools.get(slots)
        if found is None:
            # It brings numpy, which only what needs a season shall wait for.
            from detectors.pool import Pool

            found = self._pools[slots] = Pool(slots)
        return found

    def forget_outages(self) -> None:
        """Note that nobody looks for outages any more."""
        self.watched_until, self.heap_until, self.out_since, self.twice_since = inf, 0.0, None, None
        self.gaps.clear()

    def unknown_s(self, first: float, end: float) -> float:
        """Seconds of ``[first, end)`` of which nothing is known.

        >>> around = Surroundings()
        >>> around.gaps.append((600.0, 1200.0))
        >>> around.unknown_s(0.0, 900.0), around.unknown_s(1200.0, 1500.0)
        (300.0, 0.0)
        """
        if not self.gaps or first >= self.gaps[-1][1]:
            return 0.0
        return sum(max(min(end, last) - max(first, start), 0.0) for start, last in self.gaps)

    def unknown_steps(self, first: float, end: float, step_s: float) -> list[float]:
        """Instants of ``[first, end)`` that lie in gaps, so close that every stretch of ``step_s`` is met.

        >>> around = Surroundings()
        >>> around.gaps.append((600.0, 1200.0))
        >>> around.unknown_steps(0.0, 900.0, 200.0)
        [600.0, 800.0, 899.0]
        """
        if not self.gaps or first >= self.gaps[-1][1]:
            return []
        found: list[float] = []
        for start, last in self.gaps:
            at, stop = max(first, start), min(end, last)
            while at < stop:
                found.append(at)
                at += step_s
            if stop > max(first, start):
                found.append(stop - 1.0)
        return found
