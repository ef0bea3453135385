"""A series from its first mention to the end of its episodes, also across a restart."""

from datetime import timedelta
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import UNSET

from detectors.count import CountSpec
from detectors.evidence import NO_TRAFFIC
from detectors.history import History
from detectors.rules import MIN_RETENTION_S, RuleSet
from detectors.sentiment import SentimentSpec
from detectors.series import Record, Series, SnapshotError
from detectors.spec import Detector, Plain, Verdict
from detectors.velocity import VelocitySpec
from schemas.codec import encode_json
from schemas.signal import Severity, Signal, SignalState
from tests.support.detecting import SAMPLE_SPECS, START, Mention, every, update_of

COUNT = CountSpec(name="third", window_s=3600, levels={Severity.LOW: 3, Severity.HIGH: 12}, resolve_after_s=600)
DECODER = msgspec.msgpack.Decoder(Record)


def series_with(*specs: Any) -> Series:
    return Series("bank", "login", RuleSet(list(specs), "v1"), since=START - 86_400, heard_ratio=0.01)


def play(series: Series, mentions: list[Mention], *, until: float, step: float = 60.0, begin: int = 0) -> list[Signal]:
    """Tell the mentions one by one, each a chunk of its own, and judge on each and every minute."""
    told: list[Signal] = []
    clock = (mentions[0].at if mentions else series.judged or until) // step * step
    for offset, mention in enumerate(mentions, start=begin):
        while clock + step <= mention.at:
            clock += step
            told += series.judge(clock, NO_TRAFFIC)
        series.apply(update_of([mention], start=offset), closed=0.0)
        told += series.judge(max(clock, series.history.latest), NO_TRAFFIC)
    while clock < until:
        clock += step
        told += series.judge(clock, NO_TRAFFIC)
    return told


BURST = [Mention(m.at, -0.5, m.customer, None, ("os=17",), f"text {i}") for i, m in enumerate(every(30, 15))]


def test_the_life_of_an_episode() -> None:
    told = play(series_with(COUNT), BURST, until=START + 3 * 3600)
    assert [(signal.revision, signal.state, signal.observed) for signal in told] == [
        (1, SignalState.OPENED, 3),
        (2, SignalState.UPDATED, 6),
        (3, SignalState.ESCALATED, 12),
        (4, SignalState.RESOLVING, 0),
        (5, SignalState.RESOLVED, 0),
    ]
    assert [signal.phase for signal in told] == ["open", "open", "escalating", "resolving", "resolved"]
    assert {signal.crossings for signal in told} == {UNSET}
    assert len({signal.id for signal in told}) == 1
    resolved = told[-1]
    assert resolved.resolved_at == resolved.at
    assert resolved.reason.startswith("quiet: 0 mentions")
    assert told[3].reason.startswith("quiet for 3 minutes, and over if that lasts: 0 mentions")
    assert [signal.title for signal in told[-3:]] == [
        "Login: more complaints than usual, and getting worse",
        "Login: calming down",
        "Login: back to normal",
    ]
    assert resolved.severity is Severity.HIGH


def test_what_a_signal_says() -> None:
    signal = play(series_with(COUNT), BURST, until=START + 900)[2]
    assert (signal.tenant, signal.theme, signal.metric, signal.rule) == ("bank", "login", "mentions", "third")
    assert signal.reason == "12 mentions in the last hour: high from 12" or "1 hour" in signal.reason
    assert (signal.mentions, signal.total_mentions, signal.customers, signal.customers_estimated) == (12, 12, 12, 1200)
    assert signal.sentiment == -0.5
    assert signal.first_mention.timestamp() == START
    assert signal.last_mention.timestamp() == START + 330
    assert signal.opened_at.timestamp() == START + 60
    assert len(signal.quotes) == 5
    assert signal.config == "v1"
    assert signal.detector.parameters["levels"] == {"low": 3, "high": 12}
    assert signal.window_s == 3600


def again(after_s: float) -> list[Mention]:
    return [Mention(m.at + after_s, m.sentiment, m.customer) for m in BURST[:3]]


LIFE = [SignalState.OPENED, SignalState.RESOLVING, SignalState.RESOLVED]


def test_what_comes_back_within_a_day_is_the_same_signal() -> None:
    told = play(series_with(COUNT), [*BURST[:3], *again(10 * 3600)], until=START + 20 * 3600)
    assert [signal.state for signal in told] == [*LIFE, SignalState.REGRESSED, *LIFE[1:]]
    assert [signal.revision for signal in told] == [1, 2, 3, 4, 5, 6]
    assert len({signal.id for signal in told}) == 1
    back = told[3]
    assert (back.phase, back.crossings, back.total_mentions) == ("open", 2, 6)
    assert back.reason.startswith("back 9 hours after it was over: 3 mentions in the last ")
    assert back.title == "Login: more complaints than usual again"
    assert back.opened_at == told[0].opened_at


def test_what_comes_back_later_is_another_signal() -> None:
    told = play(series_with(COUNT), [*BURST[:3], *again(30 * 3600)], until=START + 40 * 3600)
    assert [signal.state for signal in told] == LIFE * 2
    assert len({signal.id for signal in told}) == 2
    assert told[3].total_mentions == 3


def test_within_how_long_it_comes_back_is_configured() -> None:
    brief = msgspec.structs.replace(COUNT, regress_within_s=3600.0)
    told = play(series_with(brief), [*BURST[:3], *again(10 * 3600)], until=START + 20 * 3600)
    assert [signal.state for signal in told] == LIFE * 2


def test_what_is_over_is_remembered_across_a_restart_and_then_forgotten() -> None:
    series = series_with(COUNT)
    told = play(series, BURST[:3], until=START + 3 * 3600)
    assert (series.episodes, list(series.closed)) == ({}, ["third"])
    restored = Series.restore(DECODER.decode(msgspec.msgpack.encode(series.record(START))), series.rules, 0.01)
    [back] = play(restored, again(10 * 3600), until=START + 10 * 3600 + 61, begin=3)
    assert (back.id, back.state, back.revision) == (told[0].id, SignalState.REGRESSED, 4)
    assert series.record(START + 2 * 86_400).closed == {}


def test_an_old_record_knows_of_nothing_that_is_over() -> None:
    series = series_with(COUNT)
    play(series, BURST[:3], until=START + 200)
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(series.record(START + 200)))
    plain[7]["third"] = {
        key: plain[7]["third"][key] for key in ("id", "opened_at", "severity", "told", "held", "before")
    }
    restored = Series.restore(DECODER.decode(msgspec.msgpack.encode(plain[:10])), series.rules, 0.01)
    assert restored.closed == {}
    assert [signal.state for signal in play(restored, [], until=START + 3 * 3600)] == LIFE[1:]


def test_mentions_before_the_window_are_not_the_episodes() -> None:
    old = [Mention(START - 20_000)]
    assert play(series_with(COUNT), [*old, *BURST[:3]], until=START + 100)[0].total_mentions == 3


def test_a_plateau_stays_open_and_silent() -> None:
    surge = VelocitySpec(
        name="surge", window_s=3600, levels={Severity.HIGH: 3.0}, min_count=6, min_customers=0, baseline_s=14_400
    )
    calm = [Mention(START + 1800 * i) for i in range(16)]
    plateau = [Mention(START + 16 * 1800 + 300 * i) for i in range(12 * 12)]
    told = play(series_with(surge), [*calm, *plateau], until=plateau[-1].at)
    assert told[0].state is SignalState.OPENED
    assert SignalState.RESOLVED not in [signal.state for signal in told]
    assert len(told) <= 2
    assert all(signal.expected == told[0].expected for signal in told)


def test_an_episode_without_a_past_does_not_take_zero_for_one() -> None:
    mood = SentimentSpec(
        name="mood", window_s=3600, below={Severity.LOW: -0.2}, drop={Severity.CRITICAL: 0.4}, min_events=3
    )
    told = play(series_with(mood), [Mention(START + 60 * i, -0.5) for i in range(30)], until=START + 1800)
    assert [(signal.state, signal.severity) for signal in told] == [(SignalState.OPENED, Severity.LOW)]


@pytest.mark.parametrize("cut", range(0, len(BURST) + 1, 2))
def test_restored_in_the_middle_it_goes_on_alike(cut: int) -> None:
    rules = RuleSet(list(SAMPLE_SPECS), "v1")
    log = [Mention(m.at, m.sentiment, m.customer, 30.0 * i, m.slices, m.text) for i, m in enumerate(BURST)]
    whole, first = (Series("bank", "login", rules, START - 86_400, 0.01) for _ in range(2))
    expected = play(whole, log, until=START + 12 * 3600)
    now = log[cut - 1].at if cut else START
    before = play(first, log[:cut], until=now)
    record = DECODER.decode(msgspec.msgpack.encode(first.record(now)))
    restored = Series.restore(record, rules, 0.01)
    assert [encode_json(signal) for signal in restored.outbox] == [encode_json(signal) for signal in before]
    after = play(restored, log[cut:], until=START + 12 * 3600, begin=cut)
    assert [encode_json(signal) for signal in [*before, *after]] == [encode_json(signal) for signal in expected]
    assert len(expected) > 4


def test_recording_changes_nothing_to_come() -> None:
    one, other = series_with(COUNT), series_with(COUNT)
    expected = play(one, BURST, until=START + 10_800)
    told: list[Signal] = []
    for offset, mention in enumerate(BURST):
        told += play(other, [mention], until=mention.at, begin=offset)
        other.record(mention.at)
    told += play(other, [], until=START + 10_800)
    assert {(signal.id, signal.revision) for signal in told} == {(signal.id, signal.revision) for signal in expected}


def test_every_id_and_revision_is_told_once() -> None:
    again = [Mention(m.at + day * 86_400, m.sentiment, m.customer, 400.0) for day in range(4) for m in BURST]
    told = play(series_with(*SAMPLE_SPECS), again, until=START + 5 * 86_400)
    keys = [(signal.id, signal.revision) for signal in told]
    assert len(set(keys)) == len(keys)
    for name in {signal.id for signal in told}:
        assert [revision for key, revision in keys if key == name] == list(
            range(1, 1 + sum(k == name for k, _ in keys))
        )


def test_it_is_never_judged_before_its_last_verdict() -> None:
    series = series_with(COUNT)
    told = play(series, BURST[:3], until=START + 3 * 3600)
    assert told[-1].state is SignalState.RESOLVED
    # A replay under an older watermark must not open the same episode a second time.
    assert series.judge(told[0].at.timestamp(), NO_TRAFFIC) == []
    restored = Series.restore(DECODER.decode(msgspec.msgpack.encode(series.record(series.judged))), series.rules, 0.01)
    assert restored.judge(told[0].at.timestamp(), NO_TRAFFIC) == []


def test_a_record_of_a_newer_build_is_refused_by_name() -> None:
    record = series_with(COUNT).record(START)
    record.version += 1
    with pytest.raises(SnapshotError, match="series bank/login has version 2, expected 1"):
        Series.restore(record, RuleSet([]), 0.01)


def test_rules_that_are_new_or_gone_do_not_disturb_a_restore() -> None:
    series = series_with(COUNT)
    play(series, BURST[:3], until=START + 90)
    other = CountSpec(name="other", window_s=3600, levels={Severity.LOW: 2})
    restored = Series.restore(DECODER.decode(msgspec.msgpack.encode(series.record(START + 90))), RuleSet([other]), 0.01)
    assert [signal.rule for signal in restored.judge(START + 100, NO_TRAFFIC)] == ["other"]


def test_the_retention_follows_the_rules_in_force() -> None:
    series = series_with(COUNT)
    assert series.history.retention_s == MIN_RETENTION_S
    longer = RuleSet([CountSpec(name="w", window_s=10 * 86_400, levels={Severity.LOW: 2})])
    assert Series.restore(series.record(START), longer, 0.01).history.retention_s == 10 * 86_400


def test_an_episode_whose_rule_is_gone_is_resolved_on_restart() -> None:
    series = series_with(COUNT)
    [opened] = [signal for signal in play(series, BURST[:3], until=START + 200) if signal.revision == 1]
    record = DECODER.decode(msgspec.msgpack.encode(series.record(START + 200)))
    restored = Series.restore(record, RuleSet([], "v2"), 0.01)
    [*_, last] = restored.outbox
    assert (last.id, last.state, last.revision) == (opened.id, SignalState.RESOLVED, 2)
    assert last.reason == "quiet: the rule third is no longer configured"
    assert restored.episodes == {}


def test_a_signal_says_how_remarkable_it_is_and_how_it_rose() -> None:
    told = play(series_with(COUNT), BURST, until=START + 3 * 3600)
    scores = [signal.score for signal in told]
    assert scores == [20.0, 30.0, 60.0, 0.0, 0.0]
    assert {signal.initial_score for signal in told} == {20.0}
    line = told[2].sparkline
    assert line is not UNSET
    assert sum(value or 0.0 for value in line.values) == 12
    assert line.end > told[2].at
    # The rule knows no probability and keeps no baseline.
    assert (told[2].unusual, told[2].baseline, told[2].expected_low, told[2].context) == (UNSET,) * 4


class Sure(CountSpec, frozen=True, kw_only=True, tag="sure", tag_field="detector"):
    """A rule that says all that a verdict can say."""

    said: ClassVar[dict[str, Any]] = {}

    def build(self, snapshot: Plain | None = None) -> Detector:
        inner = super().build(snapshot)

        class Detects:
            def judge(self, history: History, at: float, held: float | None = None) -> Verdict:
                return inner.judge(history, at, held)._replace(**Sure.said)

            def snapshot(self) -> Plain:
                return {}

        return Detects()


def test_what_a_verdict_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "low": 0, "high": 5, "rarity_s": 14 * 604_800, "maturity": "young", "context": ("a deploy 20 minutes earlier",),
        "emerging": True,
    }  # fmt: skip
    monkeypatch.setattr(Sure, "said", said)
    series = series_with(Sure(name="sure", window_s=3600, levels={Severity.LOW: 3}, resolve_after_s=600))
    opened, *_, resolved = play(series, BURST, until=START + 3 * 3600)
    assert (opened.expected_low, opened.expected_high) == (0.0, 5.0)
    assert opened.unusual == "about once in 14 weeks by chance"
    assert opened.baseline == "young: 1 day of history"
    assert opened.context == ["a deploy 20 minutes earlier"]
    assert opened.emerging is True
    assert opened.score == opened.initial_score == 23.5
    assert resolved.unusual is UNSET, "the moment of a resolution is not unusual"
    record = DECODER.decode(msgspec.msgpack.encode(series.record(START + 3 * 3600)))
    assert [encode_json(signal) for signal in record.outbox] == [encode_json(signal) for signal in series.outbox]


def test_a_growing_signal_says_when_it_would_be_worse() -> None:
    rising = [Mention(START + 3600 * (1 - 0.92**i)) for i in range(26)]
    slow = CountSpec(name="slow", window_s=3600, levels={Severity.LOW: 3, Severity.HIGH: 30}, resolve_after_s=600)
    told = play(series_with(slow), rising, until=START + 3200)
    ahead = [signal.forecast for signal in told if signal.forecast is not UNSET]
    assert [forecast.severity for forecast in ahead] == [Severity.HIGH] * len(ahead)
    assert ahead
    assert all(forecast.early <= forecast.at <= forecast.late for forecast in ahead)
    assert told[-1].forecast is UNSET or told[-1].forecast.early >= told[-1].at - timedelta(minutes=1)


EARLIER = {"score", "initial_score", "sparkline", "forecast"}
"""What an earlier build did not write, of what this rule's signals hold."""


def test_a_record_of_an_earlier_build_is_read_and_its_signals_are_sent_again_as_they_were() -> None:
    series = series_with(COUNT)
    play(series, BURST[:6], until=START + 200)
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(series.record(START + 200)))
    episodes, outbox = plain[7], plain[8]
    del episodes["third"]["score"]
    for signal in outbox:
        assert EARLIER & signal.keys()
        for name in EARLIER & signal.keys():
            del signal[name]
    restored = Series.restore(DECODER.decode(msgspec.msgpack.encode(plain)), series.rules, 0.01)
    assert [msgspec.json.decode(encode_json(signal)).keys() for signal in restored.outbox] == [
        signal.keys() for signal in outbox
    ]
    after = play(restored, BURST[6:12], until=START + 400, begin=6)
    assert [(signal.revision, signal.initial_score) for signal in after] == [(3, 60.0)]
    [*_, resolved] = play(restored, [], until=START + 3 * 3600)
    assert (resolved.score, resolved.initial_score) == (0.0, 60.0)
