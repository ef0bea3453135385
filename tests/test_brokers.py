"""The brokers that the other tests stand on keep what they are given."""

from __future__ import annotations

import pytest
from confluent_kafka import Consumer, Producer

from streams.embedded import EmbeddedBroker
from tests.support.brokers import Broker
from tests.support.real_kafka import LocalKafka

RECORDS = {f"key-{number}".encode(): f"value-{number}".encode() for number in range(1_000)}


def produce(bootstrap: str, topic: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for key, value in RECORDS.items():
        producer.produce(topic, value, key)
    assert producer.flush(30) == 0


def consume(bootstrap: str, topic: str, group: str) -> list[tuple[bytes | None, bytes | None]]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    found: list[tuple[bytes | None, bytes | None]] = []
    try:
        while len(found) < len(RECORDS):
            batch = consumer.consume(len(RECORDS), timeout=30)
            assert batch, f"only {len(found)} of {len(RECORDS)} records came back"
            for message in batch:
                assert message.error() is None
                found.append((message.key(), message.value()))
    finally:
        consumer.close()
    return found


def test_a_broker_gives_back_every_record_once(broker: Broker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}words"
    broker.create_topics(topic)
    produce(broker.bootstrap, topic)

    found = consume(broker.bootstrap, topic, f"{topic_prefix}readers")

    assert sorted(found) == sorted(RECORDS.items())


def test_a_topic_has_as_many_partitions_as_the_broker_says(broker: Broker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}words"
    broker.create_topics(topic)

    found = Producer({"bootstrap.servers": broker.bootstrap}).list_topics(topic, timeout=30)

    assert len(found.topics[topic].partitions) == broker.partitions == 4


def test_records_survive_a_killed_broker(own_kafka: LocalKafka) -> None:
    Broker(own_kafka.bootstrap, "real", "own").create_topics("words")
    produce(own_kafka.bootstrap, "words")

    own_kafka.kill()
    assert not own_kafka.running
    own_kafka.start()

    assert sorted(consume(own_kafka.bootstrap, "words", "readers")) == sorted(RECORDS.items())


def test_a_paused_broker_delivers_after_it_resumes(own_kafka: LocalKafka) -> None:
    Broker(own_kafka.bootstrap, "real", "own").create_topics("words")
    producer = Producer({"bootstrap.servers": own_kafka.bootstrap, "enable.idempotence": True})
    delivered: list[object] = []

    own_kafka.pause()
    producer.produce("words", b"value", b"key", on_delivery=lambda error, _: delivered.append(error))
    assert producer.flush(1) == 1
    assert delivered == []
    own_kafka.resume()

    assert producer.flush(30) == 0
    assert delivered == [None]


def test_the_embedded_broker_says_when_it_does_not_run() -> None:
    broker = EmbeddedBroker()
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap
    with broker:
        assert broker.bootstrap.startswith("127.0.0.1:")
        with pytest.raises(RuntimeError, match="already running"):
            broker.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap
