"""``surge`` as a rule: what it says of a history, how early, how bad, and when it keeps quiet."""

from functools import cache
from itertools import pairwise, permutations
from typing import Any

import msgspec
import numpy as np
import pytest

from detectors.history import History
from detectors.spec import Plain, Verdict
from detectors.surge import SurgeSpec
from tests.support.detecting import CRITICAL, HIGH, LOW, MEDIUM, START, Mention, every, history_of

DAY_S = 86_400.0
HERE = START
"""Where the past of :func:`grown` ends."""

SPEC = SurgeSpec(name="surge", levels={LOW: 1.0, MEDIUM: 2.0, HIGH: 4.0, CRITICAL: 10.0})


def changed(**fields: Any) -> SurgeSpec:
    return msgspec.structs.replace(SPEC, **fields)


class Told:
    """A series that mentions come to, judged when asked."""

    def __init__(self, spec: SurgeSpec = SPEC, *, since: float, snapshot: Plain | None = None) -> None:
        self.history, self.detector = History(spec.history_s, since), spec.build(snapshot)

    def hear(self, at: float, count: int = 1, *, customers: int | None = None) -> None:
        history = self.history
        history.mentions.add(int(at) // 60 * 60, count, 0, 0.0)
        history.total += count
        history.latest = max(history.latest, at)
        told = history.total - count
        history.customers.heard([n % (customers or 10**9) + 1 << 20 for n in range(told, told + count)], at)

    def judge(self, at: float) -> Verdict:
        return self.detector.judge(self.history, at)


@cache
def past(mean: float, days: int, direction: str) -> bytes:
    """The snapshot of a detector that has seen so many days of a level, up to ``HERE``."""
    begin = HERE - days * DAY_S
    told, draw = Told(changed(direction=direction), since=begin), np.random.default_rng(1)
    for number, count in enumerate(draw.poisson(mean, int(days * DAY_S) // 300).tolist()):
        at = begin + number * 300.0
        if count:
            told.hear(at, count)
        if at % 7200.0 == 0.0:
            told.judge(at)
            told.history.tidy(at)
    told.judge(HERE + 60.0)
    return msgspec.msgpack.encode(told.detector.snapshot())


def grown(mean: float, days: int = 15, **fields: Any) -> Told:
    spec = changed(**fields)
    snapshot = msgspec.msgpack.decode(past(mean, days, spec.direction))
    told = Told(spec, since=HERE - days * DAY_S, snapshot=snapshot)
    told.history.latest = HERE - 1.0
    return told


def test_a_burst_of_a_quiet_theme_is_told_before_its_pane_ends() -> None:
    told = grown(0.05)
    noticed = []
    for second in range(0, 120, 4):
        told.hear(HERE + second)
        verdict = told.judge(HERE + second)
        if verdict.severity is not None:
            noticed.append(second)
    assert noticed[0] <= 80
    assert verdict.severity is not None
    assert verdict.observed >= 30
    assert verdict.maturity == "mature"
    assert verdict.rarity_s is not None
    assert verdict.rarity_s > 28 * DAY_S


@pytest.mark.parametrize("mean", [0.02, 0.5, 5.0, 40.0])
def test_a_usual_day_is_nothing(mean: float) -> None:
    told, draw = grown(mean), np.random.default_rng(9)
    for number, count in enumerate(draw.poisson(mean, 288).tolist()):
        if count:
            told.hear(HERE + number * 300.0, count)
        verdict = told.judge(HERE + number * 300.0 + 299.0)
        assert verdict.severity is None
        assert verdict.low is not None
        assert verdict.high is not None
        assert verdict.low <= verdict.expected <= verdict.high


def test_the_more_the_worse() -> None:
    worst = []
    for fold in (3, 6, 30):
        told = grown(5.0)
        for pane in range(12):
            told.hear(HERE + pane * 300.0, 5 * fold)
        verdict = told.judge(HERE + 3599.0)
        assert verdict.severity is not None
        assert verdict.observed == pytest.approx(12 * 5 * fold, rel=0.25)
        assert verdict.expected == pytest.approx(60.0, rel=0.4)
        worst.append(verdict.severity)
    assert worst == [MEDIUM, HIGH, CRITICAL]


def test_its_reason_says_how_many_are_usual() -> None:
    told = grown(5.0)
    told.hear(HERE + 30.0, 80)
    verdict = told.judge(HERE + 60.0)
    assert verdict.severity is CRITICAL
    assert " are usual at this time; critical from 10 times the usual" in verdict.reason
    assert verdict.reason.startswith(f"{verdict.observed:g} mentions in the last ")


def test_the_season_is_held_against_it() -> None:
    spec, noon = changed(), 12 * 3600.0
    told, draw = Told(spec, since=HERE - HERE % DAY_S), np.random.default_rng(1)
    begin = HERE - HERE % DAY_S
    for number in range(15 * 288):
        at = begin + number * 300.0
        count = int(draw.poisson(30.0 if at % DAY_S == noon or noon <= at % DAY_S < noon + 7200 else 1.0))
        told.hear(at, count) if count else None
        if at % 3600.0 == 0.0:
            told.judge(at)
    day = begin + 15 * DAY_S
    for at, expectation in ((day + noon + 1800, None), (day + 18 * 3600, CRITICAL)):
        for minute in range(10):
            told.hear(at + minute * 60.0, 6)
        verdict = told.judge(at + 600.0)
        assert verdict.severity is expectation, verdict.reason


def test_customers_that_repeat_themselves_are_not_many() -> None:
    for customers, severity in ((1, None), (2, None), (3, CRITICAL)):
        told = grown(0.5, min_customers=3)
        told.hear(HERE + 30.0, 40, customers=customers)
        verdict = told.judge(HERE + 60.0)
        assert verdict.severity is severity
        assert ("but from" in verdict.reason) == (severity is None)
    assert grown(0.5).judge(HERE).severity is None


def test_few_mentions_more_than_usual_are_too_few() -> None:
    told = grown(0.001, min_count=40.0)
    told.hear(HERE + 30.0, 30)
    verdict = told.judge(HERE + 60.0)
    assert verdict.severity is None
    assert verdict.reason.endswith("but that is fewer than 40 away from the usual")
    told.hear(HERE + 70.0, 20)
    assert told.judge(HERE + 80.0).severity is not None


@pytest.mark.parametrize(("direction", "told_of"), [("rise", False), ("fall", True), ("both", True)])
def test_a_theme_gone_silent(direction: str, told_of: bool) -> None:
    told = grown(10.0, direction=direction)
    verdict = told.judge(HERE + 3 * 3600.0)
    assert (verdict.severity is not None) == told_of
    if told_of:
        assert verdict.observed < 30 < verdict.expected
        assert "times fewer" in verdict.reason


def test_a_rise_is_also_found_where_both_are_watched() -> None:
    told = grown(10.0, direction="both")
    told.hear(HERE + 30.0, 200)
    verdict = told.judge(HERE + 60.0)
    assert verdict.severity is not None
    assert "times the usual" in verdict.reason


def noticed(watched_s: float, count: int, spec: SurgeSpec) -> Verdict:
    """Mentions an hour apart of a theme that has not been seen since the tenant is watched."""
    history = history_of(every(3600.0, count), since=START - watched_s)
    return spec.build().judge(history, START + count * 3600.0)


def test_the_third_mention_of_a_theme_nobody_has_seen_is_noticed() -> None:
    spec = changed(emerging=3)
    verdicts = [noticed(2 * DAY_S, count, spec) for count in (1, 2, 3)]
    assert [verdict.severity for verdict in verdicts] == [None, None, LOW]
    assert [verdict.emerging for verdict in verdicts] == [False, False, True]
    assert verdicts[2].reason == "3 mentions within a day of a theme that nobody has mentioned before; low from 3"
    assert not noticed(2 * DAY_S, 3, SPEC).emerging


def test_where_everything_is_new_nothing_is_emerging() -> None:
    verdict = noticed(3600.0, 3, changed(emerging=3))
    assert not verdict.emerging
    assert verdict.severity is None


def test_a_theme_known_for_a_month_is_not_emerging() -> None:
    spec = changed(emerging=3)
    told = Told(spec, since=START - 2 * DAY_S)
    told.hear(START)
    assert told.judge(START).severity is None
    for day in range(1, 31):
        told.judge(START + day * DAY_S)
        told.history.tidy(START + day * DAY_S)
    for hour in range(3):
        told.hear(START + 31 * DAY_S + hour * 3600.0)
        assert not told.judge(START + 31 * DAY_S + hour * 3600.0).emerging


def test_one_customer_is_no_emerging_theme() -> None:
    spec = changed(emerging=3, min_customers=2)
    for customers, emerging in ((1, False), (2, True)):
        told = Told(spec, since=START - 2 * DAY_S)
        for hour in range(3):
            told.hear(START + hour * 3600.0, customers=customers)
        assert told.judge(START + 7300.0).emerging == emerging


def test_it_says_how_mature_it_is() -> None:
    spec = changed()
    assert spec.build().judge(history_of([Mention(START)], since=START - 60.0), START + 30.0).maturity == "new"
    assert grown(5.0, days=3).judge(HERE).maturity == "young"
    assert grown(5.0).judge(HERE).maturity == "mature"


def test_panes_that_arrive_in_any_order_make_the_same_state() -> None:
    counts = {0: 4, 1: 11, 2: 2, 3: 30}
    left = set()
    for order in permutations(counts):
        told = grown(3.0, settle_s=1200.0)
        for step, number in enumerate(order):
            told.hear(HERE + number * 300.0 + 10.0, counts[number])
            told.judge(HERE + 1200.0 + step)
        told.judge(HERE + 3 * 3600.0)
        left.add(msgspec.msgpack.encode(told.detector.snapshot()))
    assert len(left) == 1


def test_what_settles_later_than_that_is_not_taken_in_twice() -> None:
    told = grown(3.0)
    told.hear(HERE + 10.0, 4)
    told.judge(HERE + 900.0)
    before = msgspec.msgpack.encode(told.detector.snapshot())
    told.hear(HERE + 20.0, 50)
    told.judge(HERE + 900.0)
    assert msgspec.msgpack.encode(told.detector.snapshot()) == before


def test_nothing_is_taken_in_before_it_has_settled() -> None:
    told = grown(3.0, settle_s=600.0)
    told.hear(HERE + 10.0, 4)
    before = told.detector.snapshot()
    told.judge(HERE + 899.0)
    assert told.detector.snapshot() == before
    told.judge(HERE + 900.0)
    assert told.detector.snapshot() != before


def test_a_snapshot_of_another_pane_length_is_left() -> None:
    snapshot = grown(3.0).detector.snapshot()
    told = Told(changed(pane_s=900), since=HERE - 15 * DAY_S, snapshot=snapshot)
    told.hear(HERE + 30.0, 3)
    assert told.judge(HERE + 60.0).severity is None
    assert told.detector.snapshot()["base"][0] == 900


@pytest.mark.parametrize("pane_s", [300, 1800])
def test_a_rule_that_comes_late_takes_what_is_forgotten_for_unknown(pane_s: int) -> None:
    """The history holds a day; that there was nothing before would make any mention a rise, and any theme new."""
    history, draw = History(DAY_S, HERE - 30 * DAY_S), np.random.default_rng(1)
    verdicts = []
    for number, count in enumerate(draw.poisson(2.0, 31 * 288).tolist()):
        at = HERE - 30 * DAY_S + number * 300.0
        history.mentions.add(int(at), count, 0, 0.0)
        history.total, history.latest = history.total + count, at
        if at % DAY_S == 0.0:
            history.tidy(at)
        if at == HERE:
            detector = changed(pane_s=pane_s, emerging=3).build()
        if at >= HERE:
            verdicts.append(detector.judge(history, at + 299.0))
    assert {verdict.severity for verdict in verdicts} == {None}
    assert not any(verdict.emerging for verdict in verdicts)
    assert verdicts[0].maturity != "mature"


def test_a_theme_seen_for_the_first_time_comes_after_real_silence() -> None:
    told = Told(since=HERE - 10 * DAY_S)
    for minute in range(8):
        told.hear(HERE + minute * 60.0)
    verdict = told.judge(HERE + 480.0)
    assert verdict.severity is not None
    assert verdict.expected < 0.5


def test_changes_count_what_was_taken_in() -> None:
    told = grown(3.0)
    changes = [told.detector.changes]
    for number in range(3):
        told.hear(HERE + number * 300.0)
        told.judge(HERE + number * 300.0 + 30.0)
        told.judge(HERE + number * 300.0 + 31.0)
        changes.append(told.detector.changes)
    assert [after - before for before, after in pairwise(changes)] == [0, 1, 1] or changes == [0, 0, 0, 1]
