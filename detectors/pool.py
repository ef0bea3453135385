"""What the series of a tenant lend each other: the shape of their weeks."""

from math import isfinite
from typing import Any

import numpy as np

from detectors.season import Season, flat

_MEMORY = 0.998
_MOST_WEIGHT = 500.0


class Pool:
    """The average season of the series that know theirs; each counts by what it has seen, up to a bound.

    >>> pool = Pool(24)
    >>> pool.borrow() is None
    True
    >>> pool.lend(Season(np.r_[np.zeros(12), np.full(12, 2.0)], np.ones(7), 3.0, 0.0, 14))
    >>> float(pool.borrow().profile[20])
    2.0
    """

    __slots__ = ("_profile", "_weekdays", "_weight", "slots")

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._profile, self._weekdays, self._weight = np.zeros(slots), np.zeros(7), 0.0

    def lend(self, season: Season) -> None:
        """Take in the season of a series, as it has just been fitted."""
        weight = min(season.level * self.slots * season.days, _MOST_WEIGHT)
        if season.days < 1 or weight <= 0.0:
            return
        self._profile = _MEMORY * self._profile + weight * season.profile
        self._weekdays = _MEMORY * self._weekdays + weight * season.weekdays
        self._weight = _MEMORY * self._weight + weight

    def snapshot(self) -> list[Any]:
        """Plain data."""
        return [self._profile.tolist(), self._weekdays.tolist(), self._weight]

    def restore(self, data: list[Any]) -> None:
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError, TypeError: it is none, or one of other slots.
        """
        profile, weekdays, weight = data
        self._profile, self._weekdays = np.array(profile, float), np.array(weekdays, float)
        self._weight = float(weight)
        if self._profile.shape != (self.slots,) or self._weekdays.shape != (7,) or not isfinite(self._weight):
            raise ValueError(f"a pool of {self._profile.shape} and {self._weekdays.shape}, not of {self.slots} slots")

    def borrow(self) -> Season | None:
        """The average; None while nobody has lent anything."""
        if not self._weight:
            return None
        shared = flat(self.slots)
        return shared._replace(profile=self._profile / self._weight, weekdays=self._weekdays / self._weight)
