"""Every event is counted once, whatever is killed when: compared with an oracle over the very input."""

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.codec import decode_assignment, decode_signal
from tests.support.brokers import Broker
from tests.support.reading import counted, read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess

TOP = 'checkpoint = "1s"'
BODY = RULES + OWNERS + "[ingest.counting]\nchunk_records = 512\n"
"""Chunks of about a second, so that many are finished and committed between two kills."""
EVENTS = 40_000
RATE = 4000
THEMES = 50


class Load:
    """Sends seeded events at a steady rate from a thread of its own, and remembers what it sent."""

    def __init__(self, bootstrap: str, topics: tuple[str, str], partitions: int, events: int, seed: int) -> None:
        self.sent: Counter[tuple[str, int]] = Counter()
        self._args = (bootstrap, topics, partitions, events, seed)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        bootstrap, topics, partitions, events, seed = self._args
        draw = random.Random(seed)
        producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5})
        began = time.monotonic()
        for n in range(events):
            theme = f"theme-{draw.randrange(THEMES)}"
            now = datetime.now(UTC)
            self.sent[theme, int(now.timestamp()) // 60 * 60] += 1
            event = {"id": f"e{n}", "time": now.isoformat(), "theme": theme, "customer": f"c{draw.randrange(900)}"}
            producer.produce(topics[n % 2], orjson.dumps(event), partition=draw.randrange(partitions))
            if n % 200 == 0:
                producer.poll(0)
                time.sleep(max(0.0, began + n / RATE - time.monotonic()))
        producer.flush()

    def wait(self) -> None:
        """Until all is sent."""
        self._thread.join(timeout=120)
        assert not self._thread.is_alive()


def check_against_oracle(worker: WorkerProcess, load: Load) -> None:
    """Counts are the oracle's to the event; every id and revision has one meaning; nothing waits unsent."""
    expected = dict(load.sent)
    changelog = worker.topics.series_log
    wait_for(
        lambda: sum(counted(worker.broker, changelog).values()) >= sum(expected.values()),
        60,
        lambda: f"{sum(counted(worker.broker, changelog).values())} of {sum(expected.values())}",
    )
    time.sleep(3)  # A doubled event would come now.
    assert counted(worker.broker, changelog) == expected
    meanings: dict[tuple[str, int], bytes] = {}
    opened: set[str] = set()
    for message in read_all(worker.broker, worker.topics.signals):
        value = message.value()
        assert isinstance(value, bytes)
        signal = decode_signal(value)
        opened.add(signal.id)
        assert meanings.setdefault((signal.id, signal.revision), value) == value
    assert len(opened) == THEMES
    assigned: dict[tuple[str, int], bytes] = {}
    for message in read_all(worker.broker, worker.topics.assignments):
        value = message.value()
        assert isinstance(value, bytes)
        assignment = decode_assignment(value)
        assert assigned.setdefault((assignment.signal_id, assignment.revision), value) == value
    assert {signal_id for signal_id, _ in assigned} == opened
    newest = {signal_id: max(r for s, r in meanings if s == signal_id) for signal_id in opened}
    last = {s: decode_assignment(v).signal.revision for (s, _), v in sorted(assigned.items())}
    assert last == newest


@pytest.mark.timeout(240)
def test_counts_are_exact_across_kill_and_restart(real_kafka: Broker, tmp_path: Path, topic_prefix: str) -> None:
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY, TOP) as worker:
        worker.create_topics().start()
        load = Load(real_kafka.bootstrap, worker.topics.inputs, real_kafka.partitions, EVENTS, seed=1)  # type: ignore[arg-type]
        draw = random.Random(5)
        for _ in range(2):
            time.sleep(draw.uniform(1.5, 3.5))
            worker.kill()
            worker.start()
        load.wait()
        check_against_oracle(worker, load)


@pytest.mark.timeout(240)
def test_counts_are_exact_when_one_of_two_workers_is_killed(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    with (
        WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY, TOP, name="a") as first,
        WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY, TOP, name="b") as second,
    ):
        first.create_topics().start()
        load = Load(real_kafka.bootstrap, first.topics.inputs, real_kafka.partitions, EVENTS, seed=2)  # type: ignore[arg-type]
        second.start()
        time.sleep(2.0)
        first.kill()
        time.sleep(1.0)
        first.start()
        load.wait()
        check_against_oracle(first, load)
