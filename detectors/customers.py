"""Distinct customers in any sliding window, in bounded memory.

Each customer is a 64-bit hash with the last time it was heard. Once there are more than the
capacity, only hashes below a falling bound are kept: a uniform sample, so the count divided by
the kept share estimates the total (adaptive sampling: M. Wegman, in P. Flajolet, "On adaptive
sampling", Computing 43, 1990). Merging is a maximum, so a replay changes nothing.
"""

from array import array
from collections.abc import Iterable

ALL_BITS = 64


class Customers:
    """Who was heard when.

    >>> seen = Customers(capacity=4)
    >>> seen.heard([1 << 60, 2 << 60], at=100.0)
    >>> seen.heard([2 << 60, 3 << 60], at=200.0)
    >>> seen.distinct(since=50.0), seen.distinct(since=150.0)
    (3, 2)
    """

    __slots__ = ("bits", "capacity", "last")

    def __init__(self, capacity: int = 512) -> None:
        self.capacity = capacity
        self.bits = ALL_BITS
        self.last: dict[int, float] = {}

    def heard(self, hashes: Iterable[int], at: float, bits: int = ALL_BITS) -> None:
        """Note that the customers ``hashes`` were heard at ``at`` (epoch seconds).

        Args:
            bits: only hashes below ``2 ** bits`` are listed, so only those can be kept.
        """
        if bits < self.bits:
            self._narrow(bits)
        last, bound = self.last, 1 << self.bits
        for customer in hashes:
            if customer < bound and last.get(customer, -1.0) < at:
                last[customer] = at
        while len(self.last) > self.capacity:
            self._narrow(self.bits - 1)

    def _narrow(self, bits: int) -> None:
        self.bits = bits
        self.last = {customer: seen for customer, seen in self.last.items() if customer >> bits == 0}

    def distinct(self, since: float) -> int:
        """Customers heard after ``since``; exact until the capacity was exceeded, else estimated."""
        kept = sum(1 for seen in self.last.values() if seen > since)
        return kept << (ALL_BITS - self.bits)

    def forget(self, before: float) -> None:
        """Drop customers not heard since ``before``; when none is left, all are kept again."""
        if self.last and min(self.last.values()) < before:
            self.last = {customer: seen for customer, seen in self.last.items() if seen >= before}
        if not self.last:
            self.bits = ALL_BITS

    def snapshot(self) -> list[object]:
        """Plain data: capacity, bits, packed hashes, packed times (float64)."""
        return [self.capacity, self.bits, array("Q", self.last).tobytes(), array("d", self.last.values()).tobytes()]

    @classmethod
    def restore(cls, data: list[object]) -> "Customers":
        """The inverse of :meth:`snapshot`."""
        capacity, bits, packed_hashes, packed_times = data
        assert isinstance(capacity, int)
        assert isinstance(bits, int)
        assert isinstance(packed_hashes, bytes)
        assert isinstance(packed_times, bytes)
        customers = cls(capacity)
        customers.bits = bits
        hashes, times = array("Q"), array("d")
        hashes.frombytes(packed_hashes)
        times.frombytes(packed_times)
        customers.last = dict(zip(hashes, times, strict=True))
        return customers
