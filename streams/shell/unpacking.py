"""Record batches as the broker stores them: handed on whole, and unpacked by whoever counts them."""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka.record.memory_records import MemoryRecords

from streams.counting.packed import Packed

_HEAD = struct.Struct(">qi")
"""Of a batch of any version: its first offset, and how many bytes follow."""


class Fetched:
    """A partition's part of a fetch: what aiokafka asks of it, and each batch's bytes beside.

    Attributes:
        packed: the bytes of the batch that :meth:`next_batch` gave last.
    """

    __slots__ = ("_at", "_data", "_records", "packed")

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._records = data, 0, MemoryRecords(data)
        self.packed = b""

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        """Of all of it."""
        return int(self._records.size_in_bytes())

    def next_batch(self) -> Any:
        """The next batch, not unpacked."""
        batch = self._records.next_batch()
        if batch is not None:
            end = self._at + _HEAD.size + _HEAD.unpack_from(self._data, self._at)[1]
            self.packed, self._at = self._data[self._at : end], end
        return batch


def unpacked(batches: Iterable[Packed]) -> Iterator[list[Any]]:
    """The wanted records (offset, timestamp, value, key, headers) of each batch."""
    for packed in batches:
        fetched = MemoryRecords(packed.data)
        while fetched.has_next():
            batch = fetched.next_batch()
            whole = batch.base_offset >= packed.first
            yield list(batch) if whole else [record for record in batch if record.offset >= packed.first]
