"""Workers come and go, and the work goes on all the same."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.faults.oracle import Row
from tests.faults.scene import Scene

Report = Callable[[Row], None]


def committed(stage: Scene) -> dict[str, int]:
    """Topic -> sum of the group's committed offsets, of an input and of theme-panes."""
    worker = stage.workers[0]
    topics = (worker.topics.interactions, worker.topics.theme_panes)
    config = {"bootstrap.servers": stage.broker.bootstrap, "group.id": worker.settings.kafka.group}
    consumer = Consumer(config)
    try:
        wanted = [TopicPartition(topic, number) for topic in topics for number in range(stage.broker.partitions)]
        found = consumer.committed(wanted, timeout=10)
        return {topic: sum(max(0, one.offset) for one in found if one.topic == topic) for topic in topics}
    finally:
        consumer.close()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_storm_of_rebalances(stage: Scene, row: Report) -> None:
    steady = [stage.worker().start(), stage.worker().start()]
    guests = [stage.worker(), stage.worker()]
    load = stage.load()
    stage.recovered_after(time.monotonic())
    reached = committed(stage)
    for number in range(9):
        began = time.monotonic()
        for guest in guests:
            if number % 2:
                guest.kill() if number % 4 == 1 else guest.stop()
            else:
                guest.start(wait_ready_s=0)
        time.sleep(max(0.0, 10.0 - (time.monotonic() - began)))
        if number % 2:
            # Every 20 seconds, in which two came and two went.
            now = committed(stage)
            assert all(now[topic] > before for topic, before in reached.items()), f"{reached} -> {now}\n{stage.logs()}"
            reached = now
    began = time.monotonic()
    for guest in guests:
        guest.kill()
    recovery_s = stage.recovered_after(began)
    load.stop()
    assert all(worker.returncode is None for worker in steady), stage.logs()
    row(stage.finish("rebalance storm, 2 and 4 workers by turns", recovery_s))
