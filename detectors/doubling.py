"""A rise that all series of a source share alike is a source that says all twice, not a change of its customers' minds.

The total must have risen by a factor of about two (or three) that chance does not explain, and the series must all
have risen by that same factor, as far as chance lets them: Pearson's statistic of homogeneity, with the scatter that
each series is known to have. What is wrong with a product shows in some of its themes, never in all of them alike.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

LEAST_FACTOR, MOST_FACTOR = 1.6, 3.5
_OVER_FACTOR = 1.4
_LEAST_PARTS, _LEAST_USUAL, _LARGEST_SHARE = 2, 10.0, 0.8
_SIGMAS, _LEVEL_SIGMAS = 5.0, 2.5
_PANES = 3
_GIVEN_UP_S = 86_400.0


class Part(NamedTuple):
    """What a series had in a stretch, and what was to be expected of it.

    Attributes:
        dispersion: variance of a count over its mean.
        wander: variance of the level's deviation, relative to the expectation.
    """

    seen: float
    usual: float
    dispersion: float = 1.0
    wander: float = 0.0

    def variance(self, mean: float) -> float:
        """Of a count with this mean."""
        return self.dispersion * mean + self.wander * mean * mean


Parts = Callable[[float, float], Sequence[Part]]


def alike(total: Part, parts: Sequence[Part]) -> bool:
    """Whether the total has risen by a factor of about two, and its parts by the same.

    >>> twice = [Part(41.0, 20.0), Part(18.0, 10.0), Part(63.0, 30.0)]
    >>> alike(Part(122.0, 60.0), twice)
    True
    >>> alike(Part(122.0, 60.0), [Part(82.0, 20.0), Part(10.0, 10.0), Part(30.0, 30.0)])
    False
    """
    if not risen(total):
        return False
    known = [part for part in parts if part.usual > 0.0]
    usual = sum(part.usual for part in known)
    if len(known) < _LEAST_PARTS or usual < _LEAST_USUAL:
        return False
    if max(part.usual for part in known) > _LARGEST_SHARE * usual:
        return False
    factor = total.seen / total.usual
    means = [(part, factor * part.usual) for part in known]
    statistic = sum((part.seen - mean) ** 2 / (part.variance(mean) + _rounding(part)) for part, mean in means)
    return statistic <= len(known) + 3.0 * sqrt(2.0 * len(known))


def risen(total: Part) -> bool:
    """Whether the total has risen by a factor of about two, and not by chance."""
    if total.usual < _LEAST_USUAL or not LEAST_FACTOR <= total.seen / total.usual <= MOST_FACTOR:
        return False
    chance, all_told = sqrt(total.dispersion * total.usual), sqrt(total.variance(total.usual))
    return total.seen - total.usual >= max(_SIGMAS * chance, _LEVEL_SIGMAS * all_told)


def _rounding(part: Part) -> float:
    """What is expected of a series that is hardly ever mentioned is known only so well."""
    return 0.25 if part.usual < 1.0 else 0.0


class DoublingWatch:
    """Looks pane by pane whether a tenant's source says all twice.

    Attributes:
        since: when that began, epoch seconds; None while it does not.

    >>> watch = DoublingWatch(300)
    >>> def parts(first, end):
    ...     usual = (end - first) / 300
    ...     return [Part(2 * 50 * usual, 50 * usual), Part(2 * 30 * usual, 30 * usual)]
    >>> [watch.step(pane, 160.0, Part(0.0, 80.0), parts) for pane in (0.0, 300.0, 600.0)], watch.since
    ([True, True, True], 0.0)
    >>> watch.step(900.0, 80.0, Part(0.0, 80.0), parts), watch.since
    (False, None)
    """

    __slots__ = ("_accepted", "_recent", "pane_s", "since")

    def __init__(self, pane_s: int) -> None:
        self.pane_s = pane_s
        self.since: float | None = None
        self._accepted = False
        self._recent: list[list[float]] = []

    def step(self, pane: float, seen: float, usual: Part, parts: Parts) -> bool:
        """Take in the pane that starts at ``pane``; whether it is one of those that were said twice.

        Args:
            usual: what was to be expected of the total; its ``seen`` is of no use.
            parts: start and end of a stretch -> the series' share of it.
        """
        if self._recent and pane - self._recent[-1][0] != self.pane_s:
            self._recent.clear()
        self._recent = [*self._recent, [pane, seen, usual.usual]][-_PANES:]
        if self._together(_PANES)[0] < _OVER_FACTOR * self._together(_PANES)[1]:
            self._accepted = False
        if self.since is not None:
            if self._over(usual.usual):
                self.since = None
            elif pane - self.since >= _GIVEN_UP_S:
                # It is the new usual by now, and not to be taken for anything else.
                self.since, self._accepted = None, True
            else:
                return True
            return False
        if self._accepted:
            return False
        for count in range(1, len(self._recent) + 1):
            begin = self._recent[-count][0]
            total = Part(*self._together(count), usual.dispersion, usual.wander)
            # The series are asked only where the total gives reason to.
            if risen(total) and alike(total, parts(begin, pane + self.pane_s)):
                self.since = begin
                return True
        return False

    def suspect(self, total: Part, parts: Callable[[], Sequence[Part]]) -> bool:
        """Whether a pane that is not over looks as if it were said twice."""
        return self.since is None and not self._accepted and risen(total) and alike(total, parts())

    def _together(self, count: int) -> tuple[float, float]:
        """What was seen and what was to be expected in the last ``count`` panes."""
        last = self._recent[-count:]
        return sum(each[1] for each in last), sum(each[2] for each in last)

    def _over(self, usual: float) -> bool:
        """Whether the newest pane, if it says enough, or the last ones together are as usual again."""
        newest = self._recent[-1][1]
        seen, expected = self._together(_PANES)
        return (usual >= _LEAST_USUAL and newest < _OVER_FACTOR * usual) or seen < _OVER_FACTOR * expected

    def snapshot(self) -> list[Any]:
        """Plain data."""
        return [self.since, self._accepted, [list(each) for each in self._recent]]

    def restore(self, data: list[Any]) -> None:
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError, TypeError: it is none, or it is damaged.
        """
        since, accepted, recent = data
        self.since = None if since is None else float(since)
        self._accepted = bool(accepted)
        self._recent = [[float(at), float(seen), float(usual)] for at, seen, usual in recent]
