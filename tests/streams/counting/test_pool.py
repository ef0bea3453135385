"""Counting in processes of its own comes to the same as counting in the worker, and says so when a process dies."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from schemas.codec import decode_flush
from schemas.panes import TRAFFIC, PaneUpdate
from streams.counting.pool import MOST_WAITING, CounterEnded, Pool
from streams.counting.wire import Begin
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import FlushSettings, Ingest, Output
from tests.support.packing import packed
from tests.support.pipeline_sim import Raw, event

START = 1_777_881_600.0
COUNTING = CountSettings(chunk_records=50)
FLUSHING = FlushSettings(flush_s=0.0, max_flush_s=0.0)
SOURCES = (0, 1, 65_536)


@contextmanager
def pool(processes: int) -> Iterator[Pool]:
    found = Pool(processes, Begin(3, COUNTING, Limits(), FLUSHING, None, 0.5))
    try:
        yield found
    finally:
        found.close()


def log(source: int, count: int) -> list[Raw]:
    found = []
    for n in range(count):
        value = event(START + n, f"{source}-{n}", ("login", "fees", "pay")[n % 3], customer=f"c{n % 7}", channel="app")
        found.append(Raw(n, round((START + n) * 1000), b"{" + value if n % 31 == 30 else value))
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def newest(outputs: list[Output]) -> dict[tuple[str, str, int, int], tuple[int, int]]:
    """(tenant, theme, source, start of the chunk) -> (how far it reaches, mentions), as said last."""
    updates: list[PaneUpdate] = [update for out in outputs for update in decode_flush(out.value).updates]
    return {
        (one.tenant, one.theme, one.source, one.start): (one.upto, sum(cell.count for cell in one.cells))
        for one in updates
        if one.theme != TRAFFIC
    }


def drained(counting: Pool, now: float, until: dict[int, int]) -> tuple[list[Output], dict[int, int]]:
    """Turn it until every source is counted up to there and all of it is told."""
    outputs: list[Output] = []
    committable: dict[int, int] = {}
    clock, quiet = [now], [0]

    def through() -> bool:
        clock[0] += 1.0
        assert counting.due(clock[0])
        new = counting.flush(clock[0])
        outputs.extend(new)
        committable.update(counting.committable())
        done = {source: view.position for source, view in counting.counters.items()} == until
        quiet[0] = quiet[0] + 1 if done else 0
        return quiet[0] > 20

    wait_for(through)
    return outputs, committable


@pytest.mark.parametrize("processes", [1, 2])
def test_it_comes_to_the_same(processes: int) -> None:
    one = Ingest(3, COUNTING, Limits(), FLUSHING, Enricher(None))
    one.assign(SOURCES, 0.0)
    refused = {source: [each.record.offset for each in one.take(source, log(source, 120), 1.0)] for source in SOURCES}
    said = {key: mentions for key, (_, mentions) in newest(one.flush(2.0)).items()}
    with pool(processes) as many:
        many.assign(SOURCES, 0.0)
        for begin in range(0, 120, 17):
            for source in SOURCES:
                many.take(source, [packed(log(source, 120)[begin : begin + 17], compression=3)], 1.0)
        outputs, committable = drained(many, 2.0, dict.fromkeys(SOURCES, 120))
        assert {key: mentions for key, (_, mentions) in newest(outputs).items()} == said
        assert committable == one.committable()
        late = many.late()
        found = {source: [each.record.offset for where, each in late if where == source] for source in SOURCES}
        assert found == refused
        assert sum(view.tally.events for view in many.counters.values()) == 3 * 117


def test_what_was_counted_before_an_assignment_is_not_told_after_it() -> None:
    with pool(1) as counting:
        counting.assign([0], 0.0)
        counting.take(0, [packed(log(0, 60))], 1.0)
        counting.assign([1], 2.0)
        counting.take(1, [packed(log(1, 60))], 3.0)
        outputs, committable = drained(counting, 4.0, {1: 60})
        assert {source for _, _, source, _ in newest(outputs)} == {1}
        assert set(committable) == {1}


def test_what_is_recalled_is_not_counted() -> None:
    with pool(1) as counting:
        counting.assign([0], 0.0)
        repeats = [Raw(10 + n, one.timestamp, one.value) for n, one in enumerate(log(0, 10))]
        fresh = [Raw(20, round((START + 20) * 1000), event(START + 20, "new"))]
        # The tenth record is known in the middle of a batch, and nothing before the fifth is wanted.
        batches = [packed(log(0, 8), first=4), packed([*log(0, 10)[8:], *repeats]), packed(fresh)]
        counting.take(0, batches, 1.0, known=10)
        outputs, _ = drained(counting, 2.0, {0: 21})
        # Four were never read, so they are news when they come again.
        assert sum(mentions for _, mentions in newest(outputs).values()) == 5
        assert counting.counters[0].tally.repeated == 6


def test_it_is_full_until_what_was_sent_is_taken() -> None:
    with pool(1) as counting:
        counting.assign([0], 0.0)
        assert counting.room(0)
        os.kill(counting.pids[0], signal.SIGSTOP)
        try:
            for turn in range(MOST_WAITING // 10_000):
                begin = turn * 10_000
                counting.take(0, [packed([Raw(begin + n, 1, b"{}") for n in range(10_000)])], 1.0)
            assert not counting.room(0)
        finally:
            os.kill(counting.pids[0], signal.SIGCONT)


def test_a_process_that_dies_is_told_of() -> None:
    with pool(2) as counting:
        counting.assign(SOURCES, 0.0)
        os.kill(counting.pids[1], signal.SIGKILL)

        def told() -> bool:
            try:
                counting.due(1.0)
            except CounterEnded as error:
                return "counting process" in str(error)
            return False

        wait_for(told)


def test_processes_end_with_the_pool() -> None:
    with pool(2) as counting:
        pids = counting.pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
