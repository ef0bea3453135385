"""A worker that stood still, lost its partitions, and goes on as if nothing had happened."""

import time
from collections.abc import Callable

import pytest

from tests.faults.dying import command
from tests.faults.oracle import Row
from tests.faults.scene import Scene
from tests.support.reading import wait_for
from tests.support.workers import WorkerProcess

Report = Callable[[Row], None]


def stopped(worker: WorkerProcess) -> bool:
    """Whether it stands still."""
    with open(f"/proc/{worker.pid}/stat") as stat:  # noqa: PTH123 - not a file of ours
        return stat.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_zombie_goes_on_sending(stage: Scene, row: Report) -> None:
    zombie, other = stage.worker().start(), stage.worker().start()
    load = stage.load()
    stage.recovered_after(time.monotonic())
    time.sleep(2.0)
    began = time.monotonic()
    zombie.pause()
    stage.workers.remove(zombie)
    recovery_s = stage.recovered_after(began)
    time.sleep(2.0)
    zombie.resume()
    stage.workers.append(zombie)
    # It must notice, and end.
    assert zombie.wait(30) == 1
    assert "stood still" in zombie.log_end() or "another worker has claimed" in zombie.log_end()
    assert other.returncode is None
    # What the zombie left is read by whoever comes next.
    other.kill()
    other.start()
    time.sleep(2.0)
    load.stop()
    row(stage.finish("zombie: SIGSTOP past its session, SIGCONT", recovery_s))


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("passages", [200, 333, 450])
def test_a_zombie_with_a_checkpoint_in_its_hands(stage: Scene, row: Report, passages: int) -> None:
    """It stops right after it has handed a checkpoint over: that arrives after the successor has judged on."""
    zombie = stage.worker()
    zombie.start(command=command("handed over", passages, "stop"))
    load = stage.load()
    wait_for(lambda: stopped(zombie), 60)
    began = time.monotonic()
    stage.workers.remove(zombie)
    other = stage.worker("other").start()
    recovery_s = stage.recovered_after(began)
    time.sleep(3.0)
    stage.workers.append(zombie)
    zombie.resume()
    assert zombie.wait(30) == 1
    time.sleep(2.0)
    assert other.returncode is None, other.log_end()
    other.kill()
    other.start()
    time.sleep(2.0)
    load.stop()
    row(stage.finish("zombie: with a checkpoint in its hands", recovery_s))
