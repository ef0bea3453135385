"""Deadlines and escalations on either broker, with a worker that is killed between them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.assignment import Assignment
from schemas.codec import decode_assignment
from tests.support.brokers import Broker
from tests.support.reading import read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess

TIMES = """
[deadlines]
low = { acknowledge = "8s", fix = "20s" }

[escalation]
low = [{ after = "12s", to = "duty-manager" }]
"""


def told(worker: WorkerProcess) -> dict[str, list[Assignment]]:
    """Theme -> its assignments in order of revision, repeats left out; no revision may have two meanings."""
    found: dict[tuple[str, int], bytes] = {}
    for message in read_all(worker.broker, worker.topics.assignments):
        value = message.value() or b""
        one = decode_assignment(value)
        assert found.setdefault((one.theme, one.revision), value) == value
    themes: dict[str, list[Assignment]] = {}
    for key in sorted(found):
        themes.setdefault(key[0], []).append(decode_assignment(found[key]))
    return themes


def last(worker: WorkerProcess, theme: str) -> str:
    return told(worker)[theme][-1].note


@pytest.mark.timeout(180)
def test_each_goes_off_once_and_who_has_fixed_it_hears_nothing(
    broker: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    with WorkerProcess(broker, tmp_path, topic_prefix, RULES + OWNERS + TIMES, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        producer = Producer({"bootstrap.servers": broker.bootstrap, "partitioner": "murmur2_random"})
        for theme in ("login", "fees"):
            for number in range(3):
                now = datetime.now(UTC).isoformat()
                event = {"id": f"{theme}-{number}", "time": now, "theme": theme, "customer": f"c{number}"}
                producer.produce(worker.topics.feedback, json.dumps(event), partition=0)
        producer.flush()
        wait_for(lambda: set(told(worker)) == {"login", "fees"}, 30, worker.log_end)
        fixed = told(worker)["fees"][0].signal_id
        action = {"id": "a1", "signal_id": fixed, "kind": "fix_shipped", "at": now, "by": "ann"}
        producer.produce(worker.topics.actions, json.dumps(action), key=fixed)
        producer.flush()
        wait_for(lambda: "overdue: cx-operations was to acknowledge" in last(worker, "login"), 30, worker.log_end)
        worker.kill()
    time.sleep(5)
    with WorkerProcess(broker, tmp_path, topic_prefix, RULES + OWNERS + TIMES, 'checkpoint = "1s"') as worker:
        worker.start()
        wait_for(lambda: "overdue: cx-operations was to fix" in last(worker, "login"), 60, worker.log_end)
        time.sleep(2)
        login, fees = told(worker)["login"], told(worker)["fees"]
    notes = "; ".join(one.note for one in login)
    assert [notes.count(each) for each in ("to acknowledge it by", "escalated to duty-manager", "to fix it by")] == [
        1, 1, 1,
    ]  # fmt: skip
    assert login[-1].escalation_step == 1
    assert login[-1].raci.informed == ["duty-manager"]
    assert [one.changed_by for one in fees] == ["signal", "ann"]
