"""Workers with a name of their own in the group: a restart moves no partition."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.oracle import Row
from tests.faults.recovery import lags
from tests.faults.scene import Scene
from tests.support.workers import WorkerProcess

Report = Callable[[Row], None]

SESSION_S = 15
"""A restart must take less: on a busy machine that is some seconds."""
_REBALANCES = "groundswell_rebalances_total"
_LEEWAY_S = 15.0
"""On top of the session: the other one must be told, and read the changelogs, beside other cases on the machine."""


def pair(stage: Scene) -> tuple[WorkerProcess, WorkerProcess]:
    """Two workers with names."""
    first, second = (
        stage.worker(name, kafka=f'member_id = "{name}"', session=f"{SESSION_S}s").start() for name in ("one", "two")
    )
    return first, second


@contextmanager
def keeps_its_partitions(worker: WorkerProcess) -> Iterator[None]:
    """Fails if a worker's partitions change meanwhile, even for a moment."""
    held, rebalances = lags(worker), worker.metric(_REBALANCES)
    assert held, "a worker without partitions has none to lose"
    done, seen = threading.Event(), [held]

    def watch() -> None:
        while not done.wait(0.1):
            seen.append(lags(worker))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert len(seen) > 10, "it was hardly looked at"
    changed = next((sorted(now) for now in seen if now != held), None)
    assert changed is None, f"{sorted(held)} became {changed}"
    assert worker.metric(_REBALANCES) == rebalances


@pytest.mark.long
@pytest.mark.timeout(240)
def test_rolling_restart_of_named_members(stage: Scene, row: Report) -> None:
    first, second = pair(stage)
    load = stage.load()
    stage.recovered_after(time.monotonic())
    longest = 0.0
    for leaving, staying in ((first, second), (second, first)):
        time.sleep(1.0)
        held = lags(leaving)
        with keeps_its_partitions(staying):
            began = time.monotonic()
            assert leaving.stop() == 0, leaving.log_end()
            leaving.start()
            longest = max(longest, stage.recovered_after(began))
        assert lags(leaving) == held
    load.stop()
    row(stage.finish("rolling restart, named members", longest)._replace(named=True))


@pytest.mark.long
@pytest.mark.timeout(240)
def test_kill_of_a_named_member_that_comes_back(stage: Scene, row: Report) -> None:
    first, second = pair(stage)
    load = stage.load()
    stage.recovered_after(time.monotonic())
    held = lags(first)
    with keeps_its_partitions(second):
        began = time.monotonic()
        first.kill()
        first.start()
        took = stage.recovered_after(began)
    assert took < SESSION_S
    assert lags(first) == held
    load.stop()
    row(stage.finish("kill -9 of a named member, back at once", took)._replace(named=True))


@pytest.mark.long
@pytest.mark.timeout(240)
def test_kill_of_a_named_member_that_stays_away(stage: Scene, row: Report) -> None:
    first, second = pair(stage)
    load = stage.load()
    stage.recovered_after(time.monotonic())
    time.sleep(1.0)
    began = time.monotonic()
    first.kill()
    took = stage.recovered_after(began)
    assert took < SESSION_S + _LEEWAY_S
    assert second.returncode is None
    load.stop()
    row(stage.finish("kill -9 of a named member, taken over", took)._replace(named=True))
