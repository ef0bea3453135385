"""Which records are under way, and up to where a partition may be committed. Pure."""

from typing import NamedTuple


class Place(NamedTuple):
    """A topic's partition."""

    topic: str
    partition: int


class Positions:
    """Records may be finished in any order; committed is only what everything before is finished of.

    >>> positions, place = Positions(), Place("cx.owner-assignments", 0)
    >>> positions.take(place, 7)
    >>> positions.take(place, 8)
    >>> positions.finish(place, 8)
    >>> positions.to_commit()
    {}
    >>> positions.finish(place, 7)
    >>> positions.to_commit()
    {Place(topic='cx.owner-assignments', partition=0): 9}
    """

    def __init__(self) -> None:
        # Offsets are taken in rising order, so the first key is the lowest.
        self._open: dict[Place, dict[int, None]] = {}
        self._next: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}

    @property
    def under_way(self) -> int:
        """Records taken and not finished."""
        return sum(map(len, self._open.values()))

    def take(self, place: Place, offset: int) -> None:
        """A record has come."""
        self._committed.setdefault(place, offset)
        self._open.setdefault(place, {})[offset] = None
        self._next[place] = offset + 1

    def finish(self, place: Place, offset: int) -> None:
        """All is done that it asked for; harmless if its partition has gone to somebody else."""
        self._open.get(place, {}).pop(offset, None)

    def low(self, place: Place) -> int | None:
        """The lowest offset that is not finished; None if nothing has come."""
        return next(iter(self._open.get(place, {})), self._next.get(place))

    def to_commit(self) -> dict[Place, int]:
        """The offsets that may be committed and were not handed out before."""
        found = {}
        for place in self._next:
            low = self.low(place)
            if low is not None and low > self._committed[place]:
                found[place] = self._committed[place] = low
        return found

    def forget(self, place: Place) -> None:
        """The partition is somebody else's."""
        for held in (self._open, self._next, self._committed):
            held.pop(place, None)
