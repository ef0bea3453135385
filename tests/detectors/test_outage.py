"""A low that all series share is an outage: when it is seen, when it ends, and what is never one."""

import numpy as np
import pytest

from detectors.outage import OutageWatch
from detectors.surroundings import Surroundings

PANE_S, DAY_S = 300, 86_400
BEGIN = 4 * DAY_S


def watched(mean: float, *, pane_s: int = PANE_S, days: int = 4, seed: int = 1) -> tuple[OutageWatch, Surroundings]:
    around = Surroundings()
    watch = OutageWatch(pane_s, 0.0, around)
    totals = np.random.default_rng(seed).poisson(mean, days * DAY_S // pane_s).tolist()
    for number, total in enumerate(totals):
        watch.observe(float(number * pane_s), float(total))
    return watch, around


def feed(watch: OutageWatch, totals: list[float | None], at: int = BEGIN) -> list[bool]:
    return [watch.observe(float(at + n * watch.pane_s), total) for n, total in enumerate(totals)]


def usual(mean: float, panes: int, seed: int = 2) -> list[float | None]:
    return [float(total) for total in np.random.default_rng(seed).poisson(mean, panes)]


@pytest.mark.parametrize("mean", [0.05, 1.0, 8.0, 100.0])
def test_usual_days_have_no_gap(mean: float) -> None:
    for seed in range(3):
        _, around = watched(mean, days=14, seed=seed)
        # On the first day the hours are not known, and an evening may pass for an outage.
        assert [gap for gap in around.gaps if gap[1] > DAY_S] == []


@pytest.mark.parametrize(("mean", "panes"), [(100.0, 1), (20.0, 2), (5.0, 6)])
def test_a_source_gone_silent_is_a_gap_within_panes(mean: float, panes: int) -> None:
    watch, around = watched(mean)
    told = feed(watch, [0.0] * 24)
    assert told.index(True) < panes
    assert all(told[panes:])
    assert around.gaps == [(BEGIN + told.index(True) * 300.0, BEGIN + 24 * 300.0)]
    assert around.out_since == around.gaps[0][0]


def test_a_trickle_is_an_outage_too() -> None:
    watch, _ = watched(100.0)
    assert all(feed(watch, usual(15.0, 24))[2:])


def test_what_comes_after_in_a_heap_is_not_trusted_for_as_long_as_the_outage_took() -> None:
    for panes, doubted in ((4, 4), (40, 12)):
        watch, around = watched(100.0)
        told = feed(watch, [*[0.0] * panes, *[400.0] * 30])
        begun = told.index(True)
        assert all(told[begun : panes + doubted - begun])
        assert not any(told[panes + doubted + 1 :])
        assert around.out_since is None
        assert len(around.gaps) == 1


def test_a_usual_pane_after_an_outage_is_known_at_once() -> None:
    watch, _ = watched(100.0)
    told = feed(watch, [*[0.0] * 12, *usual(100.0, 12)])
    assert told[1:12] == [True] * 11
    assert not any(told[12:])


def test_a_rise_of_the_total_is_no_gap() -> None:
    watch, around = watched(100.0)
    assert not any(feed(watch, [500.0] * 24))
    assert around.gaps == []


def test_a_pane_without_data_is_a_gap_of_its_own() -> None:
    watch, around = watched(100.0)
    told = feed(watch, [100.0, None, None, 100.0, None, 100.0])
    assert told == [False, True, True, False, True, False]
    assert around.gaps == [(BEGIN + 300.0, BEGIN + 900.0), (BEGIN + 1200.0, BEGIN + 1500.0)]


def test_before_anything_is_known_a_silence_is_no_outage() -> None:
    around = Surroundings()
    watch = OutageWatch(PANE_S, 0.0, around)
    assert not any(feed(watch, [0.0] * 288, at=0))
    assert around.gaps == []


def test_a_source_of_one_mention_an_hour_is_never_out() -> None:
    watch, around = watched(1 / 12, days=14)
    assert not any(feed(watch, [0.0] * 3 * 288, at=14 * DAY_S))
    assert around.gaps == []


def test_a_new_level_that_stays_is_not_an_outage_for_ever() -> None:
    watch, _ = watched(100.0, days=14)
    told = feed(watch, usual(30.0, 10 * 288), at=14 * DAY_S)
    assert told[12]
    assert not any(told[-288:])


def test_gaps_are_joined_and_bounded() -> None:
    watch, around = watched(100.0)
    feed(watch, [None, 100.0] * 400)
    assert len(around.gaps) == 200
    assert around.gaps[-1] == (BEGIN + 798 * 300.0, BEGIN + 799 * 300.0)
    assert all(first[1] < second[0] for first, second in zip(around.gaps, around.gaps[1:], strict=False))


@pytest.mark.parametrize(("night", "day"), [(1.5, 60.0), (0.2, 10.0), (15.0, 60.0)])
def test_a_quiet_night_is_no_outage(night: float, day: float) -> None:
    around = Surroundings()
    watch = OutageWatch(PANE_S, 0.0, around)
    hours = np.arange(22 * 288) % 288 / 12
    totals = np.random.default_rng(1).poisson(np.where(hours < 8, night, day))
    told = np.array(feed(watch, [float(total) for total in totals], at=0))
    within, later = (hours >= 1.0) & (hours < 7.5) | (hours >= 9.0), np.arange(22 * 288) >= 7 * 288
    assert told[within & later].mean() < 0.005
    # Where the day ends and begins a pane or two may look like one.
    assert told[later].mean() < 0.03
