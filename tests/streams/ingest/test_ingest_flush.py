"""When counts are sent on, and in which records."""

import pytest

from schemas.codec import decode_flush
from schemas.ids import series_partition
from schemas.panes import TRAFFIC, Flush, SourceState
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import FlushSettings, Ingest, Output
from tests.support.detecting import START
from tests.support.pipeline_sim import Raw, event

PARTITIONS = 4


def ingest(chunk_records: int = 100, **flushing: float) -> Ingest:
    settings = FlushSettings(**flushing)  # type: ignore[arg-type]
    found = Ingest(PARTITIONS, CountSettings(chunk_records=chunk_records), Limits(), settings, Enricher(None))
    found.assign((0, 1), now=0.0)
    found.flush(0.0)
    return found


def records(n: int, begin: int = 0, *, themes: int = 1, **more: object) -> list[Raw]:
    return [
        Raw(i, round(START * 1000), event(START, f"e{i}", f"theme-{i % themes}", **more))
        for i in range(begin, begin + n)
    ]


def sent(worker: Ingest, now: float, drained: tuple[int, ...] = ()) -> dict[int, list[Flush]]:
    found: dict[int, list[Flush]] = {partition: [] for partition in range(PARTITIONS)}
    for output in worker.flush(now, drained):
        found[output.partition].append(decode_flush(output.value))
    return found


def test_a_tick_while_nothing_happens() -> None:
    worker = ingest()
    assert not worker.due(0.99)
    assert worker.due(1.0)


def test_a_few_updates_go_soon() -> None:
    worker = ingest()
    worker.take(0, records(3), now=0.0)
    assert not worker.due(0.09)
    assert worker.due(0.1)


def test_many_updates_wait_until_they_are_worth_it() -> None:
    worker = ingest()
    worker.take(0, records(90, themes=2000), now=0.0)
    worker.take(1, records(90, themes=2000), now=0.0)
    assert worker.due(0.5)
    for begin in range(90, 1200, 90):
        worker.take(0, records(90, begin, themes=2000), now=0.0)
    assert not worker.due(0.5)
    assert worker.due(1.0)


@pytest.mark.parametrize(("events", "due"), [(10_900, False), (11_100, True)])
def test_many_updates_that_stand_for_many_events_go_soon(events: int, due: bool) -> None:
    worker = ingest(chunk_records=100_000)
    worker.take(0, records(events, themes=1100), now=0.0)
    assert worker.due(0.1) is due


def test_while_far_behind_whole_chunks_travel() -> None:
    worker = ingest(behind_flush_s=5.0)
    worker.flush(0.0, behind=True)
    worker.take(0, records(150), now=0.0)
    assert not worker.due(0.5, behind=True)
    assert worker.due(1.0, behind=True)
    updates = [decode_flush(output.value).updates for output in worker.flush(1.0, behind=True)]
    assert {(update.start, update.upto) for several in updates for update in several} == {(0, 99)}
    assert worker.committable() == {0: 100}
    late = [decode_flush(output.value).updates for output in worker.flush(6.0, behind=True)]
    assert {(update.start, update.upto) for several in late for update in several} == {(100, 149)}


def test_each_series_goes_to_its_partition_and_traffic_to_all() -> None:
    worker = ingest()
    worker.take(0, records(40, themes=9, tenant="bank"), now=0.0)
    for partition, flushes in sent(worker, now=2.0).items():
        themes = {update.theme for flush in flushes for update in flush.updates}
        assert TRAFFIC in themes
        assert themes - {TRAFFIC} == {
            f"theme-{i}" for i in range(9) if series_partition("bank", f"theme-{i}", PARTITIONS) == partition
        }


def test_every_partition_hears_the_watermarks_of_every_flush() -> None:
    worker = ingest()
    worker.take(0, records(1), now=0.0)
    for flushes in sent(worker, now=2.0).values():
        assert flushes[-1].sources == [SourceState(0, START, None), SourceState(1, None, None)]
    for flushes in sent(worker, now=4.0).values():
        [tick] = flushes
        assert [update for update in tick.updates if update.theme != TRAFFIC] == []
        assert tick.sources[0].watermark == START


def test_a_drained_partition_is_idle_after_a_while() -> None:
    worker = ingest()
    worker.take(0, records(1), now=5.0)
    assert [state.idle_s for state in sent(worker, 14.0, (0, 1))[0][-1].sources] == [None, 14.0]
    assert [state.idle_s for state in sent(worker, 15.0, (0, 1))[0][-1].sources] == [10.0, 15.0]
    assert [state.idle_s for state in sent(worker, 60.0, ())[0][-1].sources] == [None, None]
    worker.take(0, records(1, 1), now=60.0)
    assert [state.idle_s for state in sent(worker, 61.0, (0, 1))[0][-1].sources] == [None, 61.0]


def test_large_flushes_are_cut_and_only_the_last_record_carries_the_watermarks() -> None:
    worker = ingest(chunk_records=100_000)
    for begin in range(0, 9000, 90):
        worker.take(0, records(90, begin, themes=4500, text="x" * 250), now=0.0)
    outputs = worker.flush(2.0)
    assert max(len(output.value) for output in outputs) < 900_000
    for partition in range(PARTITIONS):
        flushes = [decode_flush(output.value) for output in outputs if output.partition == partition]
        assert len(flushes) > 1
        assert all(flush.sources == [] for flush in flushes[:-1])
        assert flushes[-1].sources != []


def test_only_chunk_starts_may_be_committed() -> None:
    worker = ingest()
    assert worker.committable() == {}
    worker.take(0, records(250), now=0.0)
    worker.take(1, records(100), now=0.0)
    worker.flush(1.0)
    assert worker.committable() == {0: 200, 1: 100}


def test_nothing_of_a_former_assignment_is_sent() -> None:
    worker = ingest()
    worker.take(0, records(5), now=0.0)
    worker.assign((1,), now=1.0)
    flushes = sent(worker, now=3.0)
    assert all(flush.updates == [] for several in flushes.values() for flush in several)
    assert [state.source for state in flushes[0][-1].sources] == [1]
    with pytest.raises(KeyError):
        worker.take(0, records(1), now=1.0)


def told(outputs: list[Output]) -> dict[str, int]:
    """Theme -> mentions, as an update says."""
    updates = [update for output in outputs for update in decode_flush(output.value).updates]
    return {one.theme: sum(cell.count for cell in one.cells) for one in updates if one.theme != TRAFFIC}


def test_what_is_rarely_mentioned_does_not_wait_for_the_rest() -> None:
    worker = ingest(chunk_records=100_000)
    worker.take(0, records(30_000, themes=1200), now=0.0)
    worker.flush(0.0)
    worker.take(0, records(1200, 30_000, themes=1200), now=0.05)
    worker.take(0, [Raw(31_200, round(START * 1000), event(START, "rare", "rare"))], now=0.05)
    assert not worker.due(0.2)
    assert worker.urgent(0.05) == []
    outputs = worker.urgent(0.2)
    assert told(outputs) == {"rare": 1}
    # Nobody is told how far event time has come: the others' counts are still to be told.
    assert [flush.sources for output in outputs for flush in [decode_flush(output.value)]] == [[]]
    assert worker.urgent(0.4) == []
    assert worker.due(1.2)
    rest = told(worker.flush(1.2))
    assert "rare" not in rest
    assert set(rest.values()) == {26}


def test_an_older_chunk_is_told_of_before_a_rare_theme_of_the_next() -> None:
    worker = ingest(chunk_records=10)
    worker.take(0, records(12), now=0.05)
    assert worker.urgent(0.2) == []
    assert told(worker.flush(0.2)) == {"theme-0": 2}
