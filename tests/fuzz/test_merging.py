"""From records to histories: however it is cut, repeated, replayed and mixed, each event counts once.

The real counter reads the records, and a plain oracle counts the events.
"""

from collections import Counter
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from detectors.history import SLICE_BUCKET_S, History
from detectors.merge import Merge
from detectors.panes import PANE_S
from schemas.panes import TRAFFIC, PaneUpdate
from streams.ingest.cells import customer_hash
from streams.ingest.counter import CountSettings, PartitionCounter
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from tests.fuzz.strategies import FUZZ
from tests.support.detecting import START
from tests.support.pipeline_sim import Raw, event

SETTINGS = CountSettings(chunk_records=5, chunk_s=600, dimensions=("channel", "os_version"))
ENRICHER = Enricher(None)
THEMES = ("login", "fees")


class Said(NamedTuple):
    """An event; numbers in eighths, so that every order of adding gives the same sum."""

    second: int
    theme: str
    sentiment: float | None
    customer: str | None
    wait_s: float | None
    os_version: str | None
    gap: int

    @property
    def at(self) -> float:
        return START + self.second


eighths = st.integers(-8, 8).map(lambda n: n / 8)
said = st.builds(
    Said,
    st.integers(0, 2400),
    st.sampled_from(THEMES),
    st.none() | eighths,
    st.none() | st.sampled_from([f"c{n}" for n in range(20)]),
    st.none() | eighths,
    st.none() | st.sampled_from(["16", "17", "18"]),
    st.integers(1, 3),
)
steps = st.lists(
    st.tuples(st.sampled_from(["read", "flush", "restart", "zombie"]), st.integers(1, 9)), max_size=10
)  # fmt: skip


def log_of(events: list[Said], source: int) -> list[Raw]:
    """The records of a source partition, with gaps in the offsets; record time runs on at its own pace."""
    log, offset = [], 0
    for n, one in enumerate(events):
        value = event(
            one.at, f"{source}-{n}", one.theme, sentiment=one.sentiment, customer=one.customer, channel="app",
            os_version=one.os_version, metrics={} if one.wait_s is None else {"wait_s": one.wait_s},
        )  # fmt: skip
        log.append(Raw(offset, round((START + 2400 + 40 * n) * 1000), value))
        offset += one.gap
    return log


class Reader:
    """A worker that reads one source partition from a chunk's start."""

    def __init__(self, source: int, log: list[Raw], start: int) -> None:
        self.counter = PartitionCounter(source, SETTINGS, Limits(), ENRICHER)
        self.log = [record for record in log if record.offset >= start]

    def read(self, n: int) -> None:
        assert self.counter.count(self.log[:n]) == []
        self.log = self.log[n:]


def updates_of(source: int, log: list[Raw], script: list[tuple[str, int]]) -> list[PaneUpdate]:
    """What a source's workers say, in the order in which it is written; the last one says it all."""
    committed, readers, told = 0, [Reader(source, log, 0)], []
    for step, n in script:
        match step:
            case "read":
                readers[-1].read(n)
            case "flush":
                told += readers[-1].counter.flush(whole_chunks=n > 7)
                if readers[-1].counter.position is not None:
                    committed = max(committed, readers[-1].counter.start)
            case "restart":
                # From where is committed, or from an older chunk as after a rebalance.
                readers.append(Reader(source, log, committed if n > 3 else 0))
            case "zombie":
                zombie = readers[n % len(readers)]
                zombie.read(n)
                told += zombie.counter.flush()
    readers[-1].read(len(log))
    return told + readers[-1].counter.flush()


def mixed(sources: list[list[PaneUpdate]], data: st.DataObject) -> list[PaneUpdate]:
    """One order of what several sources say, with some of it repeated at once or later, each source's own kept."""
    queues = [list(queue) for queue in sources if queue]
    out: list[PaneUpdate] = []
    while queues:
        queue = queues[data.draw(st.integers(0, len(queues) - 1), label="source") if len(queues) > 1 else 0]
        out.append(queue.pop(0))
        if data.draw(st.integers(0, 3), label="again") == 0:
            out += data.draw(st.lists(st.sampled_from(out), max_size=2), label="repeats")
        queues = [queue for queue in queues if queue]
    return out


def merged(updates: list[PaneUpdate], theme: str) -> tuple[History, int]:
    """The history of a theme that was told of the updates, and mentions as they were added."""
    history, merge, told = History(86_400.0, START), Merge(), 0
    for update in updates:
        if update.theme == theme and (found := merge.apply(update, history, closed=0.0)) is not None:
            told += found.mentions
    return history, told


def held(history: History) -> dict[str, object]:
    """Everything that must not depend on how the counts travelled."""
    return {
        "mentions": {pane: row for pane, row in history.mentions.rows.items() if row[0]},
        "metrics": {name: {pane: row for pane, row in panes.rows.items() if row[0]}
                    for name, panes in history.metrics.items()},
        "slices": {bucket: {name: n for name, n in found.items() if n} for bucket, found in history.slices.items()},
        "customers": set(history.customers.last),
        "total": history.total,
        "latest": history.latest,
    }  # fmt: skip


def oracle(events: list[Said]) -> dict[str, object]:
    """The same, counted one event at a time."""
    mentions: dict[int, list[float]] = {}
    waits: dict[int, list[float]] = {}
    slices: dict[int, Counter[str]] = {}
    for one in events:
        pane, bucket = int(one.at) // PANE_S * PANE_S, int(one.at) // SLICE_BUCKET_S * SLICE_BUCKET_S
        row = mentions.setdefault(pane, [0, 0, 0.0])
        row[0] += 1
        row[1] += one.sentiment is not None
        row[2] += one.sentiment or 0.0
        slices.setdefault(bucket, Counter())["channel=app"] += 1
        if one.os_version is not None:
            slices[bucket][f"os_version={one.os_version}"] += 1
        if one.wait_s is not None:
            row = waits.setdefault(pane, [0, 0.0, 0.0])
            row[0] += 1
            row[1] += one.wait_s
            row[2] += one.wait_s**2
    return {
        "mentions": mentions,
        "metrics": {"wait_s": waits} if waits else {},
        "slices": {bucket: dict(found) for bucket, found in slices.items()},
        "customers": {customer_hash(one.customer) for one in events if one.customer},
        "total": len(events),
        "latest": max((one.at for one in events), default=0.0),
    }


sources = st.lists(st.lists(said, max_size=14), min_size=1, max_size=3)


@FUZZ
@given(sources, st.lists(steps, min_size=3, max_size=3), st.data())
def test_each_event_counts_once_however_it_travels(
    logs: list[list[Said]], scripts: list[list[tuple[str, int]]], data: st.DataObject
) -> None:
    told = [updates_of(n, log_of(log, n), scripts[n]) for n, log in enumerate(logs)]
    updates = mixed(told, data)
    for theme in THEMES:
        history, mentions = merged(updates, theme)
        events = [one for log in logs for one in log if one.theme == theme]
        assert held(history) == oracle(events)
        assert mentions == len(events)
        assert history.customers.distinct(START - 1) == len({one.customer for one in events if one.customer})


@FUZZ
@given(sources, st.lists(steps, min_size=3, max_size=3), st.data())
def test_two_orders_of_the_same_updates_say_the_same(
    logs: list[list[Said]], scripts: list[list[tuple[str, int]]], data: st.DataObject
) -> None:
    told = [updates_of(n, log_of(log, n), scripts[n]) for n, log in enumerate(logs)]
    one, other = mixed(told, data), mixed(told, data)
    for theme in (*THEMES, TRAFFIC):
        assert held(merged(one, theme)[0]) == held(merged(other, theme)[0])


@FUZZ
@given(sources, st.lists(steps, min_size=3, max_size=3))
def test_a_second_reading_of_everything_adds_nothing(
    logs: list[list[Said]], scripts: list[list[tuple[str, int]]]
) -> None:
    told = [update for n, log in enumerate(logs) for update in updates_of(n, log_of(log, n), scripts[n])]
    again = [update for n, log in enumerate(logs) for update in updates_of(n, log_of(log, n), [])]
    for theme in THEMES:
        assert held(merged(told + again + told, theme)[0]) == held(merged(again, theme)[0])
