"""Workers with names of their own keep their partitions over a restart; without, the others take over."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from tests.support.brokers import Broker
from tests.support.reading import wait_for
from tests.support.workers import COMMAND, OWNERS, RULES, WorkerProcess

TOP = 'checkpoint = "1s"'
REBALANCES = "groundswell_rebalances_total"
COUNTED = "groundswell_events_total"


@contextmanager
def trickle(worker: WorkerProcess) -> Iterator[None]:
    """A hundred events a second onto every input partition in turn, while the block lasts."""
    done = threading.Event()

    def run() -> None:
        producer = Producer({"bootstrap.servers": worker.broker.bootstrap})
        n = 0
        while not done.wait(0.01):
            event = {"id": f"e{n}", "time": datetime.now(UTC).isoformat(), "theme": f"theme-{n % 20}"}
            partition = n // 2 % worker.broker.partitions
            producer.produce(worker.topics.inputs[n % 2], orjson.dumps(event), partition=partition)
            producer.poll(0)
            n += 1
        producer.flush()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def two(broker: Broker, directory: Path, prefix: str, session: str, *, named: bool) -> Iterator[list[WorkerProcess]]:
    """Two workers of one group that share the partitions of a trickle, both counting."""
    workers = [
        WorkerProcess(
            broker, directory, prefix, RULES + OWNERS, TOP, name=name, session=session,
            kafka=f'member_id = "{name}"' if named else "",
        )
        for name in ("one", "two")
    ]  # fmt: skip
    with workers[0] as first, workers[1] as second:
        first.create_topics().start()
        second.start()
        with trickle(first):
            wait_for(lambda: first.ready() and first.metric(COUNTED) > 0 and second.metric(COUNTED) > 0, 60)
            yield workers


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_moves_no_partition(real_kafka: Broker, tmp_path: Path, topic_prefix: str, how: str) -> None:
    with two(real_kafka, tmp_path, topic_prefix, "30s", named=True) as workers:
        for worker, other in (workers, reversed(workers)):
            before = other.metric(REBALANCES)
            getattr(worker, how)()
            worker.start(wait_ready_s=25.0)
            wait_for(lambda worker=worker: worker.metric(COUNTED) > 0, 10)  # type: ignore[misc]
            assert other.ready()
            assert other.metric(REBALANCES) == before
            assert worker.metric(REBALANCES) == 1


def test_a_second_worker_of_the_same_name_ends_the_first(real_kafka: Broker, tmp_path: Path, topic_prefix: str) -> None:
    with two(real_kafka, tmp_path, topic_prefix, "10s", named=True) as (first, other):
        before = other.metric(REBALANCES)
        kafka = 'member_id_env = "REPLICA"'
        double = WorkerProcess(
            real_kafka, tmp_path, topic_prefix, RULES + OWNERS, TOP, name="double", session="10s", kafka=kafka
        )
        with double:
            double.start(env={"REPLICA": "one"})
            assert first.wait(20) == 1
            said = [line for line in first.log_end().splitlines() if line.startswith("groundswell:")]
            assert len(said) == 1
            assert said[0].startswith('groundswell: worker stopped: another worker uses member id "one": it is at ')
            assert "Traceback" not in first.log_end()
            wait_for(lambda: double.metric(COUNTED) > 0, 10)
            time.sleep(5.0)
            assert double.returncode is None
            assert other.metric(REBALANCES) == before


def test_without_a_name_the_others_take_over_at_once_after_sigterm(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    with two(real_kafka, tmp_path, topic_prefix, "30s", named=False) as (first, second):
        before = second.metric(REBALANCES)
        assert first.stop() == 0
        # Well within the session: the group was told, and did not have to wait for it to end.
        wait_for(lambda: second.metric(REBALANCES) > before and second.ready(), 10)


def test_without_a_name_the_others_take_over_after_the_session_of_a_killed_one(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    with two(real_kafka, tmp_path, topic_prefix, "6s", named=False) as (first, second):
        before = second.metric(REBALANCES)
        killed = time.monotonic()
        first.kill()
        wait_for(lambda: second.metric(REBALANCES) > before and second.ready(), 20)
        assert time.monotonic() - killed > 3.0


def test_a_name_that_the_environment_does_not_have_is_told_with_its_key(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    worker = WorkerProcess(real_kafka, tmp_path, topic_prefix, kafka='member_id_env = "REPLICA"')
    command = [*COMMAND, "worker", "--config", str(worker.config)]
    without = {name: value for name, value in os.environ.items() if name != "REPLICA"}
    for env, said in (
        (without, "kafka.member_id_env: the environment has no REPLICA"),
        ({**without, "REPLICA": "a b"}, 'kafka.member_id_env: REPLICA: kafka.member_id: "a b" holds more than letters'),
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
