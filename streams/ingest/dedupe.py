"""Sources deliver at least once: an event id repeated within a window counts once.

What is remembered belongs to one source partition and lives in memory. It is rebuilt from the
start of the current chunk after a restart, so a repeat of an event from an earlier chunk, sent
just before a restart and again just after it, is counted twice.
"""

from collections.abc import Hashable


class RecentIds:
    """Event ids of the last window, in two generations, so that forgetting is cheap.

    Args:
        window_s: how long an id is remembered; between one and two windows in fact.
        capacity: most ids a generation holds; a fuller one ages early.

    >>> ids = RecentIds(window_s=600.0, capacity=1000)
    >>> ids.repeated("a", 0.0), ids.repeated("a", 599.0), ids.repeated("a", 1900.0)
    (False, True, False)
    """

    __slots__ = ("_capacity", "_new", "_old", "_since", "_window_s")

    def __init__(self, window_s: float, capacity: int) -> None:
        self._window_s, self._capacity = window_s, capacity
        self._new: set[int] = set()
        self._old: set[int] = set()
        self._since = 0.0

    def repeated(self, key: Hashable, at: float) -> bool:
        """Whether ``key`` was seen within the window before ``at`` (seconds of the record's own time)."""
        hashed, new, old = hash(key), self._new, self._old
        known = len(new)
        if at - self._since > self._window_s or known >= self._capacity:
            old = self._old = new if at - self._since <= 2 * self._window_s else set()
            new = self._new = set()
            self._since, known = at, 0
        if old and hashed in old:
            return True
        # One look-up instead of two: a set that did not grow held it already.
        new.add(hashed)
        return len(new) == known
