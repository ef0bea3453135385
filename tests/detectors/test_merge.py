"""Merging: whatever is repeated, replayed or said by a zombie, every mention counts once."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.history import History
from detectors.merge import Merge
from detectors.panes import PANE_S
from schemas.panes import Cell, PaneUpdate
from tests.support.detecting import START, Mention, cells_of, every, update_of

LENGTH = 5

mentions = st.builds(
    Mention,
    st.integers(0, 600).map(lambda s: START + s),
    st.none() | st.integers(-4, 4).map(lambda quarters: quarters / 4),
    st.integers(1, 9),
    st.none() | st.integers(0, 9).map(float),
    st.sets(st.sampled_from(["os=a", "os=b", "tier=x"])).map(lambda names: tuple(sorted(names))),
)


@dataclass
class Worker:
    """Reads a log from a chunk's start and says what each chunk holds so far."""

    log: list[Mention]
    position: int
    start: int = field(init=False)

    def __post_init__(self) -> None:
        assert self.position % LENGTH == 0
        self.start = self.position

    def read(self, n: int, source: int) -> list[PaneUpdate]:
        """Read up to ``n`` records; the updates of the flush thereafter."""
        updates = []
        for _ in range(min(n, len(self.log) - self.position)):
            self.position += 1
            if self.position % LENGTH == 0:
                updates.append(self._update(source))
                self.start = self.position
        if self.position > self.start:
            updates.append(self._update(source))
        return updates

    def _update(self, source: int) -> PaneUpdate:
        held = self.log[self.start : self.position]
        return PaneUpdate("bank", "login", source, self.start, self.position - 1, cells_of(held))


def totals(history: History, length_s: float = 86_400.0) -> tuple[object, ...]:
    """Everything that must not depend on how the counts travelled."""
    return (
        {pane: row for pane, row in history.mentions.rows.items() if row != [0, 0, 0]},
        history.metrics["wait_s"].rows if history.metrics else {},
        {bucket: counts for bucket, counts in history.slices.items() if counts},
        # When each was heard is known to the pane, not to the mention.
        sorted(history.customers.last),
        history.total,
        history.latest,
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(mentions, max_size=23), min_size=1, max_size=3), st.data())
def test_every_mention_counts_once(logs: list[list[Mention]], data: st.DataObject) -> None:
    history, merge, told = History(86_400.0, START), Merge(), 0
    workers = [[Worker(log, 0)] for log in logs]
    committed = [0] * len(logs)

    def turn(source: int, worker: Worker, n: int) -> None:
        nonlocal told
        for update in worker.read(n, source):
            for _ in range(data.draw(st.integers(1, 2), label="deliveries")):
                merged = merge.apply(update, history, closed=0.0)
                told += merged.mentions if merged else 0
        committed[source] = max(committed[source], worker.start)

    for _ in range(data.draw(st.integers(0, 12), label="turns")):
        source = data.draw(st.integers(0, len(logs) - 1), label="source")
        if data.draw(st.booleans(), label="restart"):
            back = data.draw(st.integers(0, committed[source] // LENGTH), label="from chunk")
            workers[source].append(Worker(logs[source], back * LENGTH))
        # The older ones are zombies: they may go on for as long as they like.
        worker = data.draw(st.sampled_from(workers[source]), label="worker")
        turn(source, worker, data.draw(st.integers(0, 9), label="records"))
    for source in range(len(logs)):
        turn(source, workers[source][-1], 100)

    everything = [mention for log in logs for mention in log]
    oracle = History(86_400.0, START)
    if everything:
        Merge().apply(update_of(everything), oracle, closed=0.0)
    assert totals(history) == totals(oracle)
    assert told == len(everything)
    assert Counter({pane: row[0] for pane, row in history.mentions.rows.items()}) == Counter(
        int(mention.at) // PANE_S * PANE_S for mention in everything
    )


def test_an_update_that_says_nothing_new_is_none() -> None:
    history, merge = History(3600.0, START), Merge()
    update = update_of(every(10, 5))
    assert merge.apply(update, history, closed=0.0) is not None
    assert merge.apply(update, history, closed=0.0) is None
    assert merge.apply(update_of(every(10, 3)), history, closed=0.0) is None
    assert merge.apply(update_of(every(10, 5), start=50), history, closed=0.0) is not None
    assert merge.apply(update_of(every(10, 9)), history, closed=0.0) is None
    assert history.total == 10


def test_sources_do_not_mix() -> None:
    history, merge = History(3600.0, START), Merge()
    for source in (0, 1):
        merged = merge.apply(update_of(every(10, 5), source=source), history, closed=0.0)
        assert merged is not None
        assert merged.mentions == 5
    assert history.total == 10


def test_an_update_that_reaches_further_without_a_new_mention_adds_nothing() -> None:
    history, merge = History(3600.0, START), Merge()
    update = update_of(every(10, 5))
    merge.apply(update, history, closed=0.0)
    update.upto += 10
    merged = merge.apply(update, history, closed=0.0)
    assert merged is not None
    assert (merged.mentions, merged.late, merged.overlap) == (0, 0, False)


def test_late_mentions_are_counted_as_late_and_not_at_all() -> None:
    history, merge = History(3600.0, START), Merge()
    early, late = Mention(START + 120), Mention(START + 60)
    merged = merge.apply(update_of([early, late, late]), history, closed=START + 120)
    assert merged is not None
    assert (merged.mentions, merged.late) == (1, 2)
    assert history.total == 1
    more = merge.apply(update_of([early, late, late, late]), history, closed=START + 120)
    assert more is not None
    assert (more.mentions, more.late) == (0, 1)


def test_a_pane_is_closed_at_its_end() -> None:
    for closed, late in ((START + 59.9, 0), (START + 60.0, 1)):
        merged = Merge().apply(update_of([Mention(START + 1)]), History(3600.0, START), closed=closed)
        assert merged is not None
        assert merged.late == late


def test_chunks_that_overlap_are_told() -> None:
    history, merge = History(3600.0, START), Merge()
    merge.apply(update_of(every(10, 10)), history, closed=0.0)
    overlapping = merge.apply(update_of(every(10, 10), start=5), history, closed=0.0)
    following = merge.apply(update_of(every(10, 10), start=15), history, closed=0.0)
    assert overlapping is not None
    assert following is not None
    assert (overlapping.overlap, following.overlap) == (True, False)


def test_a_slice_that_leaves_the_most_frequent_and_comes_back_counts_once() -> None:
    history, merge = History(86_400.0, START), Merge()
    pane = int(START)
    for upto, slices in ((4, {"os=a": 5}), (9, {"os=b": 9}), (14, {"os=a": 8, "os=b": 9})):
        merge.apply(
            PaneUpdate("t", "x", 0, 0, upto, [Cell(pane, upto + 1, START, START, 0, 0.0, b"", 64, slices)]),
            history,
            0.0,
        )
    assert history.slice_counts(3600, START) == {"os=a": 8, "os=b": 9}


@given(st.lists(mentions, min_size=1, max_size=30), st.integers(0, 30))
def test_a_restored_merge_goes_on_alike(log: list[Mention], cut: int) -> None:
    history, merge = History(86_400.0, START), Merge()
    if cut:
        merge.apply(update_of(log[:cut]), history, closed=0.0)
    restored = Merge(dict(merge.snapshot()))
    merge.apply(update_of(log), history, closed=0.0)
    again = restored.apply(update_of(log[:cut] or log[:1]), History(86_400.0, START), closed=0.0)
    assert (again is None) == (cut > 0)
    assert history.total == len(log)


@settings(max_examples=80, deadline=None)
@given(st.lists(mentions, min_size=1, max_size=30), st.data())
def test_what_is_tidied_away_is_never_asked_for(log: list[Mention], data: st.DataObject) -> None:
    """A chunk goes on growing after its panes were closed: with or without tidying, the same is counted."""
    ends = sorted(data.draw(st.sets(st.integers(1, len(log)), min_size=1, max_size=5)))
    closed, pairs = 0.0, [(Merge(), History(86_400.0, 0.0)) for _ in range(2)]
    for upto in ends:
        update = update_of(log[:upto])
        results = [merge.apply(update, history, closed) for merge, history in pairs]
        assert results[0] == results[1]
        closed = max(closed, data.draw(st.sampled_from([0.0, START + 120, START + 300, START + 900])))
        pairs[0][0].tidy(closed)
    (_, tidied), (_, whole) = pairs
    assert tidied.snapshot() == whole.snapshot()


def test_tidying_keeps_numbers_and_drops_the_rest() -> None:
    merge, history = Merge(), History(86_400.0, 0.0)
    merge.apply(
        update_of([Mention(START, -0.5, 1, 4.0, ("os=a",)), Mention(START + 3600, 0.5, 2, 4.0, ("os=b",))]),
        history,
        0.0,
    )
    merge.tidy(START + 600)
    [chunk] = merge.chunks.values()
    early, late = sorted(chunk.panes.items())
    assert (early[1].count, early[1].sentiment_n, early[1].slices, early[1].metrics) == (1, 1, {}, {})
    assert late[1].slices == {"os=b": 1}
