"""The counter: what it says follows from the log alone, wherever a successor begins."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.panes import TRAFFIC, Cell, PaneUpdate
from streams.ingest.cells import customer_hash
from streams.ingest.counter import CountSettings, PartitionCounter
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from tests.support.detecting import START
from tests.support.pipeline_sim import Raw, event

SETTINGS = CountSettings(chunk_records=10, chunk_s=600, dimensions=("channel", "os_version"))


def counter(settings: CountSettings = SETTINGS) -> PartitionCounter:
    return PartitionCounter(7, settings, Limits(), Enricher(None))


def record(
    offset: int, at: float = START, theme: str | None = "login", *, stamp: float | None = None, **more: Any
) -> Raw:
    name = more.pop("name", f"e{offset}")
    return Raw(offset, round((at if stamp is None else stamp) * 1000), event(at, name, theme, **more))


def told(updates: list[PaneUpdate], theme: str = "login") -> list[tuple[int, int, int]]:
    """(start, upto, mentions) of the updates of one series."""
    return [(u.start, u.upto, sum(cell.count for cell in u.cells)) for u in updates if u.theme == theme]


def final(updates: list[PaneUpdate]) -> dict[tuple[str, str, int], PaneUpdate]:
    """The last word on each series and chunk."""
    return {(update.tenant, update.theme, update.start): update for update in updates}


def plain(update: PaneUpdate) -> Any:
    """An update without what may depend on when it was flushed: how far it reaches, and the order of sets."""
    cells = sorted(update.cells, key=lambda cell: cell.pane)
    found = [
        {**msgspec.structs.asdict(cell), "customers": Counter(memoryview(cell.customers).cast("Q"))} for cell in cells
    ]
    return found, update.tenant, update.theme, update.source, update.start


def one_cell(updates: list[PaneUpdate], theme: str = "login") -> Cell:
    [cell] = [cell for update in updates if update.theme == theme for cell in update.cells]
    return cell


# What a chunk is.

logs = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 2, 9, 25]),  # to the next offset
        st.sampled_from([0, 1, 30, 200, 700, -50]),  # to the next timestamp
        st.sampled_from(["good", "good", "good", "bad", "again"]),
        st.sampled_from([("login",), ("pay",), ("login", "pay")]),
        st.integers(0, 120),  # how long ago it happened
        st.integers(1, 5),
    ),
    max_size=50,
)


def written(script: list[Any]) -> list[Raw]:
    log: list[Raw] = []
    offset, stamp = 0, START
    for gap, pause, kind, themes, ago, customer in script:
        offset, stamp = offset + gap, stamp + pause
        if kind == "again" and log:
            # A repeat right after what it repeats, in the same chunk unless one happens to end in between.
            before = log[-1]
            if (before.offset + 1) % 10 and offset == before.offset + 1:
                log.append(Raw(offset, before.timestamp, before.value))
                stamp = before.timestamp / 1000
            continue
        value = event(stamp - ago, f"e{offset}", None, themes=list(themes), customer=f"c{customer}", sentiment=-0.5)
        log.append(Raw(offset, round(stamp * 1000), value if kind == "good" else b"{"))
    return log


def read(log: list[Raw], sizes: list[int], *, flush_every: int = 1) -> tuple[list[PaneUpdate], list[int]]:
    """Every update of one reading, and the starts that could be committed on the way."""
    worker, updates, starts = counter(), list[PaneUpdate](), list[int]()
    at = turn = 0
    while at < len(log):
        size = sizes[turn % len(sizes)]
        worker.count(log[at : at + size])
        at, turn = at + size, turn + 1
        if turn % flush_every == 0:
            updates += worker.flush(traffic=turn % 2 == 0)
            starts.append(worker.start)
    return [*updates, *worker.flush()], starts


@settings(max_examples=150, deadline=None)
@given(logs, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 5), st.data())
def test_a_successor_says_the_same_again(script: list[Any], sizes: list[int], every: int, data: st.DataObject) -> None:
    log = written(script)
    updates, starts = read(log, [1])
    first = final(updates)
    for start in data.draw(st.lists(st.sampled_from(starts), max_size=3) if starts else st.just([]), label="starts"):
        rest = [one for one in log if one.offset >= start]
        again = final(read(rest, sizes, flush_every=every)[0])
        expected = {key: update for key, update in first.items() if key[2] >= start}
        assert {key: plain(update) for key, update in again.items()} == {k: plain(u) for k, u in expected.items()}


@settings(max_examples=100, deadline=None)
@given(logs, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 5))
def test_the_chunks_add_up_to_the_log(script: list[Any], sizes: list[int], every: int) -> None:
    log = written(script)
    seen, mentions = set[bytes](), 0
    for one in log:
        if one.value != b"{" and one.value not in seen:
            assert one.value is not None
            seen.add(one.value)
            mentions += len(msgspec.json.decode(one.value)["themes"])
    found = final(read(log, sizes, flush_every=every)[0])
    themes = {key: update for key, update in found.items() if key[1] != TRAFFIC}
    assert sum(cell.count for update in themes.values() for cell in update.cells) == mentions
    traffic = [cell for key, update in found.items() if key[1] == TRAFFIC for cell in update.cells]
    assert sum(cell.count for cell in traffic) == mentions


@settings(max_examples=100, deadline=None)
@given(logs, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_what_was_told_is_never_taken_back(script: list[Any], sizes: list[int]) -> None:
    reach: dict[tuple[str, str], tuple[int, int]] = {}
    for update in read(written(script), sizes)[0]:
        key = (update.tenant, update.theme)
        assert reach.get(key, (-1, -1)) <= (update.start, update.upto)
        reach[key] = (update.start, update.upto)


def test_a_chunk_ends_at_a_multiple_of_its_length() -> None:
    worker = counter()
    worker.count([record(offset) for offset in range(25)])
    assert told(worker.flush()) == [(0, 9, 10), (10, 19, 10), (20, 24, 5)]
    assert worker.start == 20


def test_a_full_chunk_is_left_behind_at_once() -> None:
    worker = counter()
    worker.count([record(offset) for offset in range(10)])
    assert worker.start == 10
    assert told(worker.flush()) == [(0, 9, 10)]
    worker.count([record(10)])
    assert told(worker.flush()) == [(10, 10, 1)]


def test_a_chunk_ends_where_the_record_time_enters_the_next_stretch() -> None:
    worker = counter()
    worker.count(
        [record(0), record(1, START + 599.9), record(2, START + 600), record(3, START + 599, stamp=START + 650)]
    )
    assert told(worker.flush()) == [(0, 1, 2), (2, 3, 2)]


def test_a_record_time_that_goes_back_does_not_end_a_chunk() -> None:
    worker = counter()
    worker.count([record(0, START + 600), record(1, START - 3600), record(2, START + 700)])
    assert told(worker.flush()) == [(0, 2, 3)]


def test_gaps_in_the_offsets() -> None:
    worker = counter()
    worker.count([record(offset) for offset in (3, 5, 8, 42, 43)])
    assert told(worker.flush()) == [(3, 8, 3), (42, 43, 2)]
    assert worker.position == 44


def test_updates_are_cumulative_within_their_chunk_and_only_of_what_changed() -> None:
    worker, updates = counter(), []
    for offset, theme in enumerate(["login", "pay", "login"]):
        worker.count([record(offset, theme=theme)])
        updates.append([(u.theme, u.upto, u.cells[0].count) for u in worker.flush(traffic=False)])
    assert updates == [[("login", 0, 1)], [("pay", 1, 1)], [("login", 2, 2)]]
    assert worker.flush(traffic=False) == []


def test_a_flushed_update_does_not_change_any_more() -> None:
    worker = counter()
    worker.count([record(0, text="a", metrics={"wait_s": 1.0}, customer="c", channel="app")])
    [update] = worker.flush(traffic=False)
    before = msgspec.msgpack.encode(update)
    worker.count([record(1, text="b", metrics={"wait_s": 2.0}, customer="d", channel="web")])
    worker.flush()
    assert msgspec.msgpack.encode(update) == before


def test_reading_from_an_earlier_chunk_begins_anew() -> None:
    worker = counter()
    worker.count([record(offset) for offset in range(10, 27)])
    assert told(worker.flush()) == [(10, 19, 10), (20, 26, 7)]
    worker.count([record(offset) for offset in range(10, 13)])
    assert told(worker.flush()) == [(10, 12, 3)]
    assert worker.tally.repeated == 0


def test_reading_from_an_earlier_chunk_in_the_middle_of_a_batch() -> None:
    worker = counter()
    worker.count([*[record(offset) for offset in range(10, 27)], *[record(offset) for offset in range(10, 14)]])
    assert told(worker.flush()) == [(10, 13, 4)]
    assert worker.tally.repeated == 0


@pytest.mark.parametrize("again", [range(10, 20), range(12, 20), range(16, 17)])
def test_records_of_this_chunk_that_come_again_are_passed_over(again: range) -> None:
    worker = counter()
    worker.count([record(offset) for offset in range(10, 17)])
    worker.count([record(offset) for offset in again])
    assert told(worker.flush()) == [(10, max(again[-1], 16), max(again[-1], 16) - 9)]
    assert worker.tally.repeated == 0


# What is counted.


def test_a_repeat_counts_once_even_in_the_next_chunk() -> None:
    worker = counter()
    worker.count([record(8, name="a"), record(9, name="a"), record(10, name="a"), record(11, name="b")])
    assert told(worker.flush()) == [(8, 9, 1), (10, 11, 1)]
    assert worker.tally.repeated == 2


def test_the_same_id_of_another_tenant_is_another_event() -> None:
    worker = counter()
    worker.count([record(0, name="a"), record(1, name="a", tenant="shop")])
    assert {(update.tenant, update.theme) for update in worker.flush(traffic=False)} == {
        ("default", "login"),
        ("shop", "login"),
    }


def test_what_is_refused_is_not_counted() -> None:
    worker = counter()
    bad = Raw(1, round(START * 1000), b"{")
    assert [one.record for one in worker.count([record(0), bad, record(2)])] == [bad]
    assert told(worker.flush()) == [(0, 2, 2)]


def test_a_log_of_garbage_moves_on() -> None:
    worker = counter()
    assert len(worker.count([Raw(offset, round(START * 1000), b"{") for offset in range(25)])) == 25
    assert worker.flush() == []
    assert (worker.start, worker.position) == (20, 25)


def test_an_event_counts_once_for_each_of_its_themes_and_as_often_in_the_traffic() -> None:
    worker = counter()
    worker.count([record(0, theme="a", themes=["b", "a", {"name": "c", "confidence": 0.1}])])
    assert {update.theme: update.cells[0].count for update in worker.flush()} == {"a": 1, "b": 1, TRAFFIC: 2}


def test_a_text_nobody_can_place_is_untagged() -> None:
    worker = counter()
    worker.count([record(0, theme=None, text="cannot log in")])
    assert {update.theme for update in worker.flush(traffic=False)} == {"untagged"}
    assert worker.tally.untagged == 1


def test_what_a_cell_holds() -> None:
    worker = counter()
    common = {"channel": "app", "sentiment": -0.5}
    worker.count(
        [
            record(0, START + 30, customer="a", attributes={"os_version": "17"}, metrics={"wait_s": 3.0}, **common),
            record(
                1, START + 10, customer="b", os_version=17, metrics={"wait_s": 5.0}, text="call 0171 1234567", **common
            ),
            record(2, START + 59.5, customer="a", metrics={"stars": 1.0}),
            record(3, START + 20, customer=""),
        ]
    )
    cell = one_cell(worker.flush())
    assert (cell.pane, cell.count, cell.first, cell.last) == (START, 4, START + 10, START + 59.5)
    assert cell.sentiment_n == 3
    assert cell.sentiment_sum == pytest.approx(-2.0)
    assert set(memoryview(cell.customers).cast("Q")) == {customer_hash("a"), customer_hash("b")}
    assert cell.slices == {"channel=app": 2, "os_version=17": 2}
    assert cell.metrics == {"wait_s": (2, 8.0, 34.0), "stars": (1, 1.0, 1.0)}
    [sample] = cell.samples
    assert (sample.event_id, sample.sentiment, sample.sentiment_source) == ("e1", -0.5, "given")
    assert sample.customer == customer_hash("b")
    assert "1234567" not in sample.text


def test_a_few_samples_a_pane() -> None:
    worker = counter()
    worker.count([record(offset, text=f"text {offset}") for offset in range(8)])
    assert [sample.text for sample in one_cell(worker.flush()).samples] == ["text 0", "text 1"]


def test_panes_are_minutes_and_traffic_is_coarser() -> None:
    worker = counter()
    times = (START, START + 59.999, START + 60, START + 299)
    worker.count([record(offset, at, stamp=START + 599) for offset, at in enumerate(times)])
    cells = {update.theme: {cell.pane - START: cell.count for cell in update.cells} for update in worker.flush()}
    assert cells == {"login": {0: 2, 60: 1, 240: 1}, TRAFFIC: {0: 4}}


def test_traffic_says_how_many_themes_there_were() -> None:
    worker = counter()
    worker.count([record(offset, theme=theme) for offset, theme in enumerate(["login", "fees", "login"])])
    cell = one_cell(worker.flush(), TRAFFIC)
    assert set(memoryview(cell.customers).cast("Q")) == {customer_hash("login"), customer_hash("fees")}


def test_traffic_can_wait_for_the_end_of_the_chunk() -> None:
    worker = counter()
    worker.count([record(offset, channel="app") for offset in range(5)])
    assert told(worker.flush(traffic=False), TRAFFIC) == []
    worker.count([record(offset, channel="web") for offset in range(5, 12)])
    updates = worker.flush(traffic=False)
    assert told(updates, TRAFFIC) == [(0, 9, 10)]
    [update] = [update for update in updates if update.theme == TRAFFIC]
    assert update.cells[0].slices == {"channel=app": 5, "channel=web": 5}


def test_traffic_does_not_wait_once_the_watermark_is_past_its_pane() -> None:
    worker = counter(CountSettings(chunk_records=1000))
    worker.count([record(0, START)])
    assert told(worker.flush(traffic=False), TRAFFIC) == []
    worker.count([record(1, START + 299)])
    assert told(worker.flush(traffic=False), TRAFFIC) == []
    worker.count([record(2, START + 300)])
    assert told(worker.flush(traffic=False), TRAFFIC) == [(0, 2, 3)]
    worker.count([record(3, START + 301)])
    assert told(worker.flush(traffic=False), TRAFFIC) == []


def test_many_values_of_a_slice_are_bounded() -> None:
    worker = counter(CountSettings(chunk_records=1000, dimensions=("channel", "os_version")))
    values = [f"v{i % (1 + i // 3)}" for i in range(600)]
    worker.count([record(i, os_version=value, channel="app") for i, value in enumerate(values)])
    slices = one_cell(worker.flush()).slices
    assert slices.pop("channel=app") == 600
    assert slices == {
        f"os_version={value}": n for value, n in Counter(values).items() if f"os_version={value}" in slices
    }
    assert len(slices) == 10


def test_many_customers_are_a_sample() -> None:
    worker = counter(CountSettings(chunk_records=10_000))
    worker.count([record(i, customer=f"c{i}") for i in range(5000)])
    cell = one_cell(worker.flush())
    kept = memoryview(cell.customers).cast("Q")
    assert 200 < len(kept) <= 512
    assert all(hashed >> cell.customers_bits == 0 for hashed in kept)
    assert len(kept) << (64 - cell.customers_bits) == pytest.approx(5000, rel=0.2)


def test_the_watermark_is_the_latest_event_that_was_flushed() -> None:
    worker = counter()
    worker.count([record(0, START + 100), record(1, START + 40), Raw(2, round((START + 900) * 1000), b"{")])
    worker.flush()
    assert worker.watermark == START + 100


def test_waiting_counts_series_with_something_to_send() -> None:
    worker = counter()
    assert worker.waiting == 0
    worker.count([record(0), record(1, theme="pay"), record(2)])
    assert worker.waiting == 2
    worker.flush()
    assert worker.waiting == 0
    worker.count([record(offset) for offset in range(3, 11)])
    assert worker.waiting >= 2


def test_a_repeat_across_chunks_is_the_price_of_a_restart() -> None:
    """Known and accepted: ids are remembered from the chunk's start only, see :mod:`streams.ingest.dedupe`."""
    log = [record(9, name="a"), record(10, name="a"), record(11, name="b")]
    worker, successor = counter(), counter()
    worker.count(log)
    successor.count(log[1:])
    assert told(worker.flush()) == [(9, 9, 1), (10, 11, 1)]
    assert told(successor.flush()) == [(10, 11, 2)]


# A producer whose clock is wrong stamps its records wrongly as well.


def test_a_stamp_in_the_future_vouches_for_no_time_in_the_future() -> None:
    day = 86_400.0
    counts = counter()
    refused = counts.count([record(0, START + day), record(1, START)], wall=START + 1)
    assert [(one.record.offset, one.why.reason.value) for one in refused] == [(0, "far-future")]
    assert told(counts.flush()) == [(0, 1, 1)]
    assert counts.watermark == START


def test_a_stamp_in_the_future_does_not_wipe_out_what_was_seen() -> None:
    counts = counter()
    counts.count([record(0, name="once"), record(1, stamp=START + 86_400.0), record(2, name="once")], wall=START + 1)
    assert counts.tally.repeated == 1


def test_a_repeat_of_what_was_counted_before_a_restart_is_known() -> None:
    before = [record(8, name="a"), Raw(9, round(START * 1000), b"{"), record(10, name="b")]
    counts = counter()
    counts.recall(before[:2])
    assert counts.position is None
    counts.count([before[2], record(11, name="a"), record(12, name="b")])
    assert (counts.start, counts.tally.repeated) == (10, 2)
    assert told(counts.flush()) == [(10, 12, 1)]
