"""Distinct customers in any sliding window, in bounded memory.

Each customer is a 64-bit hash with the last time it was heard. Once there are more than the
capacity, only hashes below a falling bound are kept: a uniform sample, so the count divided by
the kept share estimates the total (adaptive sampling: M. Wegman, in P. Flajolet, "On adaptive
sampling", Computing 43, 1990). A sample of many says nothing about a window of few, so the newest
ones are then kept besides, whatever their hash: "at least five" is answered exactly even after a
day of thousands. Merging is a maximum, so a replay changes nothing.
"""

from array import array
from collections.abc import Iterable

ALL_BITS = 64
_NEWEST = 64
_NEWEST_SLACK = 512


class Customers:
    """Who was heard when.

    Attributes:
        bits: ``last`` holds the customers whose hash is below ``2 ** bits``.
        newest: when anybody was last heard.
        recent: once that is a sample, the newest customers besides, all of those heard after ``floor``.

    >>> seen = Customers(capacity=4)
    >>> seen.heard([1 << 60, 2 << 60], at=100.0)
    >>> seen.heard([2 << 60, 3 << 60], at=200.0)
    >>> seen.distinct(since=50.0), seen.distinct(since=150.0)
    (3, 2)
    """

    __slots__ = ("bits", "capacity", "floor", "last", "newest", "recent")

    def __init__(self, capacity: int = 512) -> None:
        self.capacity = capacity
        self.bits = ALL_BITS
        self.last: dict[int, float] = {}
        self.recent: dict[int, float] = {}
        self.floor = self.newest = 0.0

    def heard(self, hashes: Iterable[int], at: float, bits: int = ALL_BITS) -> None:
        """Note that the customers ``hashes`` were heard at ``at`` (epoch seconds).

        Args:
            bits: only hashes below ``2 ** bits`` are listed, so only those can be kept.
        """
        if bits < self.bits:
            self._narrow(bits)
        last, bound = self.last, 1 << self.bits
        sampled = self.bits < ALL_BITS
        if at >= self.newest:
            # The common case, at the speed of a dict: nobody listed was heard later.
            self.newest = at
            if sampled:
                hashes = list(hashes)
                self.recent.update(dict.fromkeys(hashes, at))
                last.update(dict.fromkeys([customer for customer in hashes if customer < bound], at))
            else:
                last.update(dict.fromkeys(hashes, at))
            hashes = ()
        for customer in hashes:
            if customer < bound and last.get(customer, -1.0) < at:
                last[customer] = at
            if sampled and at > self.floor and self.recent.get(customer, -1.0) < at:
                self.recent[customer] = at
        if bits < ALL_BITS:
            self.floor = max(self.floor, at)
        while len(self.last) > self.capacity:
            self._narrow(self.bits - 1)
        if len(self.recent) > _NEWEST_SLACK:
            self._keep_newest()

    def _narrow(self, bits: int) -> None:
        if self.bits == ALL_BITS:
            self.recent = dict(self.last)
            self._keep_newest()
        self.bits = bits
        self.last = {customer: seen for customer, seen in self.last.items() if customer >> bits == 0}

    def _keep_newest(self) -> None:
        newest = sorted(self.recent.items(), key=lambda item: (-item[1], item[0]))
        if len(newest) > _NEWEST:
            self.floor = max(self.floor, newest[_NEWEST][1])
        self.recent = dict(newest[:_NEWEST])

    def distinct(self, since: float) -> int:
        """Customers heard after ``since``; estimated if there are many, and were more than the capacity."""
        kept = sum(1 for seen in self.last.values() if seen > since)
        if self.bits == ALL_BITS:
            return kept
        newest = sum(1 for seen in self.recent.values() if seen > since)
        return newest if since >= self.floor else max(newest, kept << (ALL_BITS - self.bits))

    def forget(self, before: float) -> None:
        """Drop customers not heard since ``before``; once the newest are all that is left, they are no sample."""
        if self.last and min(self.last.values()) < before:
            self.last = {customer: seen for customer, seen in self.last.items() if seen >= before}
        if self.bits < ALL_BITS and self.floor < before:
            self.last = {customer: seen for customer, seen in self.recent.items() if seen >= before}
            self.recent = {}
            self.bits, self.floor = ALL_BITS, 0.0

    def snapshot(self) -> list[object]:
        """Plain data: capacity, bits, packed hashes, packed times (float64), the same of the newest, floor."""
        return [self.capacity, self.bits, *_packed(self.last), *_packed(self.recent), self.floor]

    @classmethod
    def restore(cls, data: list[object]) -> "Customers":
        """The inverse of :meth:`snapshot`."""
        capacity, bits, hashes, times, recent_hashes, recent_times, floor = data
        assert isinstance(capacity, int)
        assert isinstance(bits, int)
        assert isinstance(floor, float)
        customers = cls(capacity)
        customers.bits, customers.floor = bits, floor
        customers.last = _unpacked(hashes, times)
        customers.recent = _unpacked(recent_hashes, recent_times)
        customers.newest = max([*customers.last.values(), *customers.recent.values()], default=0.0)
        return customers


def _packed(seen: dict[int, float]) -> tuple[bytes, bytes]:
    return array("Q", seen).tobytes(), array("d", seen.values()).tobytes()


def _unpacked(packed_hashes: object, packed_times: object) -> dict[int, float]:
    assert isinstance(packed_hashes, bytes)
    assert isinstance(packed_times, bytes)
    hashes, times = array("Q"), array("d")
    hashes.frombytes(packed_hashes)
    times.frombytes(packed_times)
    return dict(zip(hashes, times, strict=True))
