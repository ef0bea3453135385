"""Tail probabilities: exact where they can be known, and honest about chance."""

from itertools import pairwise
from math import comb, exp, factorial

import numpy as np
import pytest

from detectors.yearly_tail import Floats, Forecast, log_gamma, upper_tail


def poisson_tail(count: int, mean: float) -> float:
    return 1.0 - sum(exp(-mean) * mean**n / factorial(n) for n in range(count))


def drawn(rng: np.random.Generator, forecast: Forecast, size: int) -> Floats:
    shape = forecast.mean / (forecast.dispersion - 1)
    return rng.negative_binomial(shape, 1 / forecast.dispersion, size).astype(float)


@pytest.mark.parametrize("x", [1, 2, 5, 30])
def test_log_gamma_is_the_factorials(x: int) -> None:
    assert exp(float(log_gamma(np.array([float(x)]))[0])) == pytest.approx(factorial(x - 1), rel=1e-9)


@pytest.mark.parametrize(("count", "mean"), [(0, 3.0), (1, 0.2), (9, 3.0), (20, 11.5)])
def test_alone_and_hardly_dispersed_it_is_a_poisson_tail(count: int, mean: float) -> None:
    assert upper_tail(count, Forecast(mean, 1.00001)) == pytest.approx(poisson_tail(count, mean), rel=1e-3)


def test_alone_it_is_a_negative_binomial_tail() -> None:
    # Six successes, each with probability 1/3: the failures before them have mean 12 and variance 36.
    below = sum(comb(n + 5, 5) * (1 / 3) ** 6 * (2 / 3) ** n for n in range(30))
    assert upper_tail(30.0, Forecast(12.0, 3.0)) == pytest.approx(1.0 - below, rel=1e-6)


@pytest.mark.parametrize("forecast", [Forecast(0.2, 2.0), Forecast(4.0, 1.5), Forecast(60.0, 6.0), Forecast(9e4, 40.0)])
def test_a_level_is_exceeded_by_chance_as_often_as_it_says(forecast: Forecast) -> None:
    rng = np.random.default_rng(11)
    pairs = drawn(rng, forecast, 8000).reshape(-1, 2)
    told = np.array([upper_tail(now, forecast, (before, forecast)) for before, now in pairs])
    for level in (0.2, 0.05):
        assert (told <= level).mean() <= level + 4 * (level / len(pairs)) ** 0.5
    if forecast.mean > 1:
        assert (told <= 0.05).mean() > 0.03


def test_more_is_never_less_unusual() -> None:
    here = Forecast(7.3, 2.0, 0.2)
    for before in (None, (3.0, here), (20.0, here)):
        told = [upper_tail(float(count), here, before) for count in range(60)]
        assert all(later <= earlier for earlier, later in pairwise(told[8:]))
        assert told[0] == pytest.approx(1.0)


def test_doubt_makes_the_far_tail_heavier() -> None:
    sure, unsure = Forecast(10.0, 2.0), Forecast(10.0, 2.0, 0.4)
    assert upper_tail(40.0, unsure) > 2 * upper_tail(40.0, sure)


def test_a_first_mention_after_a_silent_year_is_told_by_chance_alone() -> None:
    hardly = Forecast(0.001, 1.02)
    assert upper_tail(0.0, hardly, (1.0, hardly)) == pytest.approx(1.0)
    assert upper_tail(1.0, hardly, (0.0, hardly)) == pytest.approx(0.001, rel=0.05)


def test_beyond_everything_is_as_good_as_impossible_and_not_zero() -> None:
    assert 0.0 < upper_tail(1e9, Forecast(3.0, 2.0), (3.0, Forecast(3.0, 2.0))) < 1e-9
