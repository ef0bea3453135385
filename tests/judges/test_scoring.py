"""The judges themselves: what is right must score as right, and no trick pays."""

from typing import Any

import numpy as np
import pytest

from tests.judges.interface import JudgeError, Source, ask, changed
from tests.judges.rivals import RIVALS
from tests.judges.scoring import Judged, feasible, judge, poisson_range, spent, summary
from tests.judges.shapes import shaped
from tests.judges.shared import MissingData, module, simulated

DAY = 288
START = 1_767_571_200


def _incident(start: int, end: int, scored: bool = True, excess: float = 100.0, base: float = 50.0) -> dict[str, Any]:
    return {"start": start, "end": end, "scored": scored, "excess": excess, "base": base}


def _source(*incidents: dict[str, Any], series: int = 1) -> Source:
    flat = {"y": np.ones(4 * DAY), "mu": np.ones(4 * DAY), "phi": 1.0, "rate": 1.0, "warm": DAY}
    streams = [flat | {"incidents": list(incidents)} for _ in range(series)]
    return Source("made", START, "UTC", streams)


def _told(source: Source, *opened: float) -> Judged:
    return judge(source, [list(opened)] * len(source.streams))


def test_a_perfect_detector_finds_everything_and_says_nothing_else() -> None:
    told: dict[str, Any] = {}
    for source in shaped(3):
        opened = [[each["start"] + 1.0 for each in stream["incidents"]] for stream in source.streams]
        told = summary(judge(source, opened))
        assert (told["recall"], told["recall_feasible"], told["false_alerts"]) == (1.0, 1.0, 0)
        assert told["median_minutes"] == 5.0


def test_a_silent_detector_finds_nothing_and_costs_nothing() -> None:
    told = summary(_told(_source(_incident(500, 600))))
    assert (told["recall"], told["recall_feasible"], told["false_alerts"], told["median_minutes"]) == (
        0.0,
        0.0,
        0,
        None,
    )


def test_opening_in_every_pane_is_one_alert_that_began_in_the_warm_up() -> None:
    told = summary(_told(_source(_incident(500, 600)), *range(1, 4 * DAY + 1)))
    assert (told["recall"], told["false_alerts"]) == (0.0, 0)


def test_opening_as_often_as_counts_finds_everything_and_pays_for_it() -> None:
    told = summary(_told(_source(_incident(500, 600)), *range(1, 4 * DAY + 1, 73)))
    assert told["recall"] == 1.0
    assert told["false_alerts"] > 20 * told["theme_weeks"]


@pytest.mark.parametrize(
    ("opened", "found", "false"),
    [
        ([500.0], 0, 1),
        ([501.0], 1, 0),
        ([600.0], 1, 0),
        ([601.0], 0, 0),
        ([672.0], 0, 0),
        ([673.0], 0, 1),
        ([288.0], 0, 0),
        ([289.0], 0, 1),
        # An alert begins with its first opening, and that was before the incident.
        ([450.0, 510.0], 0, 1),
        ([400.0, 510.0], 1, 1),
    ],
)
def test_edges(opened: list[float], found: int, false: int) -> None:
    told = _told(_source(_incident(500, 600)), *opened)
    assert (sum(each.minutes is not None for each in told.outcomes), len(told.false)) == (found, false)


def test_an_unscored_incident_excuses_and_earns_nothing() -> None:
    told = _told(_source(_incident(500, 600, scored=False)), 510.0)
    assert (told.outcomes, told.false) == ([], [])


def test_feasible_needs_events_and_deviations() -> None:
    stream = {"phi": 4.0}
    assert feasible(stream, _incident(0, 1, excess=100, base=100))
    assert not feasible(stream, _incident(0, 1, excess=99, base=100))
    assert not feasible(stream, _incident(0, 1, excess=4, base=0))


def test_minutes_go_by_the_length_of_a_pane() -> None:
    source = _source(_incident(500, 600))._replace(pane_s=900)
    assert _told(source, 502.0).outcomes[0].minutes == 30


def test_spent_is_over_the_budget_with_its_range() -> None:
    told = spent(_told(_source(series=14), 400.0), 0.5)
    assert (told["theme_weeks"], told["false_alerts"], told["ratio"]) == (6.0, 14, 4.667)
    assert told["ratio_95"][0] < told["ratio"] < told["ratio_95"][1]


def test_poisson_range_is_the_tabulated_one() -> None:
    assert poisson_range(0) == pytest.approx((0.0, 3.689), abs=0.06)
    assert poisson_range(10) == pytest.approx((4.795, 18.39), abs=0.03)


@pytest.mark.parametrize("at", [START, START + 4 * DAY * 300 + 1, float("nan")])
def test_an_opening_outside_the_table_breaks_the_interface(at: float) -> None:
    with pytest.raises(JudgeError, match="series 0 opened"):
        ask(lambda *_: [[at]], _source(), 0.1)


def test_openings_of_missing_series_break_the_interface() -> None:
    with pytest.raises(JudgeError, match="2 series, openings of 1"):
        ask(lambda *_: [[]], _source(series=2), 0.1)


def test_a_detector_cannot_change_what_it_is_judged_on() -> None:
    source = _source()

    def vandal(stamps: Any, counts: Any, *_: Any) -> list[list[float]]:
        counts[:] = 0
        return [[]]

    ask(vandal, source, 0.1)
    assert source.streams[0]["y"].sum() == 4 * DAY


def test_looking_ahead_is_seen() -> None:
    whole = shaped(3)[0]
    part = whole.until(0.75)

    def last(stamps: Any, counts: Any, *_: Any) -> list[list[float]]:
        return [[float(stamps[int(len(stamps) * 0.6)])]] * counts.shape[1]

    assert changed(part, ask(last, part, 0.1), ask(last, whole, 0.1)) == 2 * len(whole.streams)
    for name, rival in RIVALS.items():
        assert changed(part, ask(rival, part, 0.5), ask(rival, whole, 0.5)) == 0, name


def test_the_rules_are_those_of_the_shared_evaluation() -> None:
    try:
        source, evaluate = simulated(11, 2), module("evaluate")
    except MissingData as missing:
        pytest.skip(str(missing))
    rng = np.random.default_rng(11)
    opened = [sorted(rng.integers(1, 8065, 40).astype(float).tolist()) for _ in source.streams]
    theirs, ours = evaluate.score(source.streams, opened), summary(judge(source, opened))
    same = ("incidents", "recall", "recall_feasible", "recall_by_rate", "false_alerts_per_theme_week")
    assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}
    assert ours["median_minutes"] == theirs["median_minutes_to_detect"]
