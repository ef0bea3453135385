"""``count``: on the very mention that reaches N."""

import pytest

from detectors.count import CountSpec
from detectors.history import History
from detectors.spec import Verdict
from schemas.signal import Severity
from tests.support.detecting import START, Mention, every, history_of

SPEC = CountSpec(name="third", window_s=18_000, levels={Severity.LOW: 3, Severity.CRITICAL: 15})


def judge(spec: CountSpec, mentions: list[Mention], at: float, held: float | None = None) -> Verdict:
    return spec.build().judge(history_of(mentions), at, held)


def test_it_trips_on_exactly_the_nth_mention_and_not_before() -> None:
    mentions = every(60, 16)
    found = [judge(SPEC, mentions[:n], mentions[n - 1].at).severity for n in range(1, 17)]
    assert found == [None] * 2 + [Severity.LOW] * 12 + [Severity.CRITICAL] * 2


def test_it_says_what_it_saw() -> None:
    mentions = every(60, 15)
    assert judge(SPEC, mentions, mentions[-1].at).reason == "15 mentions in the last 5 hours: critical from 15"
    assert judge(SPEC, mentions[:2], mentions[1].at).reason == "2 mentions in 5 hours; noticed from 3"


@pytest.mark.parametrize(("ago", "counted"), [(17_940, True), (18_000, True), (18_059, True), (18_060, False)])
def test_the_window_is_rounded_out_to_a_pane(ago: int, counted: bool) -> None:
    at = START + 18_059.0
    assert judge(SPEC, [Mention(at - ago)], at).observed == counted


def test_what_lies_ahead_is_not_counted() -> None:
    assert judge(SPEC, [Mention(START + 60), Mention(START)], START + 59.9).observed == 1


QUIET = CountSpec(name="quiet", window_s=3600, levels={Severity.MEDIUM: 4}, usual_below=2.0, usual_s=86_400.0)


def test_a_quiet_theme_is_watched() -> None:
    past = every(7200, 12, begin=START - 86_400)
    verdict = judge(QUIET, [*past, *every(60, 4)], START + 200)
    assert verdict.severity is Severity.MEDIUM
    assert verdict.expected == pytest.approx(0.5, rel=0.1)
    assert verdict.reason.endswith("; usually about 0.5")


def test_a_loud_theme_is_not() -> None:
    past = every(1200, 72, begin=START - 86_400)
    verdict = judge(QUIET, [*past, *every(60, 4)], START + 200)
    assert verdict.severity is None
    assert "about 2.9 is usual and this rule watches quiet themes" in verdict.reason


def test_what_is_usual_does_not_close_an_open_episode() -> None:
    past = every(1200, 72, begin=START - 86_400)
    assert judge(QUIET, [*past, *every(60, 4)], START + 200, held=0.5).severity is Severity.MEDIUM


def test_nobody_knows_what_is_usual_without_a_past() -> None:
    history = history_of(every(60, 4), since=START + 200 - 7199)
    verdict = QUIET.build().judge(history, START + 200)
    assert verdict.severity is None
    assert verdict.reason.endswith("the theme is watched for too short a time to know what is usual")
    history.since -= 1
    assert QUIET.build().judge(history, START + 200).severity is Severity.MEDIUM


def test_what_is_usual_is_taken_from_the_time_observed() -> None:
    history = history_of([*every(1200, 9, begin=START - 10_800), *every(60, 4)], since=START - 10_800)
    assert QUIET.build().judge(history, START + 200).severity is None


MANY = CountSpec(name="many", window_s=3600, levels={Severity.LOW: 3}, min_customers=3)


@pytest.mark.parametrize(("customers", "severity"), [([1, 1, 2], None), ([1, 2, 3], Severity.LOW), ([0, 0, 0], None)])
def test_enough_customers(customers: list[int], severity: Severity | None) -> None:
    mentions = [Mention(START + i, customer=customer) for i, customer in enumerate(customers)]
    verdict = judge(MANY, mentions, START + 10)
    assert verdict.severity is severity
    assert (severity is None) == ("customers and 3 are asked for" in verdict.reason)


def test_customers_of_another_window_do_not_count() -> None:
    old = [Mention(START - 7200, customer=7)]
    assert judge(MANY, [*old, Mention(START, customer=1), *[Mention(START, customer=2)] * 2], START).severity is None


def test_the_history_it_needs() -> None:
    assert SPEC.history_s == 18_000
    assert QUIET.history_s == 3600 + 86_400
    assert History(QUIET.history_s, 0.0).observed_s(START) == QUIET.history_s
