"""Forecasts: what they say, when they say nothing, and that four in five intervals hold."""

import pytest

from detectors.count import CountSpec
from detectors.forecast import Goal, reach
from detectors.history import History
from detectors.metric import MetricSpec
from detectors.outlook import outlook
from detectors.spec import Spec, Verdict
from detectors.surge import SurgeSpec
from detectors.velocity import VelocitySpec
from schemas.signal import Severity
from tests.support.detecting import START
from tests.support.ramps import SHAPES, foreseen, ramps, summary

LOW, MEDIUM, HIGH, CRITICAL = Severity
COUNT = CountSpec(name="count", window_s=3600, levels={LOW: 3, HIGH: 20, CRITICAL: 40})
VELOCITY = VelocitySpec(name="velocity", window_s=3600, levels={LOW: 2.0, HIGH: 6.0}, min_count=5, min_customers=0)
SURGE = SurgeSpec(name="surge", levels={LOW: 1.5, HIGH: 6.0}, direction="both")
NOW = START + 3599.0
DOUBLING = [0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 4, 5, 6]
"""Mentions in stretches of five minutes, the last of which ends now."""


def history(counts: list[int], since: float = START - 86_400) -> History:
    found = History(retention_s=86_400, since=since)
    for place, count in enumerate(reversed(counts)):
        if count:
            found.mentions.add(int(START + 3300 - 300 * place), count, 0, 0.0)
    return found


def verdict(observed: float, expected: float = 1.0, severity: Severity | None = LOW) -> Verdict:
    return Verdict(severity, observed, expected, 3.0, "")


def test_four_of_five_intervals_hold_whatever_the_shape_of_the_growth() -> None:
    found = [each for shape in SHAPES for ramp in ramps(shape, 60, seed=3) for each in foreseen(ramp)]
    overall = summary(found)
    assert overall["given"] > 0.3
    assert 0.7 <= overall["covered"] <= 0.9
    assert overall["error"] < 0.6
    for shape in SHAPES:
        assert 0.7 <= summary(each for each in found if each.shape == shape)["covered"] <= 0.95


def test_the_interval_holds_the_median_and_sharper_growth_is_sooner() -> None:
    slow = reach([1, 1, 2, 2, 2, 3, 3, 4], 8, Goal(60.0))
    fast = reach([0, 0, 1, 1, 2, 3, 5, 8], 8, Goal(60.0))
    assert fast is not None
    assert 0.0 < fast.early < fast.central < fast.late <= 2.0
    assert slow is None or slow.central > fast.central


def test_a_farther_goal_is_later_and_one_that_moves_away_later_still() -> None:
    counts = [0, 1, 1, 2, 2, 3, 5, 8]
    near, far, moving = (reach(counts, 8, goal) for goal in (Goal(30.0), Goal(40.0), Goal(40.0, more=20.0)))
    assert near is not None
    assert far is not None
    assert near.central < far.central
    assert moving is None or moving.central > far.central


def test_a_window_that_only_grows_loses_nothing() -> None:
    counts = [5] * 12
    assert reach(counts, 12, Goal(90.0)) is None
    growing = reach(counts, 12, Goal(90.0, slides=False))
    assert growing is not None
    assert growing.central == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("counts", [[0] * 24, [3] * 24, [8, 7, 6, 6, 5, 5, 4, 3, 3, 2, 1, 1] * 2, [0] * 23 + [1]])
def test_what_does_not_grow_has_no_forecast(counts: list[float]) -> None:
    assert reach(counts, 12, Goal(2.0 * sum(counts[12:]) + 20.0)) is None


@pytest.mark.parametrize(("counts", "window"), [([], 0), ([1, 2], 1), ([1, 2], 3)])
def test_a_window_must_be_there(counts: list[float], window: int) -> None:
    with pytest.raises(ValueError, match=f"got {window}"):
        reach(counts, window, Goal(5.0))


@pytest.mark.parametrize("huge", [1e6, 1e12])
def test_enormous_numbers_are_no_trouble(huge: float) -> None:
    counts = [huge * 1.2**i for i in range(24)]
    assert reach(counts, 12, Goal(1.5 * sum(counts[12:]))) is not None
    assert reach([0.0] * 23 + [huge], 12, Goal(huge * 1e9)) is None


def test_a_count_forecasts_the_next_severity_and_no_other() -> None:
    found = outlook(COUNT, verdict(31.0), LOW, history(DOUBLING), NOW)
    # 31 mentions are more than HIGH asks for: what holds it back is no matter of mentions.
    assert found is None
    found = outlook(COUNT, verdict(31.0), HIGH, history(DOUBLING), NOW)
    assert found is not None
    assert found.severity is CRITICAL
    assert NOW < found.early.timestamp() <= found.at.timestamp() <= found.late.timestamp() <= NOW + 2 * 3600 + 30
    assert found.at.second == 0
    assert found.assumption == "mentions go on as in the last hour"
    assert outlook(COUNT, verdict(31.0), CRITICAL, history(DOUBLING), NOW) is None


def test_a_velocity_asks_for_times_the_usual_and_for_its_floor() -> None:
    near = outlook(VELOCITY, verdict(31.0, expected=6.0), LOW, history(DOUBLING), NOW)
    far = outlook(VELOCITY, verdict(31.0, expected=8.0), LOW, history(DOUBLING), NOW)
    assert near is not None
    assert far is not None
    assert near.at < far.at
    assert outlook(VELOCITY, verdict(31.0, expected=200.0), LOW, history(DOUBLING), NOW) is None


def test_a_surge_is_forecast_once_it_says_what_stretch_it_speaks_of() -> None:
    tripped = verdict(31.0, expected=8.0)
    assert outlook(SURGE, tripped, LOW, history(DOUBLING), NOW) is None
    found = outlook(SURGE, tripped._replace(span_s=3600.0), LOW, history(DOUBLING), NOW)
    assert found is not None
    assert found.severity is HIGH
    assert outlook(SURGE, verdict(2.0, expected=8.0)._replace(span_s=3600.0), LOW, history(DOUBLING), NOW) is None
    assert outlook(SURGE, tripped._replace(span_s=60.0), LOW, history(DOUBLING), NOW) is None


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (COUNT, verdict(31.0, severity=None)),
        (COUNT, verdict(31.0)._replace(emerging=True)),
        (MetricSpec(name="m", of="wait_s", window_s=3600, bound={LOW: 3, HIGH: 100}, min_events=3), verdict(31.0)),
        (CountSpec(name="blink", window_s=60, levels={LOW: 3, CRITICAL: 400}), verdict(31.0)),
    ],
)
def test_what_cannot_be_forecast(spec: Spec, said: Verdict) -> None:
    assert outlook(spec, said, HIGH if said.severity else LOW, history(DOUBLING), NOW) is None


def test_what_was_before_the_series_was_watched_is_not_taken_for_silence() -> None:
    window = [0, 1, 0, 1, 1, 1, 2, 1, 2, 2, 3, 3]
    silent = outlook(COUNT, verdict(17.0), LOW, history([0] * 12 + window), NOW)
    unknown = outlook(COUNT, verdict(17.0), LOW, history(window, since=NOW - 3600), NOW)
    alone = reach(window, 12, Goal(20.0))
    assert silent is not None
    assert unknown is not None
    assert alone is not None
    assert unknown != silent
    assert unknown.late.timestamp() == pytest.approx(NOW + 3600 * alone.late, abs=60.0)
