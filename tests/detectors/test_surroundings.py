"""What the series of a tenant share: gaps, second by second, and the pool of seasons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.pool import Pool
from detectors.season import Season
from detectors.surroundings import Surroundings

stretches = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=5)
"""Seconds known, then seconds unknown."""


def with_gaps(told: list[tuple[int, int]]) -> tuple[Surroundings, set[int]]:
    around, at, lost = Surroundings(), 0, set()
    for known, unknown in told:
        at += known
        around.gaps.append((float(at), float(at + unknown)))
        lost |= set(range(at, at + unknown))
        at += unknown
    return around, lost


@given(told=stretches, first=st.integers(0, 300), length=st.integers(0, 200))
def test_unknown_seconds_are_counted(told: list[tuple[int, int]], first: int, length: int) -> None:
    around, lost = with_gaps(told)
    assert around.unknown_s(first, first + length) == len(lost & set(range(first, first + length)))


@given(told=stretches, first=st.integers(0, 300), length=st.integers(0, 200), step_s=st.integers(1, 60))
def test_every_slot_that_a_gap_touches_is_met(
    told: list[tuple[int, int]], first: int, length: int, step_s: int
) -> None:
    around, lost = with_gaps(told)
    steps = around.unknown_steps(first, first + length, step_s)
    asked = lost & set(range(first, first + length))
    assert set(steps) <= asked
    assert {second // step_s for second in asked} == {step // step_s for step in steps}
    assert steps == sorted(steps)


def test_without_gaps_everything_is_known() -> None:
    assert Surroundings().unknown_s(0.0, 1e9) == 0.0
    assert Surroundings().unknown_steps(0.0, 1e9, 1800.0) == []


def test_each_length_of_slot_has_a_pool_of_its_own() -> None:
    around = Surroundings()
    assert around.pool(48) is around.pool(48)
    assert around.pool(48) is not around.pool(24)
    assert around.pool(24).slots == 24


def season(peak: int, level: float, days: int = 14) -> Season:
    profile = np.ones(48)
    profile[peak] += 10.0
    return Season(profile / profile.mean(), np.ones(7), level, 0.0, days)


def test_the_pool_lends_an_average_shape_and_no_level() -> None:
    pool = Pool(48)
    for peak in (10, 30):
        pool.lend(season(peak, 50.0))
    lent = pool.borrow()
    assert lent is not None
    assert (lent.level, lent.wander, lent.days) == (0.0, 0.0, 0)
    assert lent.profile[10] == pytest.approx(lent.profile[30], rel=0.01)
    assert lent.profile[10] > 4 * lent.profile[20]
    assert lent.profile.mean() == pytest.approx(1.0)


def test_who_has_seen_more_counts_for_more_but_no_single_one_for_all() -> None:
    pool = Pool(48)
    pool.lend(season(10, 1e9))
    pool.lend(season(30, 0.05))
    lent = pool.borrow()
    assert lent is not None
    assert lent.profile[10] > 5 * lent.profile[30]
    for _ in range(20):
        pool.lend(season(30, 1.0))
    lent = pool.borrow()
    assert lent is not None
    assert lent.profile[30] > 5 * lent.profile[10]


@pytest.mark.parametrize("nothing", [season(10, 0.0), season(10, 5.0, days=0)])
def test_who_knows_nothing_lends_nothing(nothing: Season) -> None:
    pool = Pool(48)
    pool.lend(nothing)
    assert pool.borrow() is None
