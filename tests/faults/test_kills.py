"""kill -9, at any moment, of one worker or of one of two."""

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.oracle import Row
from tests.faults.scene import Scene

Report = Callable[[Row], None]


def kill_at_random(stage: Scene, kills: int, seed: int) -> tuple[int, float]:
    """Kill one of two workers so often, at random; (kills, longest recovery in seconds)."""
    draw = random.Random(seed)
    workers = [stage.worker().start(wait_ready_s=0), stage.worker().start()]
    load = stage.load(seed=seed)
    longest = stage.recovered_after(time.monotonic())
    for number in range(kills):
        time.sleep(draw.uniform(0.3, 3.0))
        victim = draw.choice(workers)
        began = time.monotonic()
        victim.kill()
        if number % 3:
            # Back before its session is over: the group sees a newcomer and a dead member.
            time.sleep(draw.uniform(0.0, 4.0))
            victim.start()
            longest = max(longest, stage.recovered_after(began))
        else:
            longest = max(longest, stage.recovered_after(began))
            victim.start()
    load.stop()
    return kills, longest


@pytest.mark.timeout(240)
def test_a_few_kills(stage: Scene, row: Report) -> None:
    kills, longest = kill_at_random(stage, 3, seed=11)
    row(stage.finish(f"kill -9, {kills} times, one of two", longest))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_thirty_kills(stage: Scene, row: Report) -> None:
    kills, longest = kill_at_random(stage, 30, seed=5)
    row(stage.finish(f"kill -9, {kills} times, one of two", longest))


@pytest.mark.long
@pytest.mark.timeout(240)
def test_take_over_with_default_session(stage: Scene, row: Report) -> None:
    """From the kill until the survivor reads the partitions of the dead one, with the session timeout as shipped."""
    first, second = stage.worker(session="10s").start(), stage.worker(session="10s").start()
    load = stage.load()
    stage.recovered_after(time.monotonic())
    # Both have partitions, or there would be nothing to take over.
    assert first.metric("kafka_consumergroup_lag") >= 0
    time.sleep(2.0)
    began = time.monotonic()
    first.kill()
    took = stage.recovered_after(began)
    assert took > 1.0, "nothing moved"
    assert second.returncode is None
    load.stop()
    row(stage.finish("kill -9, take-over by the other", took))
