"""The yearly baseline: what it learns, what it ignores, and that it says nothing too early."""

from math import isnan, nan

import numpy as np
import pytest

from detectors.yearly import DAILY, MOST_YEARS, Calendar, YearlyBaseline, yearly_p_values
from detectors.yearly_tail import Floats

WEEKS = Calendar(52.0)
LAST = 400


def drawn(seed: int = 5, weeks: int = LAST + 10, phi: float = 2.0) -> Floats:
    """(weeks, 3) counts with a season, about 30 a week."""
    t = np.arange(weeks)[:, None]
    mean = np.broadcast_to(30.0 * np.exp(0.4 * np.cos(2 * np.pi * t / 52)), (weeks, 3))
    return np.random.default_rng(seed).negative_binomial(mean / (phi - 1), 1 / phi).astype(float)


def online(counts: Floats, first: int, refit: int) -> list[float]:
    base, told = YearlyBaseline(WEEKS, refit=refit), []
    for week, count in enumerate(counts):
        if week >= first:
            told.append(base.p_value(count))
        base.update(count)
    return told


def test_one_by_one_says_the_same_as_all_at_once() -> None:
    counts = drawn()
    counts[LAST - 1, 1] = counts[LAST + 3, 2] = nan
    together = yearly_p_values(counts, LAST, WEEKS, refit=4)
    for series in range(counts.shape[1]):
        assert online(counts[:, series], LAST, 4) == pytest.approx(together[:, series].tolist(), rel=1e-6)


def test_later_panes_change_nothing() -> None:
    counts = drawn()
    whole = yearly_p_values(counts, LAST, WEEKS, refit=3)
    other = counts.copy()
    other[LAST + 6 :] = 9_999.0
    assert yearly_p_values(other, LAST, WEEKS, refit=3)[:6].tolist() == whole[:6].tolist()


def test_what_stands_out_gets_small_values_and_the_rest_does_not() -> None:
    counts = drawn()
    counts[LAST + 5, 1] += 60.0
    told = yearly_p_values(counts, LAST, WEEKS)
    assert told[5, 1] < 1e-4
    others = np.delete(told[:, [0, 2]], 5, axis=0)
    assert others.min() > 1e-3
    assert others.max() > 0.8


def test_two_panes_that_do_not_stand_out_alone_do_together() -> None:
    counts = drawn()
    counts[LAST : LAST + 2, 0] = 58.0
    alone = yearly_p_values(counts, LAST, WEEKS, carry=0.0)[1, 0]
    assert yearly_p_values(counts, LAST, WEEKS)[1, 0] < alone / 2


def test_a_pane_after_an_incident_is_judged_by_itself_when_it_is_ordinary() -> None:
    counts = drawn()
    counts[LAST, 0], counts[LAST + 1, 0] = 300.0, 25.0
    assert yearly_p_values(counts, LAST, WEEKS)[1, 0] > 0.4


@pytest.mark.parametrize("level", [0.0, 1.0, 7.0, 20_000.0])
def test_a_constant_series_is_ordinary_and_a_jump_of_it_is_not(level: float) -> None:
    base = YearlyBaseline(WEEKS)
    for _ in range(110):
        base.update(level)
    assert base.p_value(level) > 0.05
    assert base.p_value(2 * level + 10.0) < 1e-3
    assert base.p_value(0.0) > 0.5


def test_unknown_panes_are_neither_low_nor_high() -> None:
    counts = drawn()
    gone = counts.copy()
    gone[200:230] = nan
    gone[LAST - 5 : LAST] = nan
    told = [yearly_p_values(each, LAST, WEEKS, carry=0.0) for each in (counts, gone, np.nan_to_num(gone))]
    unknown, taken_for_none = (np.abs(np.log(each / told[0])).mean() for each in told[1:])
    assert unknown < 0.2 < taken_for_none


def test_an_unknown_count_has_no_value() -> None:
    base = YearlyBaseline(WEEKS)
    for count in drawn()[:200, 0]:
        base.update(count)
    assert base.p_value(nan) == 1.0


def test_it_says_nothing_before_a_year_is_known() -> None:
    base = YearlyBaseline(WEEKS)
    assert base.p_value(1e6) == 1.0
    for week in range(60):
        base.update(nan if week < 20 else 3.0)
    assert (base.maturity, base.p_value(1e6), base.forecast()) == ("young", 1.0, None)
    for _ in range(12):
        base.update(3.0)
    assert base.maturity == "mature"
    assert base.p_value(1e6) < 1e-6


def test_series_of_different_ages_are_judged_side_by_side() -> None:
    counts = drawn()
    counts[:380, 1] = nan
    counts[LAST + 2] = 500.0
    told = yearly_p_values(counts, LAST, WEEKS)
    assert told[2, 0] < 1e-6
    assert (told[:, 1] == 1.0).all()


def test_a_snapshot_goes_on_where_it_was_left() -> None:
    counts = drawn()[:, 0]
    base = YearlyBaseline(WEEKS, carry=0.5, refit=9)
    for week, count in enumerate(counts[:204]):
        base.update(count)
        if week > 190:
            base.p_value(1.0)
    other = YearlyBaseline.restored(base.snapshot())
    for count in counts[204:230]:
        assert other.p_value(count) == base.p_value(count)
        base.update(count)
        other.update(count)
    assert other.snapshot() == base.snapshot()


def test_it_remembers_years_and_no_more() -> None:
    base, young = YearlyBaseline(WEEKS), YearlyBaseline(WEEKS)
    for count in np.random.default_rng(2).poisson(400.0, 2 * 52).astype(float):
        base.update(count)
    later = np.random.default_rng(3).poisson(4.0, (MOST_YEARS + 1) * 52).astype(float)
    for count in later:
        base.update(count)
        young.update(count)
    ours, theirs = base.forecast(), young.forecast()
    assert ours is not None
    assert theirs is not None
    assert ours.mean == pytest.approx(theirs.mean, rel=1e-4)


def test_days_of_the_week_are_told_apart() -> None:
    factors = np.array([1.3, 1.2, 1.1, 1.0, 1.0, 0.3, 0.2])
    days = np.arange(4 * 365)
    counts = np.random.default_rng(4).poisson(40.0 * factors[days % 7]).astype(float)
    told = yearly_p_values(np.stack([counts, counts], 1), len(counts) - 7, DAILY)
    assert told.min() > 1e-3
    counts[-7:] = 40.0
    weekend = (days[-7:] % 7) >= 5
    told = yearly_p_values(counts[:, None], len(counts) - 7, DAILY, carry=0.0)[:, 0]
    assert told[weekend].max() < 1e-4 < 0.05 < told[~weekend].min()


@pytest.mark.parametrize("count", [-1.0, float("inf")])
def test_a_count_that_is_none_is_an_error(count: float) -> None:
    with pytest.raises(ValueError, match=r"pane 0: .*expected a number from 0"):
        YearlyBaseline(WEEKS).update(count)
    with pytest.raises(ValueError, match="pane 1 of series 0"):
        yearly_p_values(np.array([[1.0], [count], [1.0]]), 1, WEEKS)


@pytest.mark.parametrize("first", [0, 4])
def test_the_first_pane_judged_has_to_be_there(first: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 3"):
        yearly_p_values(np.ones((3, 1)), first, WEEKS)


def test_a_refit_happens_now_and_then_at_least() -> None:
    with pytest.raises(ValueError, match="refit: 0 panes"):
        YearlyBaseline(WEEKS, refit=0)


def test_forecasts_are_of_the_next_pane() -> None:
    base = YearlyBaseline(WEEKS)
    winter_then_summer = []
    for week in range(52 * 6):
        base.update(float(round(50 + 30 * np.cos(2 * np.pi * week / 52))))
        if week in (52 * 5 - 1, 52 * 5 + 25):
            forecast = base.forecast()
            assert forecast is not None
            assert not isnan(forecast.doubt)
            winter_then_summer.append(forecast.mean)
    assert winter_then_summer == pytest.approx([80.0, 20.0], abs=3.0)
