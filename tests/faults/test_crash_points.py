"""kill -9 between two steps that must not be torn apart."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.dying import command
from tests.faults.oracle import Row
from tests.faults.scene import Scene

Report = Callable[[Row], None]

POINTS = {
    "sending": (60, "ingest's send and its commit"),
    "flushed": (5, "a delivery and its commit"),
    "handed over": (40, "a checkpoint's send and its acknowledgement"),
    "acknowledged": (40, "a checkpoint and its signal"),
    "signalled": (40, "a signal's delivery and the next checkpoint"),
    "assigning": (40, "an assignment's record and the assignment"),
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "point",
    [point if point == "acknowledged" else pytest.param(point, marks=pytest.mark.long) for point in POINTS],
)
def test_killed_between(stage: Scene, row: Report, point: str) -> None:
    passages, words = POINTS[point]
    worker = stage.worker()
    worker.start(command=command(point, passages))
    load = stage.load()
    assert worker.wait(60) == -signal.SIGKILL
    began = time.monotonic()
    worker.start()
    recovery_s = stage.recovered_after(began)
    time.sleep(2.0)
    load.stop()
    row(stage.finish(f"kill -9 between {words}", recovery_s))
