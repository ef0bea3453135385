"""``sentiment`` and ``metric``: a mean against a bound, or against its own past."""

import pytest

from detectors.metric import MetricSpec
from detectors.sentiment import SentimentSpec
from detectors.spec import Spec, Verdict
from schemas.signal import Severity
from tests.support.detecting import START, Mention, history_of

NOW = START + 3599


def judge(spec: Spec, now: list[float], past: list[float] | None = None, held: float | None = None) -> Verdict:
    def mention(at: float, value: float) -> Mention:
        return Mention(at, value) if spec.metric == "sentiment" else Mention(at, wait_s=value)

    mentions = [mention(START - 1800, value) for value in past or []] + [mention(START, value) for value in now]
    return spec.build().judge(history_of(mentions), NOW, held)


BELOW = SentimentSpec(name="low", window_s=3600, below={Severity.LOW: -0.25, Severity.HIGH: -0.5}, min_events=2)
DROP = SentimentSpec(name="drop", window_s=3600, drop={Severity.MEDIUM: 0.5, Severity.HIGH: 1.0}, min_events=2)
HIGH = MetricSpec(name="slow", of="wait_s", window_s=3600, bound={Severity.LOW: 300, Severity.HIGH: 600}, min_events=2)
RISE = MetricSpec(name="rise", of="wait_s", window_s=3600, move={Severity.LOW: 1.5, Severity.HIGH: 3}, min_events=2)
FLOOR = MetricSpec(name="csat", of="wait_s", bad="low", window_s=3600, bound={Severity.LOW: 3}, min_events=2)
FALL = MetricSpec(name="fall", of="wait_s", bad="low", window_s=3600, move={Severity.LOW: 0.5}, min_events=2)


@pytest.mark.parametrize(
    ("spec", "now", "past", "severity"),
    [
        (BELOW, [-0.25, -0.25], [], Severity.LOW),
        (BELOW, [-0.25, -0.125], [], None),
        (BELOW, [-0.75, -0.25], [], Severity.HIGH),
        (DROP, [-0.25, -0.25], [0.25, 0.25], Severity.MEDIUM),
        (DROP, [-0.125, -0.25], [0.25, 0.25], None),
        (DROP, [-0.75, -0.75], [0.25, 0.25], Severity.HIGH),
        (DROP, [0.75, 0.75], [0.25, 0.25], None),
        (DROP, [-1.0, -1.0], [0.25], None),
        (HIGH, [300.0, 300.0], [], Severity.LOW),
        (HIGH, [300.0, 299.0], [], None),
        (HIGH, [900.0, 300.0], [], Severity.HIGH),
        (RISE, [150.0, 150.0], [100.0, 100.0], Severity.LOW),
        (RISE, [149.0, 150.0], [100.0, 100.0], None),
        (RISE, [300.0, 300.0], [100.0, 100.0], Severity.HIGH),
        (RISE, [50.0, 50.0], [100.0, 100.0], None),
        (FLOOR, [3.0, 3.0], [], Severity.LOW),
        (FLOOR, [3.0, 4.0], [], None),
        (FALL, [4.0, 4.0], [4.5, 4.5], Severity.LOW),
        (FALL, [4.5, 4.0], [4.5, 4.5], None),
        (FALL, [9.0, 9.0], [4.5, 4.5], None),
    ],
)
def test_a_bound_and_a_move(spec: Spec, now: list[float], past: list[float], severity: Severity | None) -> None:
    assert judge(spec, now, past).severity is severity


@pytest.mark.parametrize("spec", [BELOW, DROP, HIGH, RISE, FLOOR, FALL], ids=lambda spec: spec.name)
def test_too_few_events_say_nothing(spec: Spec) -> None:
    verdict = judge(spec, [-1.0 if spec.metric == "sentiment" else 0.0], [1.0, 1.0])
    assert verdict.severity is None
    assert verdict.reason.endswith("in the last hour, 2 are needed")


@pytest.mark.parametrize("spec", [DROP, RISE, FALL], ids=lambda spec: spec.name)
def test_no_past_is_no_move(spec: Spec) -> None:
    verdict = judge(spec, [-1.0, -1.0], [])
    assert verdict.severity is None
    assert verdict.reason.endswith("no past to compare with yet")
    assert not verdict.compared


def test_the_worse_of_bound_and_move_decides() -> None:
    both = SentimentSpec(
        name="both", window_s=3600, below={Severity.LOW: 0.0}, drop={Severity.CRITICAL: 1.0}, min_events=2
    )
    assert judge(both, [-0.5, -0.5], [0.75, 0.75]).severity is Severity.CRITICAL
    assert judge(both, [-0.5, -0.5], [0.0, 0.0]).severity is Severity.LOW
    assert judge(both, [0.5, 0.5], [0.75, 0.75]).severity is None


@pytest.mark.parametrize(("spec", "now", "held"), [(DROP, -0.5, 0.25), (RISE, 200.0, 100.0), (FALL, 3.0, 4.5)])
def test_a_plateau_is_not_its_own_past_while_the_episode_is_open(spec: Spec, now: float, held: float) -> None:
    assert judge(spec, [now] * 3, [now] * 3).severity is None
    verdict = judge(spec, [now] * 3, [now] * 3, held=held)
    assert verdict.severity is not None
    assert verdict.expected == held


def test_a_ratio_to_nothing_is_none() -> None:
    verdict = judge(RISE, [100.0, 100.0], [0.0, 0.0])
    assert verdict.severity is None
    assert verdict.reason.endswith("0.00 before is nothing to take a ratio to")


def test_a_bound_without_a_past_holds_no_expectation() -> None:
    both = MetricSpec(
        name="both",
        of="wait_s",
        window_s=3600,
        bound={Severity.LOW: 300},
        move={Severity.HIGH: 1.5},
        min_events=2,
    )
    verdict = judge(both, [400.0, 400.0], [])
    assert verdict.severity is Severity.LOW
    assert not verdict.compared
    assert judge(both, [400.0, 400.0], [390.0, 390.0]).compared


def test_events_without_the_metric_do_not_count() -> None:
    mentions = [Mention(START, wait_s=400.0), Mention(START), Mention(START)]
    assert HIGH.build().judge(history_of(mentions), NOW).severity is None
