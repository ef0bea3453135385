"""A low that all series of a source share is an outage of the source, not a change of its customers' minds.

The total of all series has a season and a level like any series. Once it has fallen for certain, what
comes is no count but a gap: nothing is judged by it, and nothing learned, until the total is back.
What comes after in a heap is not trusted either, for as long as the outage took and at most an hour.
Nor is what a source says twice; see :mod:`detectors.doubling`.
"""

from typing import Any

from detectors.budget import Budget
from detectors.doubling import DoublingWatch, Part, Parts
from detectors.sequential import Effect
from detectors.surge_state import SurgeState
from detectors.surroundings import Surroundings

FALLS = (Effect(0.35, 0.0, 0.5), Effect(0.05, 0.0, 0.5))

_FALSE_A_WEEK = 0.005
_LOW_SHARE = 0.6
_HEAP_SHARE = 1.6
_HEAP_S = 3600.0
_LEAST_PANE = 1.0


class OutageWatch:
    """Watches the total of a source, pane by pane.

    Args:
        pane_s: length of a pane.
        start: when the first one begins.
        around: of the series; the gaps are told to it.

    Attributes:
        next: start of the first pane that is not taken in.
        expected: in the pane that was taken in last; 0 before there is a past to expect anything from.

    >>> around = Surroundings()
    >>> watch = OutageWatch(300, 0.0, around)
    >>> [watch.observe(pane, 40.0 + pane % 7) for pane in range(0, 3 * 86_400, 300)][-1]
    False
    >>> watch.observe(3.0 * 86_400, 0.0), around.gaps
    (True, [(259200.0, 259500.0)])
    >>> around.out_since
    259200.0
    """

    __slots__ = ("_around", "_state", "_twice", "expected", "pane_s")

    def __init__(self, pane_s: int, start: float, around: Surroundings) -> None:
        self.pane_s, self._around, self.expected = pane_s, around, 0.0
        alone = Surroundings(around.offset, around.guide, shared=False)
        self._state = SurgeState(pane_s, start, (FALLS,), Budget(_FALSE_A_WEEK), alone)
        self._twice = DoublingWatch(pane_s)
        around.watched_until = start

    @property
    def next(self) -> float:
        return self._state.next

    def observe(self, pane: float, total: float | None, parts: Parts = lambda *_: ()) -> bool:
        """Take in the total of a pane, None if it is unknown; whether the pane is a gap.

        Args:
            parts: start and end of a stretch -> what the series had in it.
        """
        state, around, end = self._state, self._around, pane + self.pane_s
        around.watched_until = end
        if total is None:
            state.skip_unknown(pane)
            around.out_since = pane if around.out_since is None else around.out_since
            self._gap(pane, end)
            return True
        state.base.turn(pane)
        expected = self.expected = state.base.mean(pane) if state.base.known else 0.0
        if self._said_twice(pane, total, expected, parts):
            # The total must not learn it: what is said once would then look like an outage.
            state.skip_unknown(pane)
            self._gap(pane, end)
            return True
        state.observe(pane, total)
        # A source that brings next to nothing cannot be told from one that is out.
        low = state.watches[0].high and expected >= _LEAST_PANE and total < _LOW_SHARE * expected
        # Before it has seen a whole day, a night is not to be told from an outage.
        low = low and state.base.season.days >= 1
        if low:
            around.out_since = pane if around.out_since is None else around.out_since
        elif around.out_since is not None:
            around.heap_until = pane + min(pane - around.out_since, _HEAP_S)
            around.out_since = None
        heap = pane < around.heap_until and total > _HEAP_SHARE * expected
        if low or heap:
            self._gap(pane, end)
            return True
        return False

    def _said_twice(self, pane: float, total: float, expected: float, parts: Parts) -> bool:
        """Whether the sources say all twice; before a whole day is known, nobody can tell."""
        around, base = self._around, self._state.base
        if not base.known or base.season.days < 1 or around.out_since is not None or pane < around.heap_until:
            return False
        found = self._twice.step(pane, total, Part(0.0, expected, base.dispersion, base.wander), parts)
        around.twice_since = self._twice.since
        return found

    def suspect(self, at: float, total: float, parts: Parts) -> None:
        """Look at the pane that is not over at ``at``: what is said twice must not be told before it is known to be."""
        state, around = self._state, self._around
        base, pane = state.base, state.next
        if around.out_since is not None or self._twice.since is not None or not base.known or base.season.days < 1:
            return
        share = min((at - pane) / self.pane_s, 1.0)
        usual = Part(total, base.mean(pane) * share, base.dispersion, base.wander)
        around.twice_since = pane if self._twice.suspect(usual, lambda: parts(pane, at)) else None

    def skip(self, pane: float) -> None:
        """Pass over a pane whose total is not known any more; it may have been an ordinary one."""
        self._state.skip_unknown(pane)
        self._around.watched_until = pane + self.pane_s

    def snapshot(self) -> list[Any]:
        """Plain data, with what it has told the series."""
        around = self._around
        gaps = [list(gap) for gap in around.gaps]
        return [self._state.snapshot(), around.out_since, around.heap_until, gaps, self._twice.snapshot()]

    def restore(self, data: list[Any]) -> None:
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError, KeyError, TypeError: it is none, or it is damaged.
        """
        state, out_since, heap_until, gaps, *twice = data
        self._state.restore(state)
        self._around.out_since, self._around.heap_until = out_since, float(heap_until)
        for each in twice:
            self._twice.restore(each)
        self._around.twice_since = self._twice.since
        self._around.watched_until = self._state.next
        self._around.gaps[:] = [(float(start), float(end)) for start, end in gaps]

    def _gap(self, start: float, end: float) -> None:
        gaps = self._around.gaps
        if gaps and gaps[-1][1] >= start:
            gaps[-1] = (gaps[-1][0], end)
        else:
            gaps.append((start, end))
        # The series take in silence a day at a time at most, and look back no further than they must.
        if len(gaps) > _MOST_GAPS:
            del gaps[0]


_MOST_GAPS = 200
