"""The shape of a week, found again in counts that were drawn from it."""

import numpy as np
import numpy.typing as npt
import pytest

from detectors.season import Season, fit, flat

Floats = npt.NDArray[np.float64]

HALF_HOURS = np.arange(48) / 2
WAVE: Floats = 1.0 + 0.6 * np.sin((HALF_HOURS - 9.0) / 24 * 2 * np.pi)
WEEK: Floats = np.array([1.2, 1.1, 1.1, 1.1, 1.0, 0.8, 0.7])
WEEK = WEEK / WEEK.mean()
OFFICE: Floats = np.where((HALF_HOURS >= 9) & (HALF_HOURS < 17), 3.0, 0.0)


def drawn(level: float, *, days: int = 28, profile: Floats = WAVE, seed: int = 1) -> Floats:
    """(days, 48) counts; the first day is a Monday."""
    mean = level * WEEK[np.arange(days) % 7][:, None] * profile[None, :]
    return np.random.default_rng(seed).poisson(mean).astype(float)


def fitted(counts: Floats, prior: Season | None = None) -> Season:
    return fit(counts, np.arange(len(counts)) % 7, 1.05, prior)


def off(found: Floats, truth: Floats) -> float:
    """Root mean square of the difference."""
    return float(np.sqrt(((found - truth) ** 2).mean()))


@pytest.mark.parametrize(
    ("level", "profile_off", "week_off"), [(2.0, 0.12, 0.1), (10.0, 0.06, 0.06), (200.0, 0.03, 0.04)]
)
def test_the_season_is_found_again(level: float, profile_off: float, week_off: float) -> None:
    season = fitted(drawn(level))
    assert off(season.profile, WAVE) < profile_off
    assert off(season.weekdays, WEEK) < week_off
    assert season.level == pytest.approx(level, rel=0.1)
    assert season.days == 28
    assert season.wander < 0.02


def test_shapes_have_mean_one() -> None:
    season = fitted(drawn(4.0))
    assert season.profile.mean() == pytest.approx(1.0)
    assert season.weekdays.mean() == pytest.approx(1.0)


def test_an_incident_in_the_past_hardly_moves_it() -> None:
    clean = drawn(10.0)
    hit = clean.copy()
    hit[20, 28:40] *= 10.0  # a Sunday
    usual, season = fitted(clean), fitted(hit)
    assert season.level == pytest.approx(usual.level, rel=0.06)
    assert np.abs(season.profile - usual.profile).max() < 0.2
    assert season.wander < 0.03
    # A mean over the Sundays would take in all of it.
    mean = hit[6::7].sum() / clean[6::7].sum()
    assert season.weekdays[6] / usual.weekdays[6] - 1.0 < 0.4 * (mean - 1.0)


def test_an_incident_of_last_night_does_not_become_the_level() -> None:
    clean = drawn(10.0)
    hit = clean.copy()
    hit[27, 36:48] *= 10.0
    assert fitted(hit).level == pytest.approx(fitted(clean).level, rel=0.1)


def test_a_new_level_that_lasts_does() -> None:
    counts = drawn(10.0)
    counts[27:] = drawn(30.0, seed=2)[27:]
    one_day = fitted(counts).level
    counts[23:] = drawn(30.0, seed=2)[23:]
    assert 12.0 < one_day < fitted(counts).level
    assert 25.0 < fitted(counts).level < 35.0


@pytest.mark.parametrize("lost", [slice(20, 21), slice(27, 28), slice(0, 14)])
def test_lost_days_are_no_silence(lost: slice) -> None:
    counts = drawn(10.0)
    usual = fitted(counts)
    counts[lost] = np.nan
    season = fitted(counts)
    assert season.days == 28 - (lost.stop - lost.start)
    assert season.level == pytest.approx(usual.level, rel=0.05)
    assert off(season.profile, usual.profile) < 0.05
    assert off(season.weekdays, usual.weekdays) < 0.06


def test_silent_days_are() -> None:
    counts = drawn(10.0)
    counts[20:] = 0.0
    assert fitted(counts).level < 2.5


@pytest.mark.parametrize("steep", [OFFICE, np.roll(OFFICE, 20)])
def test_opening_hours_are_not_smeared(steep: Floats) -> None:
    season = fitted(drawn(10.0, profile=steep))
    assert season.profile[steep == 0.0].max() < 0.05
    assert season.profile[steep > 0.0].min() > 2.5


def test_chance_is_smoothed_away_where_the_day_is_smooth() -> None:
    counts = drawn(2.0)
    raw = counts.mean(0) / counts.mean()
    assert off(fitted(counts).profile, WAVE) < 0.6 * off(raw, WAVE)


def test_few_mentions_lean_on_the_season_of_the_others() -> None:
    sparse = drawn(0.005, profile=OFFICE)
    lent = Season(OFFICE, WEEK, 30.0, 0.0, 28)
    alone, season = fitted(sparse), fitted(sparse, lent)
    assert off(season.profile, OFFICE) < 0.65 * off(alone.profile, OFFICE)
    assert off(season.weekdays, WEEK) < 0.5 * off(alone.weekdays, WEEK)
    assert season.level == pytest.approx(0.005, rel=1.0)


def test_many_mentions_speak_for_themselves() -> None:
    counts = drawn(100.0)
    lent = Season(np.roll(OFFICE, 20), WEEK[::-1].copy(), 30.0, 0.0, 28)
    assert off(fitted(counts, lent).profile, fitted(counts).profile) < 0.02
    assert off(fitted(counts, lent).weekdays, fitted(counts).weekdays) < 0.05


def test_hours_that_scatter_beyond_chance_are_told() -> None:
    draw = np.random.default_rng(3)
    calm = drawn(50.0)
    shaken = draw.poisson(np.maximum(calm * np.repeat(draw.normal(1.0, 0.3, (28, 24)), 2, axis=1), 0.0)).astype(float)
    assert fitted(calm).wander < 0.01
    assert 0.04 < fitted(shaken).wander < 0.16


def test_nothing_known_is_the_prior_without_a_level() -> None:
    lent = Season(WAVE, WEEK, 30.0, 0.1, 28)
    for counts in (np.full((28, 48), np.nan), np.zeros((0, 48))):
        assert fitted(counts).level == 0.0
        season = fitted(counts, lent)
        assert (season.level, season.wander, season.days) == (0.0, 0.0, 0)
        assert season.profile.tolist() == WAVE.tolist()
        assert season.weekdays.tolist() == WEEK.tolist()


LITTLE = {
    "one silent day": np.zeros((1, 48)),
    "silence": np.zeros((28, 48)),
    "one day": np.full((1, 48), 3.0),
    "one half hour": np.eye(1, 48, 5) * 1e6,
    "one day drawn": drawn(5.0, days=1),
    "hours": np.full((28, 24), 2.0),
}


@pytest.mark.parametrize("counts", LITTLE.values(), ids=LITTLE)
def test_little_is_enough_for_numbers(counts: Floats) -> None:
    season = fitted(counts)
    assert 0 <= season.days <= len(counts)
    assert season.level > 0.0
    assert season.wander >= 0.0
    for shape in (season.profile, season.weekdays):
        assert np.isfinite(shape).all()
        assert shape.min() >= 0.0
        assert shape.mean() == pytest.approx(1.0)


def test_silence_expects_half_a_mention_in_all_the_time() -> None:
    season = fitted(np.zeros((28, 48)))
    assert season.level * 28 * 48 == pytest.approx(0.5)
    assert season.profile.tolist() == flat(48).profile.tolist()


def test_the_days_known_in_part_count_from_half() -> None:
    counts = drawn(10.0, days=3)
    counts[0, :25] = np.nan
    counts[1, :24] = np.nan
    assert fitted(counts).days == 2


def test_it_is_the_same_every_time_and_leaves_the_counts_alone() -> None:
    counts = drawn(3.0)
    before = counts.copy()
    first, again = fitted(counts), fitted(counts)
    assert counts.tolist() == before.tolist()
    assert [np.asarray(value).tolist() for value in first] == [np.asarray(value).tolist() for value in again]
