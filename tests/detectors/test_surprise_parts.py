"""What the scorer of a stream is made of, each part against a plain computation."""

from __future__ import annotations

from math import isclose, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.surprise_alert import REFRACTORY, AlertScore
from detectors.surprise_rank import PastRank
from detectors.surprise_season import Slots
from detectors.surprise_window import Window

NUMBERS = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=120)
HOUR, DAY = 3600.0, 86_400.0


@given(NUMBERS, st.booleans(), st.integers(20, 60), st.integers(1, 3))
def test_ranks_are_those_of_a_plain_count(numbers: list[float], two_sided: bool, size: int, every: int) -> None:
    rank = PastRank(size, every, two_sided=two_sided)
    for place, number in enumerate(numbers):
        past = numbers[:place][::every][-size:]
        told = rank.surprise(number)
        if len(past) < 20:
            assert told == 1.0
            continue
        ties = 0.5 * past.count(number) + 0.5
        above, below = sum(one > number for one in past) + ties, sum(one < number for one in past) + ties
        out = min(above, below) if two_sided else above
        plain = max(0.0, log((len(past) + 1) / out) - two_sided * log(2.0))
        if out >= 3.0:
            assert isclose(told, plain, abs_tol=1e-9)
        else:
            assert plain - 1e-9 <= told <= plain + 3.0 + 1e-9


def test_surprises_of_the_usual_average_one_whatever_the_distribution() -> None:
    rng = np.random.default_rng(5)
    for numbers in (rng.normal(size=6000), rng.pareto(1.0, 6000), rng.uniform(size=6000)):
        for two_sided in (False, True):
            rank = PastRank(2000, 1, two_sided=two_sided)
            told = [rank.surprise(number) for number in numbers.tolist()]
            assert sum(told[1000:]) / 5000 == pytest.approx(1.0, abs=0.1)


def test_a_wild_extreme_surprises_more_than_a_new_one() -> None:
    rng = np.random.default_rng(6)
    usual = rng.exponential(size=1000).tolist()

    def told(number: float) -> float:
        rank = PastRank(2000, 1, two_sided=False)
        for one in usual:
            rank.surprise(one)
        return rank.surprise(number)

    most = max(usual)
    assert told(most + 0.01) + 1.0 < told(2 * most) <= told(20 * most)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(1, 20))
def test_windows_agree_with_numpy(numbers: list[float], length: int) -> None:
    window = Window(length)
    for place, number in enumerate(numbers, 1):
        mean = window.push(number)
        last = np.array(numbers[max(0, place - length) : place])
        assert mean == pytest.approx(last.mean(), abs=1e-6, rel=1e-9)
        assert window.deviation() == pytest.approx(last.std(), abs=0.1, rel=1e-6)


def test_a_large_constant_deviates_by_nothing() -> None:
    window = Window(12)
    assert {(window.push(1e15 / 3), window.deviation()) for _ in range(500)} == {(1e15 / 3, 0.0)}


def test_slots_compare_with_the_same_time_of_earlier_days() -> None:
    slots = Slots(int(DAY), int(HOUR), 60)
    for day in range(4):
        for hour in range(24):
            told = slots.residual(day * DAY + hour * HOUR, float(hour))
            assert told == (0.0 if day == 3 else None)
    # The running day does not count: a long incident stays as unusual as it began.
    first, second = (slots.residual(4 * DAY + 5 * HOUR + minute * 60.0, 105.0) for minute in (0, 30))
    assert first == second == 100.0


def test_slots_take_times_before_1970_and_steps_back() -> None:
    slots = Slots(int(DAY), int(HOUR), 60)
    told = [slots.residual(at, 1.0) for at in (-1.0, -DAY, -1e-99, -1.0 - DAY, -1.0)]
    assert told == [None] * 4 + [0.0]
    assert slots.residual(DAY - 1.0, 3.0) == 2.0


def told_at(score: AlertScore, surprises: dict[int, float], length: int) -> dict[int, float]:
    given = {place: score.update(surprises.get(place, 0.0), 1) for place in range(length)}
    return {place: told for place, told in given.items() if told}


def test_after_an_alert_there_is_silence_for_the_refractory_time() -> None:
    told = told_at(AlertScore(), dict.fromkeys(range(10, 400), 40.0), 400)
    assert list(told) == [10, 11 + REFRACTORY, 12 + 2 * REFRACTORY, 13 + 3 * REFRACTORY]
    assert all(score > 0.5 for score in told.values())


def test_from_watched_to_alert_is_told_and_not_the_way_back() -> None:
    told = told_at(AlertScore(), {10: 16.0, 11: 22.0, 12: 23.0, 13: 99.0, 20: 22.0}, 30)
    assert list(told) == [10, 12]
    assert 0.3 < told[10] < told[12] == 0.5


def test_a_longer_past_asks_for_more() -> None:
    told = [AlertScore().update(30.0, known) for known in (1, 200, 400, 4000, 20_000, 10_000_000)]
    assert told[0] == told[1] > told[2] > told[3] > told[4] == told[5] > 0.0
