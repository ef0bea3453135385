"""Detection on one partition: what is judged when, and what a successor resumes from."""

import msgspec
import pytest

from detectors.compression import plain
from detectors.count import CountSpec
from detectors.rules import RuleSet
from detectors.series import SnapshotError
from detectors.velocity import VelocitySpec
from schemas.codec import encode_flush, encode_json
from schemas.panes import TRAFFIC, WIRE_VERSION, Cell, Flush, PaneUpdate, SourceState
from schemas.signal import Severity, Signal, SignalState
from streams.detecting import DetectSettings, PartitionDetector, series_key
from tests.support.detecting import START, Mention, every, update_of

COUNT = CountSpec(name="third", window_s=3600.0, levels={Severity.LOW: 3.0}, resolve_after_s=600.0)
RULES = RuleSet([COUNT], "v1")
LOGIN = ("bank", "login")
LIFE = [SignalState.OPENED, SignalState.RESOLVING, SignalState.RESOLVED]


def detector(rules: RuleSet = RULES, sources: tuple[int, ...] = (0,), lateness_s: float = 900.0) -> PartitionDetector:
    return PartitionDetector(3, rules, set(sources), DetectSettings(lateness_s=lateness_s))


def flush(*updates: PaneUpdate, at: float | None = None, source: int = 0, idle_s: float | None = None) -> bytes:
    states = [] if at is None and idle_s is None else [SourceState(source, at, idle_s)]
    return encode_flush(Flush(WIRE_VERSION, states, list(updates)))


def restored(old: PartitionDetector) -> PartitionDetector:
    """What a successor makes of everything that was ever to be written."""
    old.dirty.update(old.series)
    new = detector(old.rules, tuple(old.watermark.expected))
    new.restore(list(old.checkpoint()))
    return new


def signals(found: PartitionDetector) -> list[Signal]:
    return [signal for _, signal in found.outbox()]


def test_the_third_mention_is_told_at_once() -> None:
    found = detector()
    assert found.apply(flush(update_of(every(60, 2)), at=START + 60)) == []
    assert found.apply(flush(update_of(every(60, 3)), at=START + 120)) == [LOGIN]
    [signal] = signals(found)
    assert (signal.state, signal.observed, signal.at.timestamp()) == (SignalState.OPENED, 3.0, START + 120)
    assert found.tally.signals == 1


def test_a_series_nobody_watches_is_counted_and_not_judged() -> None:
    rules = RuleSet([CountSpec(name="pay", window_s=60.0, levels={Severity.LOW: 1.0}, themes=("pay",))])
    found = detector(rules)
    assert found.apply(flush(update_of(every(60, 9)), at=START)) == []
    assert found.series[LOGIN].history.total == 9


def test_repeats_overlaps_and_late_mentions_are_tallied() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START + 10_000))
    found.apply(flush(update_of(every(60, 3)), at=START + 10_000))
    found.apply(flush(update_of(every(60, 3), start=2)))
    tally = found.tally
    assert (tally.updates, tally.mentions, tally.repeats, tally.overlaps, tally.late) == (3, 3, 1, 1, 3)


def test_lateness_is_counted_from_the_watermark_before_the_record() -> None:
    found = detector(lateness_s=900.0)
    found.apply(flush(at=START + 960))
    found.apply(flush(update_of([Mention(START), Mention(START + 61)]), at=START + 10_000))
    assert (found.tally.late, found.tally.mentions) == (1, 1)


def test_silence_resolves_when_every_source_is_idle() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START + 120))
    told = [idle for idle in range(60, 6000, 60) if found.apply(flush(at=START + 120, idle_s=float(idle)))]
    # The window of an hour empties from the first pane on; ten minutes of quiet thereafter.
    assert told == [3600 - 60 + 180, 3600 - 60 + 600]
    assert [signal.state for signal in signals(found)] == LIFE


def test_a_slow_source_holds_the_resolution() -> None:
    found = detector(sources=(0, 1))
    found.apply(flush(update_of(every(60, 3)), at=START + 120))
    assert found.apply(flush(at=START + 90_000)) == []
    assert found.apply(flush(at=START + 90_000, source=1)) == []
    assert found.apply(flush(at=START + 91_000)) == []
    assert found.apply(flush(at=START + 91_000, source=1)) == [LOGIN]


def test_traffic_explains_what_rose() -> None:
    slices = {"os=17": 3}
    login = PaneUpdate("bank", "login", 0, 0, 9, [Cell(int(START), 3, START, START, slices=slices)])
    all_of_it = {"os=17": 10, "os=16": 90}
    traffic = PaneUpdate("bank", TRAFFIC, 0, 0, 9, [Cell(int(START), 100, START, START, slices=all_of_it)])
    found = detector()
    found.apply(flush(traffic, login, at=START))
    [signal] = signals(found)
    assert [driver.text for driver in signal.drivers] == ["os=17: 3 of 3 mentions, 10% of traffic"]
    assert ("bank", TRAFFIC) not in found.series


def test_traffic_is_counted_once_and_survives_a_restart() -> None:
    found = detector()
    for upto, n in ((9, 60), (9, 60), (19, 100)):
        cell = Cell(int(START), n, START, START, slices={"os=17": n // 10, "os=16": n - n // 10})
        found.apply(flush(PaneUpdate("bank", TRAFFIC, 0, 0, upto, [cell]), at=START))
    found = restored(found)
    found.apply(flush(PaneUpdate("bank", TRAFFIC, 0, 0, 19, [cell]), at=START))
    found.apply(flush(PaneUpdate("bank", "login", 0, 0, 9, [Cell(int(START), 3, START, START, slices={"os=17": 3})])))
    assert signals(found)[0].drivers[0].traffic_share == 0.1


def test_a_tenant_is_watched_since_its_first_event_of_any_theme() -> None:
    surge = VelocitySpec(name="surge", window_s=600.0, levels={Severity.LOW: 2.0}, min_count=3, min_customers=0)
    found = detector(RuleSet([surge]))
    found.apply(flush(update_of([Mention(START)], theme="pay"), at=START))
    assert found.apply(flush(update_of(every(1, 5, begin=START + 9000), start=10), at=START + 9000)) == [LOGIN]
    other = PaneUpdate("shop", "login", 0, 10, 15, update_of(every(1, 5, begin=START + 9000)).cells)
    assert found.apply(flush(other)) == []


def test_a_successor_resumes_and_repeats_what_was_not_sent() -> None:
    old = detector()
    old.apply(flush(update_of(every(60, 3)), at=START + 120))
    new = restored(old)
    assert [encode_json(signal) for signal in signals(new)] == [encode_json(signal) for signal in signals(old)]
    assert new.watermark.at == START + 120
    assert new.apply(flush(update_of(every(60, 3)), at=START + 120)) == []
    assert new.apply(flush(update_of(every(60, 6)), at=START + 300)) == [LOGIN]
    assert [signal.revision for signal in signals(new)] == [1, 2]


def test_what_is_sent_is_gone_from_the_next_checkpoint() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START + 120))
    list(found.checkpoint())
    [(key, signal)] = list(found.outbox())
    found.sent(key, signal)
    assert signals(found) == []
    assert signals(restored(found)) == []
    found.sent(("no", "such"), signal)


def test_what_is_not_sent_stays_in_the_outbox_after_its_checkpoint() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START + 120))
    found.apply(flush(at=START + 90_000))
    found.apply(flush(at=START + 91_000))
    assert not found.series[LOGIN].episodes
    assert len(list(found.checkpoint([LOGIN]))) == 1
    assert [signal.state for signal in signals(found)] == [SignalState.OPENED, SignalState.RESOLVED]
    assert len(signals(restored(found))) == 2


def test_what_is_over_may_sleep_and_comes_back_as_the_same_signal() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START + 120))
    for late in (3700.0, 4400.0):
        found.apply(flush(at=START + late))
    [opened, *_] = signals(found)
    for key, signal in list(found.outbox()):
        found.sent(key, signal)
    found.apply(flush(at=START + 9000.0))
    list(found.checkpoint())
    list(found.checkpoint())
    assert (found.series.asleep, found.open) == (1, set())
    new = restored(found)
    assert (new.series.asleep, new.open) == (1, set())
    later = every(60, 3, begin=START + 20_000)
    assert new.apply(flush(update_of(later, start=10), at=START + 20_120)) == [LOGIN]
    [back] = signals(new)
    assert (back.id, back.state) == (opened.id, SignalState.REGRESSED)


def test_a_checkpoint_holds_what_changed() -> None:
    found = detector()
    found.apply(flush(update_of([Mention(START)]), update_of([Mention(START)], theme="pay"), at=START))
    partition = b"\x1fpartition\x1f3"
    assert {key for key, _ in found.checkpoint()} == {series_key("bank", "login"), series_key("bank", "pay"), partition}
    assert {key for key, _ in found.checkpoint()} == {partition}
    found.apply(flush(update_of(every(1, 2), theme="pay")))
    assert {key for key, _ in found.checkpoint()} == {series_key("bank", "pay"), partition}


def test_a_successor_under_an_older_watermark_does_not_open_an_old_episode_anew() -> None:
    """A crash between the checkpoint of a signal and that of the partition: the series is ahead of the watermark."""
    other = CountSpec(name="day", window_s=86_400.0, levels={Severity.LOW: 3.0})
    old = detector(RuleSet([COUNT, other]))
    durable: dict[bytes, bytes] = {}
    old.apply(flush(at=START))
    durable.update(old.checkpoint())
    log = [flush(update_of(every(60, 3)), at=START + 120), *(flush(at=START + late) for late in (3700, 3900, 4400))]
    opened: set[tuple[str, int]] = set()
    for data in log:
        told = old.apply(data)
        durable.update(old.checkpoint(told))
        opened |= {(signal.id, signal.revision) for signal in signals(old)}
    states = [(signal.rule, signal.state) for signal in signals(old)]
    assert states == [("third", "opened"), ("day", "opened"), ("third", "resolving"), ("third", "resolved")]
    new = detector(old.rules)
    new.restore(durable.items())
    assert new.watermark.at == START
    for data in log:
        new.apply(data)
    assert [(signal.rule, signal.state) for signal in signals(new)] == states


def test_sources_that_are_no_longer_configured_do_not_hold_the_watermark() -> None:
    old = detector(sources=(0, 1))
    old.apply(flush(at=START))
    old.apply(flush(at=START, source=1))
    new = detector(sources=(0,))
    new.restore(list(old.checkpoint()))
    new.apply(flush(at=START + 100))
    assert new.watermark.at == START + 100


def test_a_source_that_is_new_holds_the_watermark_until_it_is_heard() -> None:
    old = detector(sources=(0,))
    old.apply(flush(at=START))
    new = detector(sources=(0, 1))
    new.restore(list(old.checkpoint()))
    new.apply(flush(at=START + 100))
    assert new.watermark.at == START
    new.apply(flush(at=START + 50, source=1))
    assert new.watermark.at == START + 50


@pytest.mark.parametrize("data", [b"", b"\xc1", encode_flush(Flush(WIRE_VERSION + 1, [], []))])
def test_a_record_nobody_can_read_raises(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        detector().apply(data)


def test_a_corrupt_checkpoint_raises() -> None:
    with pytest.raises(SnapshotError, match="bank/login cannot be read"):
        detector().restore([(series_key("bank", "login"), b"\x90")])


def test_a_checkpoint_of_a_newer_build_raises() -> None:
    found = detector()
    found.apply(flush(update_of(every(60, 3)), at=START))
    [(key, value), _] = list(found.checkpoint())
    newer = msgspec.msgpack.encode([99, *msgspec.msgpack.decode(plain(value or b""))[1:]])
    with pytest.raises(SnapshotError, match="bank/login has version 99"):
        detector().restore([(key, newer)])


def many(found: PartitionDetector, names: list[str], n: int, begin: float = START) -> None:
    for number, name in enumerate(names):
        at = begin + number
        found.apply(flush(update_of(every(1, n, begin=at), theme=name, start=int(at - START) * 100), at=at))


def test_the_unheard_of_are_forgotten_first_and_never_an_open_one() -> None:
    found = detector()
    many(found, ["open"], 3)
    many(found, ["a", "b", "c"], 1, START + 100)
    list(found.checkpoint())
    assert found.forget(2) == 2
    assert sorted(theme for _, theme in found.series) == ["c", "open"]
    tombstones = {key for key, value in found.checkpoint() if value is None}
    assert tombstones == {series_key("bank", "a"), series_key("bank", "b")}
    assert found.forget(9) == 1
    assert [theme for _, theme in found.series] == ["open"]
    assert found.tally.evicted == 3


def test_a_forgotten_series_that_is_heard_again_begins_anew() -> None:
    found = detector()
    many(found, ["a"], 2)
    found.forget(1)
    many(found, ["a"], 1, START + 50)
    assert found.series["bank", "a"].history.total == 1
    assert all(value is not None for _, value in found.checkpoint())


def test_what_a_stale_record_lies_upon_is_written_again() -> None:
    found = detector()
    many(found, ["a"], 1)
    list(found.checkpoint())
    unknown = found.rewrite({series_key("bank", "a"), series_key("bank", "gone"), b"\x1fpartition\x1f3"})
    assert unknown == [series_key("bank", "gone")]
    assert series_key("bank", "a") in dict(found.checkpoint())


def test_what_is_quiet_sleeps_and_wakes_with_its_count() -> None:
    found = detector()
    many(found, ["a"], 2)
    found.apply(flush(at=START + 7200))
    list(found.checkpoint())
    list(found.checkpoint())
    assert found.series.asleep == 1
    assert found.apply(flush(update_of(every(1, 1, begin=START + 7200), theme="a", start=900), at=START + 7200)) == []
    assert found.series["bank", "a"].history.total == 3


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_series: expected at least 1"):
        DetectSettings(max_series=0)
