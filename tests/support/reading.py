"""Reading a topic from its beginning, and the panes that a changelog's checkpoints hold."""

import time
from collections.abc import Callable
from functools import partial

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from detectors.compression import plain
from detectors.history import History
from detectors.panes import PANE_S
from detectors.series import Record
from tests.support.brokers import Broker
from tests.support.patience import patiently


def read_all(broker: Broker, topic: str, *, timeout_s: float = 30.0) -> list[Message]:
    """Every record of a topic, up to where it ends now."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    metadata = patiently(lambda: admin.list_topics(topic, timeout=10)).topics[topic]
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": f"read-{topic}", "enable.auto.commit": False}
    )
    try:
        ends: dict[int, int] = {}
        for number in metadata.partitions:
            place = TopicPartition(topic, number)
            low, high = patiently(partial(consumer.get_watermark_offsets, place, timeout=10))
            if high > low:
                ends[number] = high
        consumer.assign([TopicPartition(topic, number, 0) for number in ends])
        found: list[Message] = []
        reached: dict[int, int] = {}
        deadline = time.monotonic() + timeout_s
        while any(reached.get(number, 0) < end for number, end in ends.items()):
            assert time.monotonic() < deadline, f"{topic}: read {reached} of {ends}"
            for message in consumer.consume(1000, 0.5):
                if message.error() is None:
                    found.append(message)
                    reached[message.partition() or 0] = (message.offset() or 0) + 1
        return found
    finally:
        consumer.close()


def wait_for(condition: Callable[[], bool], timeout_s: float, what: Callable[[], str] = str) -> None:
    """Wait until ``condition`` holds; fail with ``what`` says otherwise."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what()}"
        time.sleep(0.1)


def counted(broker: Broker, changelog: str) -> dict[tuple[str, int], int]:
    """(theme, pane) -> mentions, as the newest checkpoints in a changelog say."""
    newest: dict[bytes, bytes] = {}
    for message in read_all(broker, changelog):
        key, value = message.key(), message.value()
        assert isinstance(key, bytes)
        assert isinstance(value, bytes)
        newest[key] = value
    panes: dict[tuple[str, int], int] = {}
    for key, value in newest.items():
        if key.startswith(b"\x1f"):
            continue
        record = msgspec.msgpack.decode(plain(value), type=Record)
        for pane, row in History.restore(record.history).mentions.rows.items():
            assert pane % PANE_S == 0
            panes[record.theme, pane] = panes.get((record.theme, pane), 0) + int(row[0])
    return panes
