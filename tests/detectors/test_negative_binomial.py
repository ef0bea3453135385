"""The negative binomial of counts, against scipy's."""

from math import exp, lgamma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from detectors.negative_binomial import LEAST_DISPERSION, interval, log_mass, silence

DISPERSIONS = [LEAST_DISPERSION, 1.3, 2.0, 5.0, 30.0]
means = st.floats(-6, 4).map(lambda power: 10**power)
dispersions = st.floats(LEAST_DISPERSION, 30)


def reference(mean: float, dispersion: float) -> nbinom:
    return nbinom(mean / (dispersion - 1.0), 1.0 / dispersion)


@given(mean=means, dispersion=dispersions, count=st.integers(0, 40) | st.integers(0, 20_000))
def test_its_mass_is_scipys(mean: float, dispersion: float, count: int) -> None:
    theirs = reference(mean, dispersion).logpmf(count)
    # Where almost nothing is left of the mass, both sum up terms of thousands.
    assert log_mass(count, mean, dispersion) - lgamma(count + 1) == pytest.approx(theirs, rel=1e-8, abs=1e-6)


@pytest.mark.parametrize("dispersion", DISPERSIONS)
@pytest.mark.parametrize("mean", [0.01, 3.0, 200.0])
def test_its_masses_sum_up_to_one(mean: float, dispersion: float) -> None:
    most = int(mean + 60 * (dispersion * mean) ** 0.5 + 40 * dispersion)
    masses = np.array([exp(log_mass(count, mean, dispersion) - lgamma(count + 1)) for count in range(most)])
    assert masses.sum() == pytest.approx(1.0, abs=1e-9)
    assert masses @ np.arange(most) == pytest.approx(mean, rel=1e-6)
    assert masses @ (np.arange(most) - mean) ** 2 == pytest.approx(dispersion * mean, rel=1e-6)


@pytest.mark.parametrize("dispersion", [LEAST_DISPERSION, 1.3, 2.0, 3.0])
@pytest.mark.parametrize(("first", "last"), [(5, 7), (7, 12), (12, 100), (100, 5000)])
def test_nineteen_of_twenty_counts_lie_in_the_interval(first: float, last: float, dispersion: float) -> None:
    inside = []
    for mean in np.linspace(first, last, 60).tolist():
        (low, high), counts = interval(mean, dispersion), reference(mean, dispersion)
        inside.append(counts.cdf(np.floor(high)) - counts.cdf(np.ceil(low) - 1))
    # Whole numbers make it leap; of one mean it may be a few hundredths off.
    assert 0.93 <= np.mean(inside) <= 0.97
    assert 0.90 <= min(inside) <= max(inside) <= 0.98


@given(mean=means, dispersion=dispersions)
def test_the_interval_holds_the_mean_and_grows_with_the_scatter(mean: float, dispersion: float) -> None:
    low, high = interval(mean, dispersion)
    wider_low, wider_high = interval(mean, dispersion + 1.0)
    assert 0.0 <= wider_low <= low <= mean < high < wider_high


@given(mean=means, dispersion=dispersions)
def test_silence_is_the_mass_of_zero(mean: float, dispersion: float) -> None:
    assert silence(mean, dispersion) == pytest.approx(reference(mean, dispersion).pmf(0), rel=1e-9)
