"""What makes a worker end, and what it says of being ready."""

from typing import Any

import pytest

from streams.config import ConfigError, parse_settings
from streams.watchdog import Reading, Watchdog, WatchdogSettings, loop_trouble

LIMITS = WatchdogSettings(stalled_s=60.0, recovering_s=120.0, joining_s=90.0)
AT = ("cx.interactions", 3)


def reading(**changes: Any) -> Reading:
    """A partition with nothing left to do, whose broker answers."""
    still = Reading(position=100, end=100, answered=0.0, taken=100, busy=False, finished=64, committed=64)
    return still._replace(**changes)


def at_work(now: float = 0.0) -> Watchdog:
    dog = Watchdog(LIMITS, now)
    dog.assigned(now)
    dog.recovered(now)
    return dog


def watch(dog: Watchdog, seconds: int, start: int = 1, **changes: Any) -> str | None:
    """What comes of looking at one partition every second, while the broker answers unless told otherwise."""
    for now in range(start, start + seconds):
        answered = changes.get("answered", float(now))
        dog.observe(float(now), {AT: reading(**{**changes, "answered": answered})})
    return dog.trouble(float(start + seconds - 1))


def test_a_partition_with_nothing_to_do_may_stand_still() -> None:
    dog = at_work()
    assert watch(dog, 500) is None
    assert dog.not_ready(500.0) is None


def test_a_committed_offset_at_a_chunks_start_may_stand_still_while_the_chunk_is_read() -> None:
    dog = at_work()
    for now in range(1, 1000):
        at = 100 + now
        dog.observe(float(now), {AT: reading(position=at, end=at, taken=at, answered=float(now))})
        assert dog.trouble(float(now)) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"end": 140}, "40 records left, none read from offset 100 on"),
        ({"busy": True}, "the agent is not done with the records before offset 100"),
        ({"finished": 128}, "offset 128 may be committed, 64 is"),
        ({"finished": 128, "committed": None}, "offset 128 may be committed, 0 is"),
        ({"answered": 7.0}, "no answer to a fetch at offset 100"),
    ],
)
def test_what_waits_for_too_long_is_told(changes: dict[str, Any], said: str) -> None:
    dog = at_work()
    assert watch(dog, 61, **changes) is None
    assert dog.stalled_s(61.0) == 60.0
    assert watch(dog, 1, start=62, **changes) == f"cx.interactions, partition 3: {said} for 61 s (watchdog.stalled)"


def test_not_ready_after_half_the_limit() -> None:
    dog = at_work()
    watch(dog, 31, end=140)
    assert dog.not_ready(31.0) is None
    watch(dog, 1, start=32, end=140)
    assert str(dog.not_ready(32.0)).startswith("cx.interactions, partition 3: 40 records left")


def test_any_movement_begins_the_wait_anew() -> None:
    dog = at_work()
    watch(dog, 50, end=140)
    watch(dog, 50, start=51, end=140, position=110)
    assert dog.trouble(100.0) is None
    assert dog.stalled_s(100.0) == 49.0


def test_the_longest_wait_is_told_of_several() -> None:
    dog = at_work()
    for now in range(1, 100):
        late = {("cx.signals", 0): reading(answered=float(now), busy=True)} if now > 30 else {}
        dog.observe(float(now), {AT: reading(end=140, answered=float(now)), **late})
    assert str(dog.trouble(99.0)).startswith("cx.interactions, partition 3: 40 records left")


def test_a_process_that_stood_still_is_not_taken_for_a_partition_that_did() -> None:
    dog = at_work()
    watch(dog, 10, end=140)
    assert watch(dog, 1, start=1000, end=140) is None
    assert dog.stalled_s(1000.0) == 9.0


def test_joining() -> None:
    dog = Watchdog(LIMITS, 0.0)
    assert dog.not_ready(8.0) == "waiting for the group to assign partitions, for 8 s"
    assert dog.trouble(90.0) is None
    assert dog.trouble(91.0) == "the group has not said which partitions are ours for 91 s (watchdog.joining)"
    dog.assigned(91.0)
    dog.recovered(92.0)
    assert dog.trouble(500.0) is None
    dog.revoked(500.0)
    assert dog.trouble(590.0) is None
    assert dog.trouble(591.0) is not None


def test_a_recovery_may_take_long_as_long_as_it_gets_on() -> None:
    dog = Watchdog(LIMITS, 0.0)
    dog.assigned(10.0)
    for now in range(10, 1000, 100):
        dog.recovery_progressed(float(now))
        assert dog.trouble(now + 99.0) is None
    assert dog.not_ready(1000.0) == "reading the changelogs back, for 990 s"
    assert dog.trouble(1031.0) == "no record of the changelogs was read back for 121 s (watchdog.recovering)"
    dog.recovered(1040.0)
    assert dog.recovery_s == 1030.0
    assert dog.not_ready(1040.0) is None


def test_a_rebalance_forgets_what_stood_still() -> None:
    dog = at_work()
    watch(dog, 59, end=140)
    dog.revoked(60.0)
    dog.assigned(61.0)
    dog.recovered(62.0)
    assert watch(dog, 50, start=62, end=140) is None


def test_a_worker_that_does_not_stop() -> None:
    dog = at_work()
    dog.stopping(10.0)
    dog.stopping(50.0)
    assert dog.not_ready(10.0) == "stopping"
    assert dog.trouble(70.0) is None
    assert dog.trouble(71.0) == "told to stop, and has not ended for 61 s (watchdog.stalled)"


def test_the_event_loop() -> None:
    assert loop_trouble(160.0, 100.0, LIMITS) is None
    assert loop_trouble(161.0, 100.0, LIMITS) == "the event loop has not turned for 61 s (watchdog.stalled)"


@pytest.mark.parametrize("key", ["stalled", "recovering", "joining"])
def test_it_cannot_be_turned_off(key: str, tmp_path: Any) -> None:
    raw = {"ownership": {"default": {"role": "r", "accountable": "a"}}, "watchdog": {key: "0s"}}
    with pytest.raises(ConfigError, match=rf"^watchdog\.{key}: expected more than 0"):
        parse_settings(raw, tmp_path)
    raw["watchdog"] = {key: "5s"}
    assert getattr(parse_settings(raw, tmp_path).watchdog, f"{key}_s") == 5.0
