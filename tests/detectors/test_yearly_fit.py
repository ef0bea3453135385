"""The fit behind the yearly baseline: it finds what the counts were drawn from, whatever incidents were among them."""

from math import exp, nan

import numpy as np
import pytest

from detectors.yearly_fit import Calendar, Fit, fit
from detectors.yearly_tail import Floats

WEEKS = Calendar(52.0)
T = 572
PANES = np.arange(T, dtype=float)


def means(level: float, slope: float = 0.0, season: float = 0.0) -> Floats:
    years = PANES / 52
    return np.asarray(level * np.exp(slope * years + season * np.cos(2 * np.pi * years)))


def drawn(mean: Floats, phi: float, series: int = 12, seed: int = 7) -> Floats:
    rng = np.random.default_rng(seed)
    shape = (len(mean), series)
    if phi == 1.0:
        return rng.poisson(mean[:, None], shape).astype(float)
    return rng.negative_binomial(np.broadcast_to(mean[:, None] / (phi - 1), shape), 1 / phi).astype(float)


def bias(fitted: Fit, mean: Floats) -> float:
    """Of the log expectation at the end, averaged over series."""
    return float(np.log(fitted.forecast(PANES[-52:])[0] / mean[-52:, None]).mean())


@pytest.mark.parametrize(
    ("level", "phi"), [(0.3, 2.0), (2.0, 1.0), (2.0, 5.0), (40.0, 1.2), (5_000.0, 50.0), (1e5, 2e3)]
)
def test_it_finds_level_trend_season_and_dispersion(level: float, phi: float) -> None:
    mean = means(level, 0.05, 0.5)
    fitted = fit(drawn(mean, phi), PANES, WEEKS)
    assert bias(fitted, mean) == pytest.approx(0.0, abs=0.12)
    assert fitted.coefficients[:, 1].mean() == pytest.approx(0.05, abs=0.03)
    assert fitted.coefficients[:, 2].mean() == pytest.approx(0.5, abs=0.06)
    assert np.median(fitted.dispersion) == pytest.approx(phi, rel=0.15)


def test_incidents_in_the_past_are_found_and_hardly_change_the_fit() -> None:
    mean = means(20.0, 0.0, 0.3)
    clean = drawn(mean, 1.5)
    ill = clean.copy()
    for start in (330, 390, 460, 540):
        ill[start : start + 3] += np.array([[40.0], [30.0], [8.0]])
    before, after = fit(clean, PANES, WEEKS), fit(ill, PANES, WEEKS)
    assert np.median(after.dispersion / before.dispersion) == pytest.approx(1.0, abs=0.1)
    assert bias(after, mean) - bias(before, mean) == pytest.approx(0.0, abs=0.01)
    assert after.ordinary[[330, 391]].max() < 0.01
    assert before.ordinary.mean() > 0.99


def test_one_absurd_count_changes_nothing() -> None:
    counts = drawn(means(5.0), 1.5, series=3)
    before = fit(counts, PANES, WEEKS)
    counts[550] = 1e7
    after = fit(counts, PANES, WEEKS)
    assert after.forecast(PANES[-9:])[0] == pytest.approx(before.forecast(PANES[-9:])[0], rel=0.03)
    assert after.dispersion == pytest.approx(before.dispersion, rel=0.05)


def test_harmonics_that_say_nothing_are_dropped() -> None:
    none = fit(drawn(means(10.0), 2.0, series=40), PANES, WEEKS)
    assert (none.harmonics == 0).mean() > 0.7
    dropped = none.harmonics == 0
    assert np.abs(none.coefficients[dropped][:, 2:8]).max() < 1e-6
    one = fit(drawn(means(10.0, 0.0, 0.4), 2.0, series=40), PANES, WEEKS)
    assert one.harmonics.min() == 1
    assert (one.harmonics == 1).mean() > 0.8


def test_series_do_not_know_each_other() -> None:
    counts = np.concatenate([drawn(means(level), 2.0, series=2) for level in (0.1, 300.0)], 1)
    together = fit(counts, PANES, WEEKS)
    for series in range(4):
        alone = fit(counts[:, [series]], PANES, WEEKS)
        assert alone.coefficients[0] == pytest.approx(together.coefficients[series], rel=1e-6, abs=1e-9)
        assert alone.dispersion[0] == pytest.approx(together.dispersion[series], rel=1e-6)


def test_unknown_panes_are_left_out() -> None:
    mean = means(8.0, 0.1, 0.3)
    counts = drawn(mean, 2.0)
    counts[np.random.default_rng(1).random(counts.shape) < 0.3] = nan
    fitted = fit(counts, PANES, WEEKS)
    assert bias(fitted, mean) == pytest.approx(0.0, abs=0.06)
    assert (fitted.ordinary[np.isnan(counts)] == 0.0).all()


@pytest.mark.parametrize("length", [2, 20, 80])
@pytest.mark.parametrize("level", [0.0, 3.0, nan])
def test_short_and_empty_histories_give_finite_numbers(length: int, level: float) -> None:
    fitted = fit(np.full((length, 1), level), PANES[:length], WEEKS)
    mean, dispersion = fitted.forecast(np.array([float(length)]))
    assert np.isfinite([mean[0, 0], dispersion[0, 0], fitted.doubt[0]]).all()
    assert mean[0, 0] > 0.0


def test_a_short_history_is_known_less_well() -> None:
    counts = drawn(means(20.0), 1.5)
    short, long = fit(counts[:60], PANES[:60], WEEKS), fit(counts, PANES, WEEKS)
    widened = [
        fitted.forecast(fitted.origin + np.arange(1.0, 5.0))[1] / fitted.dispersion - 1 for fitted in (short, long)
    ]
    assert widened[0].mean() > 5 * widened[1].mean() > 0.0
    assert short.doubt.mean() > 2 * long.doubt.mean()


def test_the_steepest_trend_of_a_sparse_series_is_followed() -> None:
    mean = means(exp(-2.0), 0.26)
    fitted = fit(drawn(mean, 2.0, series=30), PANES, WEEKS)
    assert bias(fitted, mean) == pytest.approx(0.0, abs=0.12)


def test_a_season_out_of_step_with_the_calendar_is_followed() -> None:
    mean = means(30.0, 0.0, 0.8)
    counts = drawn(mean, 1.2)
    off = Calendar(52.18)
    assert np.abs(np.log(fit(counts, PANES, off).forecast(PANES[-52:])[0] / mean[-52:, None]).mean(1)).max() < 0.06
    stiff = fit(counts, PANES, off._replace(drifting=0))
    assert np.abs(np.log(stiff.forecast(PANES[-52:])[0] / mean[-52:, None]).mean(1)).max() > 0.08
