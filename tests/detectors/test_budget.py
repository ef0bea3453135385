"""One budget for each series, and one for all of them."""

import numpy as np
import pytest

from detectors.budget import Budget
from detectors.drift import DriftSpec
from detectors.sequential import Effect
from detectors.surge import SurgeSpec
from detectors.surge_state import SurgeState
from detectors.surroundings import Surroundings
from schemas.signal import Severity

LEVELS = {Severity.LOW: 1.0}


@pytest.mark.parametrize(
    ("budget", "series", "expected"),
    [
        (Budget(0.1), 5000, 0.1),
        (Budget(0.1, 1.0), 1, 0.1),
        (Budget(0.1, 1.0), 70, 0.1),
        (Budget(0.1, 1.0), 140, 0.05),
        (Budget(0.1, 1.0), 0, 0.1),
        (Budget(0.1, 1.0, shares=2), 140, 0.025),
    ],
)
def test_the_smaller_of_both_holds(budget: Budget, series: int, expected: float) -> None:
    assert budget.of(series) == pytest.approx(expected)


@pytest.mark.parametrize("spec", [SurgeSpec, DriftSpec])
@pytest.mark.parametrize("total", [0.0, -1.0, float("nan")])
def test_a_senseless_total_is_refused(spec: type, total: float) -> None:
    with pytest.raises(ValueError, match="total_false_alerts_per_day"):
        spec(name="rule", levels=LEVELS, total_false_alerts_per_day=total)


def test_among_many_a_series_must_show_more() -> None:
    around = Surroundings(shared=False)
    state = SurgeState(300, 0.0, ((Effect(3.0, 0.0, 1.0),),), Budget(0.1, 1.0), around)
    counts = np.random.default_rng(1).poisson(4.0, 4 * 288)
    thresholds = []
    for number, count in enumerate(counts.tolist()):
        if number == 2 * 288:
            thresholds.append(state.look([], state.next)[0].threshold)
            around.series = 1400
        state.observe(number * 300.0, float(count))
    thresholds.append(state.look([], state.next)[0].threshold)
    assert thresholds[1] == pytest.approx(20.0 * thresholds[0], rel=0.2)
