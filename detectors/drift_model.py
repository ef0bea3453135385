"""What ``drift`` keeps of one series: its baseline, the statistics beside it, and how the one shields the other."""

from typing import Any

from detectors.drift_baseline import BLOCK_S, DriftBaseline, floats
from detectors.drift_effect import Effect
from detectors.drift_watch import Moved, Watch

_TRUSTED = 0.4
_FEW_BLOCKS = 40
_NEW_NORMAL_BLOCKS = 7 * 96
_WEEK_BLOCKS = 672.0
_SPENT = 1.0
"""Share of the martingale bound that is taken for spent: what plain noise leaves of it, a wandering level needs."""


class DriftModel:
    """A baseline and its watches: takes in closed blocks for good, and looks at the open one without a trace.

    Args:
        signs: the directions watched.
        limit: threshold of the statistic, blocks.
        effect: the least move that matters.

    >>> model = DriftModel(DriftBaseline(least_sd=0.05), (-1.0,), limit=1000.0, effect=Effect("0.25 sd"))
    >>> for block in range(200):
    ...     model.observe(block * 900.0, 12.0, 4.0 + 0.2 * (block * 7 % 5 - 2))
    >>> model.standings()[0].tripped
    False
    >>> for block in range(200, 208):
    ...     model.observe(block * 900.0, 12.0, 3.0 + 0.2 * (block * 7 % 5 - 2))
    >>> moved = model.standings()[0]
    >>> moved.tripped, moved.since / 900.0, moved.by < -0.8
    (True, 200.0, True)
    """

    __slots__ = ("_effect", "limit", "next", "since", "usual", "watches")

    def __init__(
        self,
        usual: DriftBaseline,
        signs: tuple[float, ...],
        limit: float,
        effect: Effect,
    ) -> None:
        self.usual, self.limit, self._effect = usual, limit, effect
        self.watches = [Watch(sign) for sign in signs]
        self.next = self.since = 0.0

    @property
    def effect(self) -> float:
        """The least move that matters, in the metric's unit."""
        return self._effect.of(self.usual)

    @property
    def ready(self) -> bool:
        """Whether there is enough of a past."""
        return self.usual.blocks >= _FEW_BLOCKS

    def observe(self, start: float, n: float, x: float, *, judge: bool = True) -> None:
        """Take in the closed block that starts at ``start`` (epoch seconds) and averages ``x`` over ``n`` events.

        Args:
            judge: False while the past is only being learnt.
        """
        usual = self.usual
        trust, frozen = 1.0, False
        if judge and self.ready:
            residual = x - usual.mean(start)
            gap = self._gap(start)
            for watch in self.watches:
                watch.take(start, min(n, usual.most_events()), residual, usual, gap, self.effect)
                watch.settle(self.limit)
                frozen |= self._holds(watch, gap)
            trust = min(1.0 / (1.0 + watch.blocks / (_TRUSTED * self.limit)) for watch in self.watches)
        if not frozen:
            usual.learn(start, n, x, trust)
        self.next = start + BLOCK_S
        self.since = self.since or start

    def _gap(self, start: float) -> float:
        return max((start - self.next) / BLOCK_S + 1.0, 1.0) if self.next else 1.0

    def _holds(self, watch: Watch, gap: float) -> bool:
        """Whether an open move that matters keeps the baseline as it is; after a week it is the new normal."""
        if not watch.high:
            return False
        moved = watch.standing(self.limit)
        if moved.by * watch.sign < self.effect:
            return False
        watch.held += gap
        if watch.held < _NEW_NORMAL_BLOCKS:
            return True
        self.usual.accept(moved.by)
        for each in self.watches:
            each.calm()
        return False

    def look(self, start: float, n: float, x: float) -> list[Moved]:
        """Where each direction stands if the block that is still open is taken in as far as it has come."""
        if not self.ready:
            return []
        usual, found = self.usual, []
        residual, gap = x - usual.mean(start), self._gap(start)
        for kept in self.watches:
            watch = kept.copy()
            watch.take(start, min(n, usual.most_events()), residual, usual, gap, self.effect)
            watch.settle(self.limit)
            found.append(watch.standing(self.limit))
        return found

    def standings(self) -> list[Moved]:
        """Where each direction stands; nothing before there is enough of a past."""
        return [watch.standing(self.limit) for watch in self.watches] if self.ready else []

    def snapshot(self) -> list[Any]:
        """Plain data."""
        return [[self.next, self.since], self.usual.snapshot(), [watch.snapshot() for watch in self.watches]]

    def restore(self, data: Any) -> None:
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError: if the data are not of that form.
        """
        times, usual, watches = data
        self.next, self.since = floats(times, 2)
        self.usual.restore(usual)
        if len(watches) == len(self.watches):
            for watch, kept in zip(self.watches, watches, strict=True):
                watch.restore(kept)


def limit_of(false_alerts_per_week: float) -> float:
    """The statistic, in blocks, at which a budget is kept in one direction."""
    return _SPENT * _WEEK_BLOCKS / false_alerts_per_week


def rarity_of(blocks: float) -> float:
    """Seconds between two moments at which chance alone brings the statistic to so many blocks."""
    return blocks / _SPENT * BLOCK_S
