"""The broker stops, dies, is away for long, or is slow."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.dying import command
from tests.faults.oracle import Row
from tests.faults.scene import Scene
from tests.faults.test_zombie import stopped
from tests.support.local_kafka import LocalKafka
from tests.support.reading import wait_for

Report = Callable[[Row], None]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_stopped_for_ten_seconds_and_the_worker_killed(own_kafka: LocalKafka, own_stage: Scene, row: Report) -> None:
    worker = own_stage.worker().start()
    load = own_stage.load()
    own_stage.recovered_after(time.monotonic())
    time.sleep(3.0)
    own_kafka.pause()
    time.sleep(8.0)
    worker.kill()
    time.sleep(2.0)
    own_kafka.resume()
    began = time.monotonic()
    worker.start()
    recovery_s = own_stage.recovered_after(began)
    time.sleep(2.0)
    load.stop()
    row(own_stage.finish("broker stopped 10 s, then kill -9 of the worker", recovery_s, broker=True))


@pytest.mark.long
@pytest.mark.timeout(240)
def test_killed_and_started_again(own_kafka: LocalKafka, own_stage: Scene, row: Report) -> None:
    worker = own_stage.worker().start()
    load = own_stage.load()
    own_stage.recovered_after(time.monotonic())
    time.sleep(3.0)
    with own_stage.supervised(worker):
        own_kafka.kill()
        own_kafka.start()
        began = time.monotonic()
        recovery_s = own_stage.recovered_after(began, 90)
        time.sleep(5.0)
        load.stop()
        row(own_stage.finish("broker killed and started again", recovery_s, broker=True))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_away_during_recovery(own_kafka: LocalKafka, own_stage: Scene, row: Report) -> None:
    worker = own_stage.worker().start()
    load = own_stage.load(20_000)
    load.wait()
    worker.stop()
    worker.start(command=command("recovering", 1, "stop"), wait_ready_s=0)
    wait_for(lambda: stopped(worker), 30)
    own_kafka.pause()
    worker.resume()
    time.sleep(95.0)
    own_kafka.resume()
    began = time.monotonic()
    with own_stage.supervised(worker):
        wait_for(worker.ready, 90, own_stage.logs)
        load = own_stage.load(label="after")
        recovery_s = own_stage.recovered_after(began)
        load.stop()
        row(own_stage.finish("broker away for 95 s during recovery", recovery_s, broker=True))


@contextmanager
def slow(kafka: LocalKafka) -> Iterator[None]:
    """The broker stands still for 400 of every 500 ms."""
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            kafka.pause()
            done.wait(0.4)
            kafka.resume()
            done.wait(0.1)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.long
@pytest.mark.timeout(240)
def test_told_to_stop_while_the_broker_is_slow(own_kafka: LocalKafka, own_stage: Scene, row: Report) -> None:
    worker = own_stage.worker().start()
    load = own_stage.load()
    own_stage.recovered_after(time.monotonic())
    time.sleep(2.0)
    with slow(own_kafka):
        time.sleep(3.0)
        code = worker.stop()
    assert code in (0, 1), f"exit code {code}: {worker.log_end()}"
    began = time.monotonic()
    worker.start()
    recovery_s = own_stage.recovered_after(began)
    time.sleep(2.0)
    load.stop()
    row(own_stage.finish("SIGTERM under load with a slow broker", recovery_s, broker=True))
