"""Reads changelog partitions up to given offsets, as fast as a plain consumer can. Blocking: for a thread."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.claims import BEFORE_CLAIMS, EPOCH_HEADER, Entry, Replayed

_BATCH = 5000
_TURN_S = 0.2
# What a later attempt may mend; everything else is told.
PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
    }
)


class LogUnreadable(RuntimeError):
    """A changelog cannot be read; the message names it and says why."""


class Cancelled(Exception):
    """Nobody wants the result any more."""


def replay(
    config: dict[str, Any],
    topic: str,
    ends: Mapping[int, int],
    *,
    cancelled: Callable[[], bool],
    progressed: Callable[[int], None],
) -> dict[int, Replayed]:
    """Each partition's log, from its beginning up to and without an offset.

    Args:
        config: of the consumer.
        ends: partition -> offset of its claim; something is known to be there.
        cancelled: asked now and then.
        progressed: told how many records have come.

    Raises:
        LogUnreadable: naming the topic.
        Cancelled: as asked.
    """
    logs = {partition: Replayed() for partition in ends}
    for partition, entries in _read(config, topic, dict.fromkeys(ends, OFFSET_BEGINNING), ends, cancelled):
        logs[partition].take(entries)
        progressed(len(entries))
    return logs


def read_range(config: dict[str, Any], topic: str, partition: int, first: int, end: int, tries: int) -> list[Entry]:
    """The records of ``[first, end)``, as far as they are there.

    Raises:
        LogUnreadable: naming the topic, also if it does not answer within ``tries`` turns of 0.2 s.
    """
    left = iter(range(tries))
    found: list[Entry] = []
    try:
        reading = _read(config, topic, {partition: first}, {partition: end}, lambda: next(left, None) is None)
        for _, entries in reading:
            found += entries
    except Cancelled:
        raise LogUnreadable(f"{topic}, partition {partition}: no answer for {tries * _TURN_S:.0f} s") from None
    return found


def _read(
    config: dict[str, Any],
    topic: str,
    begins: Mapping[int, int],
    ends: Mapping[int, int],
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, list[Entry]]]:
    missing = {partition for partition, end in ends.items() if end > 0}
    with _consumer({**config, "enable.partition.eof": True, "auto.offset.reset": "error"}) as consumer:
        consumer.assign([TopicPartition(topic, partition, begins[partition]) for partition in sorted(missing)])
        while missing:
            if cancelled():
                raise Cancelled
            batches: dict[int, list[Entry]] = {}
            for message in consumer.consume(_BATCH, _TURN_S):
                partition, offset = message.partition(), message.offset()
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    if error.code() in PASSING:
                        continue
                    raise LogUnreadable(f"{topic}, partition {partition}: {error.str()}")
                if partition not in missing or offset is None:
                    continue
                # Compaction may have taken the very last record, so what comes after it counts as well.
                if offset >= ends[partition]:
                    missing.discard(partition)
                elif error is None:
                    batches.setdefault(partition, []).append(_entry(message, offset))
                    if offset + 1 == ends[partition]:
                        missing.discard(partition)
            yield from batches.items()


@contextmanager
def _consumer(config: dict[str, Any]) -> Iterator[Consumer]:
    try:
        consumer = Consumer(config)
    except KafkaException as error:
        raise LogUnreadable(f"no consumer can be made: {error.args[0].str()}") from None
    try:
        yield consumer
    finally:
        consumer.close()


def _entry(message: Message, offset: int) -> Entry:
    key, value = message.key(), message.value()
    epoch = BEFORE_CLAIMS
    headers: Any = message.headers() or ()
    for name, data in headers:
        if name == EPOCH_HEADER and data is not None:
            epoch = int.from_bytes(data, "big", signed=True)
    assert isinstance(key, bytes), f"{message.topic()}: the record at offset {offset} has no key"
    assert value is None or isinstance(value, bytes)
    return Entry(offset, epoch, key, value)
