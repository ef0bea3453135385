"""What cannot be taken lands in dead-letters as it came, with the reason, and the stream goes on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.cloudevents import headers_for
from tests.support.brokers import Broker
from tests.support.reading import counted, read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess

NOW = datetime.now(UTC)


def event(number: int, **fields: object) -> dict[str, object]:
    return {"id": f"e{number}", "time": NOW.isoformat(), "theme": "login-failure", **fields}


def poisons() -> dict[str, tuple[bytes | None, str]]:
    """Name -> (value, reason)."""
    future, past = (NOW + timedelta(days=2)).isoformat(), "1901-01-01T00:00:00Z"
    return {
        "not json": (b"complaint: cannot log in", "not-json"),
        "wrong type": (json.dumps(event(1, sentiment="bad")).encode(), "wrong-type"),
        "missing id": (json.dumps({"time": NOW.isoformat(), "theme": "x"}).encode(), "missing-field"),
        "no offset": (json.dumps(event(2, time="2026-01-01T00:00:00")).encode(), "bad-time"),
        "far future": (json.dumps(event(3, time=future)).encode(), "far-future"),
        "too old": (json.dumps(event(4, time=past)).encode(), "too-old"),
        "long text": (json.dumps(event(5, theme=None, text="x" * 900_000)).encode(), "too-large"),
        "null bytes": (json.dumps(event(6, theme="a\0b")).encode(), "null-bytes"),
        "no value": (None, "null-value"),
        "version": (json.dumps(event(7, schema_version=99)).encode(), "unknown-schema-version"),
        "not utf-8": (b'{"id": "\xff\xfe"}', "not-utf8"),
        "nothing to count": (json.dumps({"id": "e8", "time": NOW.isoformat()}).encode(), "no-theme-or-text"),
    }


@pytest.mark.timeout(120)
def test_poison_goes_to_dead_letters_and_the_rest_is_counted(broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    bad = poisons()
    with WorkerProcess(broker, tmp_path, topic_prefix, RULES + OWNERS) as worker:
        worker.create_topics().start()
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        topic = worker.topics.interactions
        for number, (name, (value, _)) in enumerate(bad.items()):
            producer.produce(topic, json.dumps(event(100 + number)), partition=0)
            producer.produce(topic, value, key=name, headers=[("source", b"test")], partition=0)
        producer.produce(topic, json.dumps(event(200, mood="unknown fields are no mistake")), partition=0)
        binary = headers_for("review", "/app-store", "ce-1", NOW)
        producer.produce(topic, json.dumps({"theme": "login-failure"}), headers=binary, partition=0)
        envelope = {"specversion": "1.0", "id": "ce-2", "time": NOW.isoformat(), "type": "t", "source": "/s"}
        structured = json.dumps({**envelope, "data": {"theme": "login-failure"}})
        producer.produce(topic, structured, headers=[("content-type", b"application/cloudevents+json")], partition=0)
        producer.flush()
        good = len(bad) + 3
        wait_for(lambda: worker.metric("groundswell_mentions_total") >= good, 30, worker.log_end)
        assert worker.metric("groundswell_mentions_total") == good
        wait_for(lambda: worker.metric("groundswell_dead_letters_total") >= len(bad), 10)
        assert worker.ready()
        assert worker.returncode is None
        letters = {message.key(): message for message in read_all(broker, worker.topics.dead_letters)}
    assert len(letters) == len(bad)
    for name, (value, reason) in bad.items():
        message = letters[name.encode()]
        headers = dict(message.headers() or [])
        assert message.value() == value
        assert headers["groundswell.reason"] == reason.encode(), name
        assert headers["source"] == b"test"
        assert headers["__connect.errors.topic"] == topic.encode()
        assert headers["__connect.errors.partition"] == b"0"
        assert headers["__connect.errors.offset"].isdigit()
        assert headers["__connect.errors.exception.message"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("chunk_records", [32_768, 2], ids=["in one chunk", "in an earlier chunk"])
def test_an_id_repeated_within_the_window_counts_once_also_after_a_restart(
    broker: Broker, tmp_path: Path, topic_prefix: str, chunk_records: int
) -> None:
    """What is not finished is counted again from the chunk's start; of what is, the ids are recalled."""
    body = RULES + OWNERS + f"[ingest.counting]\nchunk_records = {chunk_records}\n"
    with WorkerProcess(broker, tmp_path, topic_prefix, body, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        topic = worker.topics.feedback

        def send(*numbers: int) -> None:
            for number in numbers:
                producer.produce(topic, json.dumps(event(number)), partition=1)
            producer.flush()

        send(1, 2, 1, 1, 2)
        wait_for(lambda: worker.metric("groundswell_events_repeated_total") == 3, 20, worker.log_end)
        finished = 5 // chunk_records * chunk_records
        wait_for(lambda: committed(worker, topic, 1) == finished, 20, lambda: str(committed(worker, topic, 1)))
        worker.kill()
        worker.start()
        send(2, 3)
        again = 3 if finished == 0 else 1
        wait_for(lambda: worker.metric("groundswell_events_repeated_total") == again + 1, 20, worker.log_end)
        wait_for(lambda: sum(counted(broker, worker.topics.series_log).values()) >= 3, 20, worker.log_end)
        assert sum(counted(broker, worker.topics.series_log).values()) == 3
        [signal] = [json.loads(message.value() or b"{}") for message in read_all(broker, worker.topics.signals)]
        assert (signal["mentions"], signal["total_mentions"]) == (3, 3)


def committed(worker: WorkerProcess, topic: str, partition: int) -> int:
    """The committed offset of the worker's group; 0 if there is none."""
    config = {"bootstrap.servers": worker.broker.bootstrap, "group.id": worker.settings.kafka.group}
    consumer = Consumer(config)
    try:
        [found] = consumer.committed([TopicPartition(topic, partition)], timeout=10)
        return max(0, found.offset)
    finally:
        consumer.close()
