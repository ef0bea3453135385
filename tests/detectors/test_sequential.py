"""The statistics beside a wandering level: what chance alone does to them, and what a change does."""

from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sequential import Effect, Sequential
from detectors.surge_detector import FALLS, RISES

MEMORY = 0.97
TWICE = (Effect(2.0, 0.0, 1.0),)
HALF = (Effect(0.5, 0.0, 1.0),)
EVERY = [RISES, FALLS]


def after(
    counts: list[float], *, effects: tuple[Effect, ...] = RISES, mean: float = 3.0, wander: float = 0.0
) -> Sequential:
    watch = Sequential(effects, MEMORY)
    for count in counts:
        watch.step(count, mean, 1.5, wander)
    return watch


def state(watch: Sequential) -> list[float]:
    return [watch.panes, *watch.ratios, *watch.levels, *watch.doubts]


@pytest.mark.parametrize("effects", [TWICE, HALF])
def test_its_expectation_grows_by_one_a_pane(effects: tuple[Effect, ...]) -> None:
    runs, panes, mean, dispersion = 3000, 8, 0.5, 1.5
    draw = np.random.default_rng(7)
    counts = draw.negative_binomial(mean / (dispersion - 1.0), 1.0 / dispersion, (runs, panes))
    reached = []
    for row in counts.tolist():
        watch = Sequential(effects, MEMORY)
        for count in row:
            watch.step(count, mean, dispersion, wander=0.0)
        reached.append(watch.panes)
    doubt = float(np.std(reached)) / runs**0.5
    assert doubt < 0.6
    assert abs(float(np.mean(reached)) - panes) < 4 * doubt


@pytest.mark.parametrize("effects", EVERY)
@settings(max_examples=40, deadline=None)
@given(
    before=st.lists(st.integers(0, 9), max_size=5),
    panes=st.integers(2, 300),
    mean=st.floats(-4, 1).map(lambda power: 10**power),
)
def test_silence_at_once_is_silence_pane_by_pane(
    effects: tuple[Effect, ...], before: list[int], panes: int, mean: float
) -> None:
    once = after([float(count) for count in before], effects=effects)
    singly = once.copy()
    once.step(0.0, mean * panes, 1.5, wander=0.0, panes=panes)
    for _ in range(panes):
        singly.step(0.0, mean, 1.5, wander=0.0)
    assert once.panes == pytest.approx(singly.panes, rel=1e-6)


@pytest.mark.parametrize("effects", EVERY)
@pytest.mark.parametrize(("panes", "mean"), [(4, 0.05), (12, 0.05), (48, 0.01), (6, 0.3)])
def test_silence_at_once_is_nearly_that_beside_a_wandering_level(
    effects: tuple[Effect, ...], panes: int, mean: float
) -> None:
    once = after([2, 4, 3, 3, 6], effects=effects, wander=0.02)
    singly = once.copy()
    once.step(0.0, mean * panes, 1.5, wander=0.02, panes=panes)
    for _ in range(panes):
        singly.step(0.0, mean, 1.5, wander=0.02)
    assert once.panes == pytest.approx(singly.panes, rel=0.1)
    assert once.levels[0] == pytest.approx(singly.levels[0], abs=0.03)


def test_a_copy_goes_its_own_way() -> None:
    watch = after([3, 4, 2], wander=0.01)
    other = watch.copy()
    assert state(other) == state(watch)
    before = state(watch)
    other.step(30, 3.0, 1.5, 0.01)
    assert state(watch) == before
    assert other.panes > 100 * watch.panes


def test_no_statistic_stands_above_the_cap() -> None:
    watch = after([20, 20, 20])
    assert watch.panes > 1000.0
    watch.cap(1000.0)
    assert watch.panes <= 1000.0
    assert max(watch.ratios) <= 1000.0
    before = state(watch)
    watch.cap(1000.0)
    assert state(watch) == before


def test_a_state_restored_is_the_same_also_right_after_it_was_capped() -> None:
    watch = after([20, 20, 20], wander=0.01)
    assert max(watch.ratios) > 2000.0
    watch.cap(1000.0)
    other = Sequential(RISES, MEMORY)
    other.restore(watch.ratios, watch.levels, watch.doubts)
    assert state(other) == state(watch)
    other.step(5, 3.0, 1.5, 0.01)
    assert state(other) != state(watch)


def test_calm_forgets_the_change_and_keeps_the_level() -> None:
    watch = after([9] * 10, wander=0.05)
    level, doubt = watch.levels[0], watch.doubts[0]
    assert level > 1.1
    watch.calm()
    assert state(watch) == [0.0, *[0.0] * len(RISES), *[level] * (len(RISES) + 1), *[doubt] * (len(RISES) + 1)]


def test_a_rise_is_told_from_a_fall() -> None:
    up, down = [3, 2, 4, 9, 11, 10, 12], [3, 2, 4, 0, 0, 1, 0, 0, 0, 0, 0]
    assert after(up, effects=RISES).panes > 1000 > 10 > after(up, effects=FALLS).panes
    assert after(down, effects=FALLS).panes > 1000 > 10 > after(down, effects=RISES).panes


def test_a_wandering_level_makes_a_small_lasting_excess_less_of_a_change() -> None:
    slow = [4, 4, 5, 4, 5] * 8
    assert after(slow, wander=0.1).panes < 0.05 * after(slow, wander=0.0).panes


def test_a_theme_hardly_ever_mentioned_must_come_to_something() -> None:
    low, high = (Sequential((Effect(6.0, least, 1.0),), MEMORY) for least in (0.0, 0.5))
    for watch in (low, high):
        for count in (1, 0, 0, 0, 0, 0, 0, 1):
            watch.step(count, 1e-4, 1.1, 0.0)
    assert high.panes > low.panes  # two mentions in a morning are no six-fold rise of almost nothing: they are a theme
    low.step(0.0, 1e-4 * 40, 1.1, 0.0, panes=40)
    high.step(0.0, 1e-4 * 40, 1.1, 0.0, panes=40)
    assert high.panes < low.panes


@pytest.mark.parametrize("effects", EVERY)
@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 7.0, 1e3, 1e6]),
            st.sampled_from([1e-7, 1e-6, 0.01, 1.0, 1e4, 1e6]),
            st.sampled_from([1.0, 1.02, 3.0, 30.0]),
            st.sampled_from([0.0, 0.003, 0.25, 2.0]),
            st.sampled_from([1.0, 0.2, 0.01, 5.0, 1440.0]),
        ),
        max_size=40,
    )
)
def test_extreme_counts_leave_numbers_that_can_be_compared(
    effects: tuple[Effect, ...], steps: list[tuple[float, float, float, float, float]]
) -> None:
    watch = Sequential(effects, MEMORY)
    for count, mean, dispersion, wander, panes in steps:
        watch.step(0.0 if panes > 1.0 else count, mean, dispersion, wander, panes)
        assert all(isfinite(number) for number in state(watch))
        assert min(watch.panes, *watch.ratios, *watch.doubts) >= 0.0
