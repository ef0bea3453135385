"""``surge`` on either broker: days of history, a restart, and then a burst in one theme of two."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Producer

from tests.support.brokers import Broker
from tests.support.reading import read_all, wait_for
from tests.support.workers import OWNERS, WorkerProcess

RULES = """
[[rules]]
name = "surge"
detector = "surge"
false_alerts_per_week = 0.1
levels = { low = 1.0, medium = 2.0, high = 4.0 }
min_count = 5
min_customers = 3

[ingest.flushing]
idle = "1s"
"""
DAYS, STEP = 3, timedelta(minutes=30)
USUAL = 10


class Feed:
    """Sends mentions of two themes, half an hour at a time."""

    def __init__(self, worker: WorkerProcess, at: datetime) -> None:
        self.worker, self.at, self.draw, self.sent = worker, at, Random(5), 0
        self._producer = Producer({"bootstrap.servers": worker.broker.bootstrap})

    def go(self, steps: int, login: int = USUAL) -> None:
        for _ in range(steps):
            times = [("login", self.draw.random()) for _ in range(login)]
            times += [("fees", self.draw.random()) for _ in range(USUAL)]
            for theme, share in sorted(times, key=lambda each: each[1]):
                when = self.at + share * STEP
                event = {"id": f"e{self.sent}", "time": when.isoformat(), "theme": theme, "customer": f"c{self.sent}"}
                self._producer.produce(self.worker.topics.feedback, json.dumps(event), partition=0)
                self.sent += 1
            self._producer.flush()
            self.at += STEP
            time.sleep(0.03)

    def wait(self) -> None:
        wait_for(lambda: self.worker.metric("groundswell_mentions_total") >= self.sent, 60, self.worker.log_end)

    def signals(self) -> list[tuple[str, str]]:
        found = [json.loads(one.value() or b"{}") for one in read_all(self.worker.broker, self.worker.topics.signals)]
        return sorted({(one["theme"], one["id"]) for one in found})


@pytest.mark.timeout(180)
def test_a_burst_is_told_and_the_usual_is_not(broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    body = RULES + OWNERS
    began = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS, hours=2)
    with WorkerProcess(broker, tmp_path, topic_prefix, body, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        feed = Feed(worker, began)
        feed.go(24 * 2 * DAYS)
        feed.wait()
        assert feed.signals() == []
        time.sleep(2.5)
        worker.kill()
    with WorkerProcess(broker, tmp_path, topic_prefix, body, 'checkpoint = "1s"') as worker:
        worker.start()
        feed.worker = worker
        feed.go(2, login=12 * USUAL)
        wait_for(lambda: len(feed.signals()) == 1, 30, worker.log_end)
        [(theme, _)] = feed.signals()
        assert theme == "login"
        wait_for(lambda: read_all(broker, worker.topics.assignments), 30, worker.log_end)
        assignment = json.loads(read_all(broker, worker.topics.assignments)[0].value() or b"{}")
        signal = assignment["signal"]
        assert signal["baseline"].startswith("young")
        assert "usual at this time" in signal["reason"]
        assert signal["observed"] > 2 * signal["expected"] > 0
