"""No batch reaches an agent out of order: what lies between two batches has been read, or is not there.

After a rebalance Faust hands on batches from where a partition had been read to, before its seek
back to the committed offset takes effect. A chunk that begins in its middle loses the rest.
"""

from collections.abc import Mapping

from faust.types import TP


class Continuity:
    """The next offset of each partition, and whether a batch may pass.

    >>> tp, continuity = TP("t", 0), Continuity()
    >>> continuity.admit(tp, 512, 600)
    False
    >>> continuity.open({tp: 512}) == {tp: 512}
    True
    >>> continuity.admit(tp, 995, 999), continuity.gap(tp)
    (False, 512)
    >>> continuity.admit(tp, 512, 994), continuity.gap(tp)
    (True, None)
    """

    def __init__(self) -> None:
        self._next: dict[TP, int] = {}
        self._gaps: dict[TP, int] = {}
        self._first_seen: dict[TP, int] = {}
        self._turned_away: set[TP] = set()

    def close(self) -> None:
        """Nothing passes until :meth:`open`: the partitions are being shared out, or sought."""
        self._next.clear()
        self._gaps.clear()
        self._first_seen.clear()

    def open(self, offsets: Mapping[TP, int]) -> dict[TP, int]:
        """The partitions, and the offset each is read from now on.

        Returns:
            those whose batches were turned away meanwhile, and must be sought once more.
        """
        self.close()
        self._next.update(offsets)
        again = {tp: offset for tp, offset in offsets.items() if tp in self._turned_away}
        self._turned_away.clear()
        return again

    def admit(self, tp: TP, first: int, last: int) -> bool:
        """Whether a batch with these offsets may pass.

        One that leaves a gap may not; :meth:`gap` then says where to seek to. The broker answering
        with the same offset again means that there is nothing in between (expired, compacted, or a
        transaction's marker).
        """
        expected = self._next.get(tp)
        if expected is None:
            self._turned_away.add(tp)
            return False
        if first > expected and self._first_seen.get(tp) != first:
            self._first_seen[tp] = first
            self._gaps[tp] = expected
            return False
        self._first_seen.pop(tp, None)
        self._next[tp] = last + 1
        return True

    def next_offset(self, tp: TP) -> int | None:
        """The offset after the last batch that passed, or where the first is to begin; None while closed."""
        return self._next.get(tp)

    def gap(self, tp: TP) -> int | None:
        """Where to seek to after a batch that left a gap; asked once."""
        return self._gaps.pop(tp, None)
