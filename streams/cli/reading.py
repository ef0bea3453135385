"""Reads a whole topic once, up to what is there when it begins. Joins no group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from streams.cli.common import Fail
from streams.clients import Clients

_ANSWER_S, _POLL_S = 10.0, 0.2
_SILENT_TURNS = 150


def whole_topic(clients: Clients, topic: str, partitions: int) -> Iterator[tuple[str, bytes | None]]:
    """(key, value) of every record, partition by partition in their order; None is a tombstone.

    Raises:
        Fail: the broker is gone, or answers no more.
    """
    consumer = Consumer(clients.consumer("groundswell-read", **{"enable.partition.eof": True}))
    try:
        ends = {number: _end(consumer, topic, number) for number in range(partitions)}
        missing = {number for number, end in ends.items() if end > 0}
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in sorted(missing)])
        silent = 0
        while missing:
            message = consumer.poll(_POLL_S)
            silent = silent + 1 if message is None else 0
            if silent > _SILENT_TURNS:
                raise Fail(f"topic {topic}: no answer for {_SILENT_TURNS * _POLL_S:.0f} s")
            if message is None:
                continue
            number, offset, error = message.partition(), message.offset(), message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    missing.discard(number or 0)
                elif error.code() == KafkaError._ALL_BROKERS_DOWN or error.fatal():
                    raise Fail(f"the broker is gone: {error.str()}")
                continue
            if number not in missing or offset is None:
                continue
            if offset + 1 >= ends[number]:
                missing.discard(number)
            if offset < ends[number]:
                yield _text(message.key()), _bytes(message.value())
    finally:
        consumer.close()


def _end(consumer: Consumer, topic: str, number: int) -> int:
    try:
        marks: Any = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_ANSWER_S)
    except KafkaException as error:
        raise Fail(f"topic {topic}, partition {number}: {error.args[0].str()}") from None
    if marks is None:
        raise Fail(f"topic {topic}, partition {number}: no answer in {_ANSWER_S:.0f} s")
    return int(marks[1])


def _text(key: str | bytes | None) -> str:
    return key.decode(errors="replace") if isinstance(key, bytes) else key or ""


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
