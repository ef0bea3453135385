"""Two configurations in one group: that of the worker started last is in force, everywhere at once."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.support.brokers import Broker
from tests.support.reading import read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess


def tell(worker: WorkerProcess, themes: list[str]) -> None:
    producer = Producer({"bootstrap.servers": worker.broker.bootstrap})
    for theme in themes:
        for number in range(3):
            now = datetime.now(UTC).isoformat()
            event = {"id": f"{theme}-{number}", "time": now, "theme": theme, "customer": f"c{number}"}
            producer.produce(worker.topics.feedback, json.dumps(event))
    producer.flush()


def configurations(worker: WorkerProcess) -> dict[str, str]:
    """Theme -> the configuration its signal was found under."""
    found = [json.loads(one.value() or b"{}") for one in read_all(worker.broker, worker.topics.signals)]
    return {one["theme"]: one["config"] for one in found}


@pytest.mark.timeout(180)
def test_a_new_configuration_is_in_force_everywhere_at_once(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    newer = RULES.replace("critical = 15", "critical = 16")
    first, second = [f"a-{n}" for n in range(8)], [f"b-{n}" for n in range(8)]
    old = WorkerProcess(real_kafka, tmp_path, topic_prefix, name="old")
    new = WorkerProcess(real_kafka, tmp_path, topic_prefix, newer + OWNERS, name="new")
    with old, new:
        old.create_topics().start()
        tell(old, first)
        wait_for(lambda: set(configurations(old)) == set(first), 60, old.log_end)
        new.start()
        wait_for(lambda: "this worker waits" in old.log.read_text(), 60, old.log_end)
        tell(new, second)
        wait_for(lambda: set(configurations(new)) == {*first, *second}, 60, new.log_end)
        found = configurations(new)
        assert len({found[theme] for theme in second}) == 1
        assert {found[theme] for theme in first}.isdisjoint({found[theme] for theme in second})
        # Nobody is left without a worker when the new one goes.
        new.kill()
        tell(old, ["c"])
        wait_for(lambda: "c" in configurations(old), 60, old.log_end)
        assert configurations(old)["c"] == found["a-0"]
