"""From the third complaint to the resolution, on either broker, across a restart."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.support.brokers import Broker
from tests.support.reading import read_all, wait_for
from tests.support.workers import WorkerProcess

BODY = """
[[rules]]
name = "complaints"
detector = "count"
themes = ["login-failure"]
window = "5h"
levels = { low = 3, critical = 15 }
resolve_after = "30m"

[ingest]
taxonomy = "taxonomy.toml"
[ingest.flushing]
idle = "1s"

[ownership]
default = { role = "cx-operations", accountable = "head-of-cx" }
[[ownership.rules]]
name = "mobile"
match = { theme = "login-*", severity = "critical" }
role = "product-mobile"
accountable = "vp-product"
"""
TAXONOMY = """
[themes.login-failure]
phrases = ["cannot log in", "login fails"]
[themes.fees]
phrases = ["hidden fee"]
"""


class Story:
    """Sends complaints with given event times, and reads what comes of them."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker = worker
        self._producer = Producer({"bootstrap.servers": worker.broker.bootstrap})

    def say(self, number: int, at: datetime, **fields: object) -> None:
        event = {"id": f"e{number}", "time": at.isoformat(), "customer": f"c{number}", **fields}
        self._producer.produce(self.worker.topics.feedback, json.dumps(event), partition=0)
        self._producer.flush()

    def act(self, signal_id: str, kind: str) -> None:
        action = {"id": "a1", "signal_id": signal_id, "kind": kind, "at": "2026-01-01T00:00:00Z", "by": "sam"}
        self._producer.produce(self.worker.topics.actions, json.dumps(action), key=signal_id)
        self._producer.flush()

    def assignments(self) -> list[dict[str, object]]:
        found = [
            json.loads(one.value() or b"{}") for one in read_all(self.worker.broker, self.worker.topics.assignments)
        ]
        return sorted({one["revision"]: one for one in found}.values(), key=lambda one: int(str(one["revision"])))

    def wait(self, revisions: int) -> dict[str, object]:
        wait_for(lambda: len(self.assignments()) >= revisions, 30, self.worker.log_end)
        return self.assignments()[revisions - 1]


@pytest.mark.timeout(180)
def test_noticed_escalated_acknowledged_resolved(broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY)
    began = datetime.now(UTC) - timedelta(hours=9)
    with WorkerProcess(broker, tmp_path, topic_prefix, BODY, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        story = Story(worker)
        text = "I cannot  log in! Write to jo@example.com, card 4111 1111 1111 1111, hidden fee"
        for number in range(2):
            story.say(number, began + timedelta(minutes=number), text=text, metrics={"stars": 1})
        time.sleep(2)
        assert story.assignments() == [], "two are not yet three"
        story.say(2, began + timedelta(minutes=2), text=text, metrics={"stars": 1})
        first = story.wait(1)
        assert (first["severity"], first["owner"], first["state"]) == ("low", "cx-operations", "open")
        signal = first["signal"]
        assert isinstance(signal, dict)
        assert (signal["theme"], signal["mentions"], signal["customers"]) == ("login-failure", 3, 3)
        assert {quote["sentiment_source"] for quote in signal["quotes"]} == {"stars"}
        everything = json.dumps(first)
        assert "jo@example.com" not in everything
        assert "4111" not in everything
        worker.kill()
        worker.start()
        for number in range(3, 15):
            story.say(number, began + timedelta(minutes=number), theme="login-failure")
        wait_for(lambda: story.assignments()[-1]["severity"] == "critical", 30, worker.log_end)
        critical = story.assignments()[-1]
        assert (critical["owner"], critical["signal_id"]) == ("product-mobile", first["signal_id"])
        assert "15 mentions" in str(critical["reason"])
        story.act(str(first["signal_id"]), "acknowledged")
        wait_for(lambda: story.assignments()[-1]["state"] == "acknowledged", 30, worker.log_end)
        story.say(50, began - timedelta(hours=3), theme="login-failure")
        for hour in range(6, 9):
            story.say(60 + hour, began + timedelta(hours=hour), text="nothing that anybody has a phrase for")
        wait_for(lambda: story.assignments()[-1]["state"] == "resolved", 40, worker.log_end)
        last = story.assignments()[-1]
        assert last["signal_id"] == first["signal_id"]
        assert [one["revision"] for one in story.assignments()] == list(range(1, len(story.assignments()) + 1))
        assert worker.metric("groundswell_events_untagged_total") == 3
        assert worker.page("/healthz").startswith("ok, for ")
        page = worker.page("/metrics")
        assert "kafka_consumergroup_lag{" in page
        assert "login-failure" not in page
        assert "cx-operations" not in page
