"""``velocity``: three gates, each of which blocks alone."""

import pytest

from detectors.spec import Verdict
from detectors.velocity import VelocitySpec
from schemas.signal import Severity
from tests.support.detecting import START, Mention, every, history_of

SPEC = VelocitySpec(
    name="surge", window_s=3600, levels={Severity.MEDIUM: 3.0, Severity.HIGH: 6.0}, min_count=6, min_customers=4
)
HOURLY = [Mention(START - 3600 * hour - 1800) for hour in range(1, 25)]


def judge(now: list[Mention], past: list[Mention] = HOURLY, spec: VelocitySpec = SPEC, **more: float) -> Verdict:
    since = more.pop("since", START - 86_400 - 3600)
    return spec.build().judge(history_of([*past, *now], since=since), START + 3599, **more)


def test_all_three_gates_open() -> None:
    verdict = judge(every(300, 7))
    assert verdict.severity is Severity.HIGH
    assert verdict.observed == 7
    assert verdict.expected == pytest.approx(1.0, abs=0.05)
    assert verdict.reason == "7 mentions in the last hour, 7.3 times the usual 1.0; high from 6 times"


def test_too_small_a_rise_blocks_alone() -> None:
    past = [Mention(at + i) for at, *_ in HOURLY for i in range(5)]
    verdict = judge(every(300, 7), past)
    assert verdict.severity is None
    assert verdict.reason.endswith("noticed from 3 times")


def test_too_few_mentions_block_alone() -> None:
    verdict = judge(every(300, 5))
    assert verdict.severity is None
    assert verdict.reason.endswith("but 6 mentions are asked for")


def test_too_few_customers_block_alone() -> None:
    verdict = judge([Mention(START + i, customer=i % 3 + 1) for i in range(7)])
    assert verdict.severity is None
    assert verdict.reason.endswith("but from 3 customers and 4 are asked for")


def test_a_new_series_is_not_judged() -> None:
    verdict = judge(every(300, 9), [], since=START - 3600)
    assert verdict.severity is None
    assert verdict.reason == "watched for 59 minutes 59 seconds, 2 hours are needed"


def test_silence_is_a_past_too() -> None:
    assert judge(every(300, 7), []).severity is Severity.HIGH


def test_a_plateau_is_not_its_own_baseline_while_the_episode_is_open() -> None:
    plateau = every(300, 12 * 24, begin=START - 86_400)
    assert judge(every(300, 12), plateau).severity is None
    verdict = judge(every(300, 12), plateau, held=2.0)
    assert verdict.severity is Severity.HIGH
    assert verdict.expected == 2.0


def test_what_was_held_closes_it_in_the_end() -> None:
    assert judge(every(600, 6), held=6.0).severity is None


def test_a_margin_asks_more_of_a_thin_baseline() -> None:
    thin = VelocitySpec(name="thin", window_s=3600, levels={Severity.LOW: 3.0}, min_count=1, min_customers=0)
    wide = VelocitySpec(**{**{name: getattr(thin, name) for name in thin.__struct_fields__}, "margin": 3.0})
    expected = judge(every(600, 4), spec=thin).expected
    assert judge(every(600, 4), spec=thin).severity is Severity.LOW
    assert judge(every(600, 4), spec=wide).expected == pytest.approx(expected + 3.0 * (expected / 24) ** 0.5, rel=0.01)


def test_the_least_expectation_is_one_a_baseline() -> None:
    assert judge(every(300, 12), [], held=0.0).args[2] == 12 / (1 / 24)
