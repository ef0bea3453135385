"""A worker that counts in processes of its own, on either broker: exact, with dead letters, and nobody left behind."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.support.brokers import Broker
from tests.support.reading import read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess

BODY = f"{RULES}{OWNERS}\n[ingest]\nprocesses = 2\n"


def children(pid: int) -> list[int]:
    found = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [each for one in found for each in children(one)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.timeout(180)
def test_counted_in_processes(broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    with WorkerProcess(broker, tmp_path, topic_prefix, BODY, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        now = datetime.now(UTC).isoformat()
        for number in range(600):
            event = {"id": f"e{number}", "time": now, "theme": f"theme-{number % 5}", "customer": f"c{number}"}
            value = "{" if number % 100 == 99 else json.dumps(event)
            producer.produce(worker.topics.feedback, value, partition=number % broker.partitions)
        producer.flush()
        wait_for(lambda: worker.metric("groundswell_mentions_total") == 594, 30, worker.log_end)
        wait_for(lambda: worker.metric("groundswell_events_total") == 594, 30, worker.log_end)
        wait_for(lambda: len(read_all(broker, worker.topics.dead_letters)) == 6, 30, worker.log_end)
        counting = children(worker.pid)
        assert len(counting) == 2
        worker.kill()
        wait_for(lambda: not any(map(alive, counting)), 10)


@pytest.mark.timeout(180)
def test_a_worker_does_not_go_on_without_them(embedded_broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    with WorkerProcess(embedded_broker, tmp_path, topic_prefix, BODY) as worker:
        worker.create_topics().start()
        time.sleep(0.5)
        os.kill(children(worker.pid)[0], 9)
        wait_for(lambda: worker.returncode is not None, 30, worker.log_end)
        assert worker.returncode != 0
        assert "counting process" in worker.log_end()
