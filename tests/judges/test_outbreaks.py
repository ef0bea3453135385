"""The weekly scenarios and their measures; a small table of three scenarios stands for the 42."""

import numpy as np
import pytest

from tests.judges.farrington import farrington
from tests.judges.interface import JudgeError
from tests.judges.outbreaks import (
    FIRST,
    JUDGED,
    WEEKS,
    Scenario,
    Weeks,
    compared,
    drawn,
    oracle,
    rates,
    scenarios,
    tail,
    threshold_at,
)
from tests.judges.shared import MissingData, shared_file

TABLE = [
    Scenario(0.1, 0.0025, 0.6, 0.6, 1.5, 1),
    Scenario(2.5, 0.0, 1.0, 0.1, 3.0, 2),
    Scenario(3.75, 0.001, 0.1, -0.1, 1.0, 1),
]


@pytest.fixture(scope="module")
def weeks() -> Weeks:
    return drawn(TABLE, 1, 20, 8.0, None)


def test_the_tail_is_that_of_the_distribution() -> None:
    # Poisson of mean 2: P(Y >= 3) = 1 - 5 exp(-2); negative binomial of mean 2, variance 4: size 2, p 1/2.
    found = tail(np.array([3.0, 3.0, 0.0]), np.full(3, 2.0), np.array([1.0, 2.0, 2.0]))
    assert found == pytest.approx([1 - 5 * np.exp(-2), 1 - (1 / 4 + 1 / 4 + 3 / 16), 1.0])


def test_counts_have_the_mean_and_dispersion_they_claim(weeks: Weeks) -> None:
    y, mean = weeks.counts[:FIRST], weeks.mean[:FIRST]
    assert y.sum() == pytest.approx(mean.sum(), rel=0.02)
    pearson = ((y - mean) ** 2 / mean).mean(axis=0) / weeks.phi
    assert pearson.mean() == pytest.approx(1.0, abs=0.05)


def test_a_seed_is_a_world_and_outbreaks_leave_the_background_alone(weeks: Weeks) -> None:
    again, larger = drawn(TABLE, 1, 20, 8.0, None), drawn(TABLE, 1, 20, 50.0, None)
    assert np.array_equal(weeks.counts, again.counts)
    assert not np.array_equal(weeks.counts, drawn(TABLE, 2, 20, 8.0, None).counts)
    assert np.array_equal(weeks.counts[:FIRST], larger.counts[:FIRST])
    healthy = ~weeks.ill & ~larger.ill
    assert np.array_equal(weeks.counts[healthy], larger.counts[healthy])


def test_a_contaminated_history_is_that_alone(weeks: Weeks) -> None:
    sick = drawn(TABLE, 1, 20, 8.0, 5.0)
    more = sick.counts - weeks.counts
    assert more.min() == 0
    assert np.all(more.sum(axis=0) > 0)
    assert more[FIRST:].sum() == 0
    assert np.array_equal(sick.ill, weeks.ill)


def test_every_series_has_one_judged_outbreak(weeks: Weeks) -> None:
    assert weeks.counts.shape == (WEEKS, 60)
    assert not weeks.ill[:FIRST].any()
    assert weeks.ill.any(axis=0).all()


def test_silence_and_noise_get_what_they_deserve(weeks: Weeks) -> None:
    flat = np.zeros((JUDGED, 60))
    assert rates(flat, weeks, 2.0) == (0.0, 0.0)
    assert rates(flat + 3, weeks, 2.0) == (1.0, 1.0)
    perfect = np.where(weeks.ill[FIRST:], 3.0, 0.0)
    assert rates(perfect, weeks, 2.0) == (0.0, 1.0)


def test_a_threshold_at_an_fpr_keeps_it(weeks: Weeks) -> None:
    scores = np.random.default_rng(1).random((JUDGED, 60))
    fpr, _ = rates(scores, weeks, threshold_at(scores, weeks, 0.01))
    assert 0.009 < fpr <= 0.01


def test_who_knows_the_mean_is_beaten_by_nobody_who_keeps_one_percent(weeks: Weeks) -> None:
    told = compared(farrington, weeks)
    assert told["oracle_fpr"] <= 0.012
    assert 0.8 < told["relative_at_1%"] <= 1.05
    assert told["pod"] > 0.6
    assert compared(lambda counts, first: oracle(weeks), weeks)["relative"] == 1.0


def test_the_rival_does_not_look_ahead(weeks: Weeks) -> None:
    few = weeks.counts[:, ::10]
    assert np.allclose(farrington(few, WEEKS - 9)[:4], farrington(few[: WEEKS - 5], WEEKS - 9))


def test_scores_of_another_shape_are_refused(weeks: Weeks) -> None:
    with pytest.raises(JudgeError, match="shape"):
        compared(lambda counts, first: counts[first - 1 :], weeks)


def test_the_shared_table_has_42() -> None:
    try:
        table = scenarios(shared_file("quality", "noufaily2013_scenarios.csv"))
    except MissingData as missing:
        pytest.skip(str(missing))
    assert len(table) == 42
    assert (table[0].theta, table[0].phi, table[41].harmonics) == (0.1, 1.5, 2)
