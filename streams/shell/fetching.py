"""Whole record batches out of a fetch, without an object and three function calls for each record.

aiokafka unpacks a fetched partition one record at a time. For the topics registered here it hands
on each Kafka record batch as one list of its own light records (offset, timestamp, key, value,
headers), or even as it is, for another process to unpack; what is aborted, of the broker's own, or
before the position is left out as before.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException

from streams.counting.packed import Packed
from streams.shell.unpacking import Fetched

_topics: set[str] = set()
"""Topics whose consumers in this process expect lists of records."""
_packed: set[str] = set()
"""Those among them whose consumers expect batches that are not unpacked."""


class WholeBatches(PartitionRecords):  # type: ignore[misc]
    """A fetched partition that yields lists of records, or of batches."""

    def _unpack_records(self) -> Iterator[list[Any]]:
        fetched: Fetched = self._records
        stay_packed = self._tp.topic in _packed
        while fetched.has_next():
            batch = fetched.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            begins_at, wanted_from = batch.base_offset, self._wanted_from()
            aborted = self._isolation_level == READ_COMMITTED and self._aborted(batch)
            self.next_fetch_offset = batch.next_offset
            if aborted or batch.is_control_batch:
                continue
            if stay_packed:
                first, last = max(begins_at, wanted_from), batch.next_offset - 1
                if first <= last:
                    yield [Packed(fetched.packed, first, last, batch.max_timestamp, batch.timestamp_type or 0)]
                continue
            records = list(batch)
            if begins_at < wanted_from:
                records = [record for record in records if record.offset >= wanted_from]
            if records:
                yield records

    def _wanted_from(self) -> int:
        offset: int = self.next_fetch_offset
        return offset

    def _aborted(self, batch: Any) -> bool:
        """Whether the batch belongs to a transaction that was rolled back."""
        if batch.producer_id is None:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch:
            if self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            return False
        return bool(batch.is_transactional and batch.producer_id in self._aborted_producers)


def _partition_records(tp: Any, *args: Any, **kwargs: Any) -> Any:
    kind = WholeBatches if tp.topic in _topics else PartitionRecords
    return kind(tp, *args, **kwargs)


def fetch_whole_batches(topics: set[str], packed: Iterable[str] = ()) -> None:
    """Let fetches of ``topics`` come as lists of records, in every consumer of this process.

    Args:
        packed: topics whose batches come as :class:`streams.counting.packed.Packed` instead.
    """
    _topics.update(topics)
    _packed.update(packed)
    fetcher.MemoryRecords = Fetched
    fetcher.PartitionRecords = _partition_records
