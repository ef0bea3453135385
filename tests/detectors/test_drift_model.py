"""The statistic behind ``drift``: what it spends of its budget while nothing happens, and what it learns."""

import random
from collections.abc import Callable
from math import exp, sqrt

import pytest

from detectors.drift_baseline import BLOCK_S, DriftBaseline
from detectors.drift_effect import Effect, parse_effect
from detectors.drift_model import DriftModel, limit_of, rarity_of

DAY = 96
BUDGET = 1.0
Draw = Callable[[random.Random], float]

SHAPES: dict[str, Draw] = {
    "normal": lambda rng: rng.gauss(0.0, 1.0),
    "skewed": lambda rng: rng.lognormvariate(0.0, 0.7),
    "lumpy": lambda rng: rng.choice((1.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0)),
    "heavy tails": lambda rng: rng.gauss(0.0, 1.0) / sqrt(rng.gammavariate(2.0, 0.5)),
}


def model_of(budget: float = BUDGET, sign: float = -1.0) -> DriftModel:
    return DriftModel(DriftBaseline(least_sd=1e-6), (sign,), limit_of(budget), Effect("0.25 sd"))


def alarms(draw: Draw, *, events: int, days: int, seed: int, wander: float = 0.0, sign: float = -1.0) -> int:
    """How often the statistic crosses its threshold while nothing happens, after a week."""
    rng, model, count, was, slow = random.Random(seed), model_of(sign=sign), 0, False, 0.0
    kept = exp(-1.0 / 24.0)
    for block in range(days * DAY):
        n = 1 + sum(rng.random() < 0.5 for _ in range(2 * (events - 1)))
        slow = kept * slow + rng.gauss(0.0, wander * sqrt(1.0 - kept * kept))
        model.observe(block * BLOCK_S, n, slow + sum(draw(rng) for _ in range(n)) / n, judge=block >= DAY)
        now = any(moved.tripped for moved in model.standings())
        count += now and not was and block >= 7 * DAY
        was = now
    return count


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("events", [2, 8])
def test_it_keeps_its_budget_whatever_the_values_are(shape: str, events: int) -> None:
    weeks = 2 * 4
    found = sum(alarms(SHAPES[shape], events=events, days=21, seed=seed) for seed in range(4))
    assert found <= 1.5 * BUDGET * weeks


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_it_keeps_its_budget_on_a_level_that_wanders(sign: float) -> None:
    found = sum(alarms(SHAPES["normal"], events=12, days=21, seed=seed, wander=0.15, sign=sign) for seed in range(4))
    assert found <= 2.0 * BUDGET * 2 * 4


def learnt(days: int, level: Callable[[int], float], *, n: int = 10, wander: float = 0.0) -> DriftBaseline:
    rng, usual, slow = random.Random(5), DriftBaseline(), 0.0
    kept = exp(-1.0 / 16.0)
    for block in range(days * DAY):
        slow = kept * slow + rng.gauss(0.0, wander * sqrt(1.0 - kept * kept))
        usual.learn(block * BLOCK_S, n, level(block) + slow + rng.gauss(0.0, 1.0 / sqrt(n)), trust=1.0)
    return usual


def test_it_learns_level_scatter_and_profile() -> None:
    usual = learnt(14, lambda block: 5.0 + (0.5 if block // 4 % 24 < 8 else 0.0))
    assert usual.sd == pytest.approx(1.0, rel=0.15)
    night, noon = usual.mean(14 * DAY * BLOCK_S + 4 * 3600), usual.mean(14 * DAY * BLOCK_S + 14 * 3600)
    assert night == pytest.approx(5.5, abs=0.1)
    assert noon == pytest.approx(5.0, abs=0.1)


def test_without_a_profile_it_sees_none() -> None:
    usual = learnt(14, lambda _: 5.0)
    means = [usual.mean(14 * DAY * BLOCK_S + hour * 3600) for hour in range(24)]
    assert max(means) - min(means) < 0.1


def test_it_tells_slow_noise_from_chance() -> None:
    still, slow = learnt(21, lambda _: 0.0), learnt(21, lambda _: 0.0, wander=0.3)
    assert sqrt(still.wander) < 0.1
    assert sqrt(slow.wander) == pytest.approx(0.3, rel=0.35)
    assert still.sd == pytest.approx(slow.sd, rel=0.2)


def test_the_season_goes_by_the_local_clock() -> None:
    there = DriftBaseline(offset=lambda at: 6 * 3600 if at < 14 * DAY * BLOCK_S else 7 * 3600)
    rng = random.Random(5)
    for block in range(14 * DAY):
        level = 0.5 if (block + 24) // 4 % 24 < 8 else 0.0
        there.learn(block * BLOCK_S, 10.0, level + rng.gauss(0.0, 1.0 / sqrt(10.0)), trust=1.0)
    means = [there.mean(14 * DAY * BLOCK_S + hour * 3600) for hour in range(24)]
    assert min(means[18:24]) > 0.35
    assert max(means[3:16]) < 0.15


def test_one_strange_block_does_not_trip_it() -> None:
    rng, model = random.Random(3), model_of(0.1)
    for block in range(5 * DAY):
        model.observe(block * BLOCK_S, 10.0, -1e6 if block == 4 * DAY else rng.gauss(0.0, 0.3))
        assert not any(moved.tripped for moved in model.standings())
    assert model.usual.average == pytest.approx(0.0, abs=0.1)


def test_a_look_leaves_no_trace() -> None:
    rng, model = random.Random(3), model_of()
    for block in range(2 * DAY):
        model.observe(block * BLOCK_S, 10.0, rng.gauss(0.0, 0.3))
    before = model.snapshot()
    seen = model.look(2 * DAY * BLOCK_S, 40.0, -3.0)
    assert model.snapshot() == before
    assert seen[0].blocks > model.standings()[0].blocks


def test_a_budget_is_a_threshold_and_back() -> None:
    assert rarity_of(limit_of(0.1)) == pytest.approx(10 * 7 * 86_400)


@pytest.mark.parametrize("value", ["", "sd", "0.2sigma", "-1", 0.0, -1.0, float("nan"), float("inf"), "0%", "x"])
def test_an_effect_that_is_none_is_refused(value: str | float) -> None:
    with pytest.raises(ValueError, match=r"^min_effect: "):
        parse_effect(value)
