"""What a worker makes of a source that falls silent: nothing is judged, nothing is closed, nothing is forgotten."""

from array import array

import numpy as np
import pytest

from detectors.count import CountSpec
from detectors.rules import RuleSet
from detectors.series import SnapshotError
from detectors.surge import SurgeSpec
from schemas.codec import encode_flush
from schemas.panes import TRAFFIC, TRAFFIC_PANE_S, WIRE_VERSION, Cell, Flush, PaneUpdate, SourceState
from schemas.signal import Severity, SignalState
from streams.detecting import DetectSettings, PartitionDetector
from streams.outages import OUTAGES
from tests.support.detecting import START

LEVELS = {Severity.LOW: 1.0, Severity.HIGH: 4.0}
SURGE = SurgeSpec(name="surge", levels=LEVELS, direction="both", resolve_after_s=1200.0)
PANES = 3 * 86_400 // TRAFFIC_PANE_S
BEGIN = int(START) // 86_400 * 86_400


class Feed:
    """Hands a partition what themes and all of them together had, pane by pane."""

    def __init__(self, spec: SurgeSpec | CountSpec = SURGE, seed: int = 1) -> None:
        self.detector = PartitionDetector(3, RuleSet([spec], "v1"), {0}, DetectSettings())
        self.random, self.pane, self.told = np.random.default_rng(seed), BEGIN, []

    def run(self, panes: int, login: float = 4.0, others: float = 60.0) -> list[SignalState]:
        """Feed panes with these means; states of the signals they raised."""
        found = []
        for _ in range(panes):
            counts = {"login": self.random.poisson(login), "*others": self.random.poisson(others)}
            told = [self._update(theme, n) for theme, n in counts.items() if n and theme[0] != "*"]
            total = sum(counts.values())
            if total:
                told.append(self._update(TRAFFIC, total))
            self.pane += TRAFFIC_PANE_S
            # A pane is over for certain only when the next one has begun.
            state = SourceState(0, self.pane + 61.0, None)
            self.detector.apply(encode_flush(Flush(WIRE_VERSION, [state], told)))
            for key, signal in list(self.detector.outbox()):
                found.append(signal.state)
                self.detector.sent(key, signal)
        return found

    def _update(self, theme: str, n: int) -> PaneUpdate:
        at = self.pane
        return PaneUpdate("bank", theme, 0, at, at + 9, [Cell(at, int(n), at + 1.0, at + TRAFFIC_PANE_S - 1.0)])

    def restart(self) -> None:
        """Go on in a successor that has only what is written down."""
        old = self.detector
        old.dirty.update(old.series)
        self.detector = PartitionDetector(3, old.rules, {0}, DetectSettings())
        self.detector.restore([(key, value) for key, value in old.checkpoint() if value is not None])

    @property
    def lasting(self) -> set[str]:
        assert self.detector.outages is not None
        return self.detector.outages.lasting


@pytest.fixture(scope="module")
def three_days() -> list[tuple[bytes, bytes]]:
    feed = Feed()
    assert feed.run(PANES) == []
    return [(key, value) for key, value in feed.detector.checkpoint() if value is not None]


@pytest.fixture
def feed(three_days: list[tuple[bytes, bytes]]) -> Feed:
    later = Feed(seed=2)
    later.detector.restore(three_days)
    later.pane = BEGIN + PANES * TRAFFIC_PANE_S
    return later


@pytest.mark.parametrize("restarts", [False, True])
def test_an_outage_and_its_catching_up_raise_nothing(feed: Feed, restarts: bool) -> None:
    assert feed.run(12, login=0.0, others=0.0) == []
    assert feed.lasting == {"bank"}
    if restarts:
        feed.restart()
        assert feed.lasting == {"bank"}
    assert feed.run(12, login=20.0, others=300.0) == []
    assert feed.run(60) == []
    assert feed.lasting == set()
    # A theme that rises later is told again.
    assert feed.run(12, login=40.0)[0] is SignalState.OPENED


def test_an_open_signal_outlives_an_outage_and_is_closed_once_there_is_something_to_hear(feed: Feed) -> None:
    assert SignalState.OPENED in feed.run(6, login=40.0)
    assert SignalState.RESOLVED not in feed.run(36, login=0.0, others=0.0)
    assert feed.detector.open
    assert feed.run(24).count(SignalState.RESOLVED) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_theme_alone_that_falls_silent_is_told(feed: Feed, restarts: bool) -> None:
    found = feed.run(2, login=0.0)
    if restarts:
        feed.restart()
    found += feed.run(24, login=0.0)
    assert found == [SignalState.OPENED]


def test_a_theme_that_is_often_silent_is_put_to_sleep_all_the_same() -> None:
    feed = Feed()
    feed.run(PANES, login=0.005)
    feed.run(24, login=0.0)
    list(feed.detector.checkpoint())
    assert feed.detector.series.asleep == 1


def test_a_verdict_says_that_nothing_is_judged(feed: Feed) -> None:
    feed.run(12, login=0.0, others=0.0)
    series = feed.detector.series[("bank", "login")]
    verdict = series.detectors[0][1].judge(series.history, float(feed.pane))
    assert verdict.unknown
    assert "nothing is judged" in verdict.reason


def test_a_total_that_is_no_longer_known_is_not_taken_for_silence(feed: Feed) -> None:
    [state] = feed.detector.watermark.sources.values()
    slow = feed.detector.watermark
    slow.expected.add(1)
    slow.sources[1] = SourceState(1, state.watermark, None)
    # One source is days ahead of the other, and what it had then is gone when the other arrives there.
    assert feed.run(2 * PANES) == []
    slow.sources.pop(1)
    slow.expected.discard(1)
    feed.run(1)
    assert feed.detector.series.around("bank").gaps == []


def test_rules_that_do_not_heed_outages_do_not_watch_for_them() -> None:
    feed = Feed(CountSpec(name="third", window_s=3600.0, levels={Severity.LOW: 1e6}))
    feed.run(4)
    assert not any(key.startswith(OUTAGES) for key, _ in feed.detector.checkpoint())


def test_a_partition_knows_how_many_themes_there_are_elsewhere() -> None:
    feed = Feed()
    marks = array("Q", range(1, 41)).tobytes()
    cell = Cell(feed.pane, 40, feed.pane, feed.pane, customers=marks)
    feed.detector.apply(encode_flush(Flush(WIRE_VERSION, [], [PaneUpdate("bank", TRAFFIC, 0, 0, 9, [cell])])))
    feed.run(2)
    assert feed.detector.series.around("bank").series == 40
    feed.restart()
    feed.run(2)
    assert feed.detector.series.around("bank").series == 40


def test_a_stale_record_is_written_again_or_buried(feed: Feed) -> None:
    list(feed.detector.checkpoint())
    known, unknown = OUTAGES + b"bank\x1f3", OUTAGES + b"shop\x1f3"
    assert feed.detector.rewrite([known, unknown]) == [unknown]
    assert known in {key for key, _ in feed.detector.checkpoint()}


@pytest.mark.parametrize("value", [b"", b"\x94\x02\xa4bank\x90\x80", b"\x94\x01\xa4bank\x90\x80", b"\x94\x01\xa4bank"])
def test_a_record_that_cannot_be_read_is_refused(value: bytes) -> None:
    with pytest.raises(SnapshotError, match="outages"):
        Feed().detector.restore([(OUTAGES + b"bank\x1f3", value)])


def run_twice(feed: Feed, panes: int, *, storm: float = 0.0) -> list[tuple[str, SignalState]]:
    """Feed panes in which five themes and all together have twice their usual, or one theme much more."""
    found = []
    for _ in range(panes):
        factor = 1.0 if storm else 2.0
        counts = {f"theme-{n}": feed.random.poisson(factor * (6.0 + 4.0 * n)) for n in range(5)}
        counts["theme-0"] += int(feed.random.poisson(storm))
        found += feed_counts(feed, counts)
    return found


def feed_counts(feed: Feed, counts: dict[str, int]) -> list[tuple[str, SignalState]]:
    told = [feed._update(theme, n) for theme, n in counts.items() if n]
    told.append(feed._update(TRAFFIC, sum(counts.values())))
    feed.pane += TRAFFIC_PANE_S
    feed.detector.apply(encode_flush(Flush(WIRE_VERSION, [SourceState(0, feed.pane + 61.0, None)], told)))
    found = [(key, signal) for key, signal in list(feed.detector.outbox())]
    for key, signal in found:
        feed.detector.sent(key, signal)
    return [(signal.theme, signal.state) for _, signal in found]


@pytest.fixture(scope="module")
def five_themes() -> list[tuple[bytes, bytes]]:
    feed = Feed(seed=7)
    feed.detector = PartitionDetector(0, RuleSet([SURGE], "v1"), {0}, DetectSettings())
    for _ in range(PANES):
        feed_counts(feed, {f"theme-{n}": int(feed.random.poisson(6.0 + 4.0 * n)) for n in range(5)})
    return [(key, value) for key, value in feed.detector.checkpoint() if value is not None]


@pytest.fixture
def five(five_themes: list[tuple[bytes, bytes]]) -> Feed:
    later = Feed(seed=8)
    later.detector = PartitionDetector(0, RuleSet([SURGE], "v1"), {0}, DetectSettings())
    later.detector.restore(five_themes)
    later.pane = BEGIN + PANES * TRAFFIC_PANE_S
    return later


def usual(feed: Feed, panes: int) -> list[tuple[str, SignalState]]:
    return [
        each
        for _ in range(panes)
        for each in feed_counts(feed, {f"theme-{n}": int(feed.random.poisson(6.0 + 4.0 * n)) for n in range(5)})
    ]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_source_that_says_all_twice_is_told_once_and_its_themes_are_not(five: Feed, restarts: bool) -> None:
    assert usual(five, 6) == []
    found = run_twice(five, 6)
    if restarts:
        old = five.detector
        five.detector = PartitionDetector(0, old.rules, {0}, DetectSettings())
        five.detector.restore([(key, value) for key, value in old.checkpoint() if value is not None])
    found += run_twice(five, 6)
    assert found == [("source-twice", SignalState.OPENED)]
    series = five.detector.series[("bank", "theme-3")]
    verdict = series.detectors[0][1].judge(series.history, float(five.pane))
    assert verdict.unknown
    assert "nothing is judged: all themes alike have been far above the usual" in verdict.reason
    after = usual(five, 60)
    assert {theme for theme, _ in after} == {"source-twice"}
    assert [state for _, state in after][-1] is SignalState.RESOLVED
    # What rises later is told again, and what was said twice is no outage's usual.
    assert ("theme-0", SignalState.OPENED) in run_twice(five, 6, storm=40.0)


def test_a_theme_that_rises_alone_is_not_taken_for_a_source_that_says_all_twice(five: Feed) -> None:
    found = run_twice(five, 12, storm=70.0)
    assert ("theme-0", SignalState.OPENED) in found
    assert "source-twice" not in {theme for theme, _ in found}


def test_what_is_twice_as_much_for_a_day_is_the_usual(five: Feed) -> None:
    found = run_twice(five, 300)
    assert found[0] == ("source-twice", SignalState.OPENED)
    assert ("source-twice", SignalState.RESOLVED) in found
    assert five.detector.series.around("bank").twice_since is None


def two_inputs(feed: Feed, behind_s: float) -> list[tuple[str, SignalState]]:
    """Wall time goes on by a pane: one input is live, the other so far behind; what is told of it."""
    counts = {f"theme-{n}": int(feed.random.poisson(6.0 + 4.0 * n)) for n in range(5)}
    told = [feed._update(theme, n) for theme, n in {**counts, TRAFFIC: sum(counts.values())}.items() if n]
    feed.pane += TRAFFIC_PANE_S
    states = [SourceState(0, feed.pane, None), SourceState(1, feed.pane - behind_s, None)]
    feed.detector.apply(encode_flush(Flush(WIRE_VERSION, states, told)))
    keys = feed.detector.late(feed.pane + 5.0)
    found = [(key, signal) for key, signal in list(feed.detector.outbox()) if key in keys]
    for key, signal in found:
        feed.detector.sent(key, signal)
    return [(signal.theme, signal.state) for _, signal in found]


@pytest.mark.parametrize("restarts", [False, True])
def test_an_input_that_is_late_is_told_once_and_nothing_closes_meanwhile(five: Feed, restarts: bool) -> None:
    five.detector.watermark.expected.add(1)
    assert [two_inputs(five, 60.0) for _ in range(3)] == [[], [], []]
    reached = five.detector.watermark.at
    # It stands still, while the other goes on.
    found = [each for _ in range(6) for each in two_inputs(five, 7200.0)]
    assert found == [("source-late", SignalState.OPENED)]
    if restarts:
        old = five.detector
        five.detector = PartitionDetector(0, old.rules, {0, 1}, DetectSettings())
        five.detector.restore([(key, value) for key, value in old.checkpoint() if value is not None])
    assert [two_inputs(five, 7200.0) for _ in range(3)] == [[], [], []]
    assert five.detector.watermark.at == reached
    after = [each for _ in range(8) for each in two_inputs(five, 30.0)]
    assert after[-1] == ("source-late", SignalState.RESOLVED)


def test_inputs_that_are_all_read_late_are_a_backlog_and_nobody_is_behind(five: Feed) -> None:
    five.detector.watermark.expected.add(1)
    states = [SourceState(0, five.pane, None), SourceState(1, five.pane - 7200.0, None)]
    five.detector.apply(encode_flush(Flush(WIRE_VERSION, states, [])))
    assert [five.detector.late(five.pane + 86_400.0 + 300.0 * n) for n in range(4)] == [[], [], [], []]
