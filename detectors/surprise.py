"""How much each number of a stream surprises, given the numbers before it: one pass, nothing to set."""

from __future__ import annotations

from collections import deque
from math import isfinite
from typing import Any, Final

from detectors.surprise_alert import AlertScore
from detectors.surprise_rank import PastRank
from detectors.surprise_season import Slots
from detectors.surprise_window import Window

_MEMORY, _EVERY = 6000, 3
_TWO_SIDED: Final = (True, False, True, True, True, True, True, True, True)
_WARM: Final = 20
_SMOOTHED: Final = 6
_DAY_S: Final = 86_400
_FARTHEST: Final = 1e100
_ABSENT: Final = 1.0
_VERSION: Final = 1


class Surprise:
    """Scores a stream of (time, number) by nine views of it, each calibrated against its own past.

    The views: the number; its step from the one before; mean and deviation of the last 12; deviation of the last 48;
    mean step of the last 12; the distance from the usual number at this time of the day, and its mean over 36; the
    distance from the usual number at this hour of the week. Each view's tail probability in the past 6,000 numbers is
    conformal, so views of any unit can be added as -log p (Fisher's method, Statistical Methods for Research Workers,
    1932, here for views that depend on each other). A view that is not there yet, such as the week's in the first
    week, counts as an ordinary one. The sum is averaged over 6 numbers, held against a bar that rises with the length
    of the past, and an alert is followed by a refractory time: see :class:`AlertScore`.

    Of each view every third number is remembered, 2,000 of them, in two orders; of each slot of the day or the week
    at most 120. So memory is bounded by 62,000 floats.

    >>> surprise = Surprise()
    >>> scores = [surprise.update(300.0 * n, 10.0 + n % 7 + (n >= 900) * 50.0) for n in range(1000)]
    >>> [n for n, score in enumerate(scores) if score >= 0.5]
    [902]
    """

    def __init__(self) -> None:
        self._known, self._last = 0, 0.0
        self._short, self._long, self._steps, self._off = Window(12), Window(48), Window(12), Window(36)
        self._day, self._week = Slots(_DAY_S, 1800, 60), Slots(7 * _DAY_S, 3600, 60)
        self._ranks = [PastRank(_MEMORY // _EVERY, _EVERY, two_sided=both) for both in _TWO_SIDED]
        self._recent: deque[float] = deque(maxlen=_SMOOTHED)
        self._alert = AlertScore()

    def update(self, at: float, value: float) -> float:
        """The score of ``value`` at ``at``, epoch seconds; 0 for one of the first 20.

        What is no finite number scores 0 and changes nothing.
        """
        if not isfinite(value):
            return 0.0
        value = max(-_FARTHEST, min(value, _FARTHEST))
        step = abs(value - self._last) if self._known else 0.0
        self._last = value
        self._known += 1
        value_rank, step_rank, mean_rank, short_rank, long_rank, steps_rank, day_rank, off_rank, week_rank = self._ranks
        total = value_rank.surprise(value) + step_rank.surprise(step)
        total += mean_rank.surprise(self._short.push(value)) + short_rank.surprise(self._short.deviation())
        self._long.push(value)
        total += long_rank.surprise(self._long.deviation()) + steps_rank.surprise(self._steps.push(step))
        off = self._day.residual(at, value)
        if off is None:
            total += 2 * _ABSENT
        else:
            total += day_rank.surprise(off) + off_rank.surprise(self._off.push(off))
        off = self._week.residual(at, value)
        total += _ABSENT if off is None else week_rank.surprise(off)
        recent = self._recent
        recent.append(total)
        if self._known <= _WARM:
            return 0.0
        return self._alert.update(sum(recent) / len(recent), self._known)

    def snapshot(self) -> dict[str, Any]:
        """Plain data for :meth:`restore`: numbers, lists and None."""
        parts: list[Any] = [part.snapshot() for part in self._parts()]
        return {
            "version": _VERSION,
            "known": self._known,
            "last": self._last,
            "recent": list(self._recent),
            "of": parts,
        }

    @classmethod
    def restore(cls, snapshot: dict[str, Any]) -> Surprise:
        """A scorer that goes on as the one did that gave the snapshot.

        Raises:
            ValueError: the snapshot is of another version.
        """
        if snapshot.get("version") != _VERSION:
            raise ValueError(f"snapshot of version {snapshot.get('version')}, this is {_VERSION}")
        one = cls()
        one._known, one._last = int(snapshot["known"]), float(snapshot["last"])
        one._recent.extend(map(float, snapshot["recent"]))
        for part, kept in zip(one._parts(), snapshot["of"], strict=True):
            part.restore(kept)
        return one

    def _parts(self) -> list[Window | Slots | PastRank | AlertScore]:
        return [self._short, self._long, self._steps, self._off, self._day, self._week, *self._ranks, self._alert]
