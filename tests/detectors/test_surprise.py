"""The scorer of a stream: what it finds, what it leaves alone, and that it can be stopped and continued anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.surprise import Surprise

STEP_S = 300.0
A_DAY = 288
ALERT, WATCH = 0.5, 0.3
Stream = Sequence[tuple[float, float]]

NUMBERS = st.integers(-3, 3).map(float) | st.floats(allow_infinity=False)
ROW = st.tuples(
    st.floats(-1e5, 1e10) | st.integers(0, 50).map(lambda number: number * 1800.0),
    NUMBERS,
)


def regular(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(place * STEP_S, float(value)) for place, value in enumerate(values)]


def scores(stream: Stream, scorer: Surprise | None = None) -> list[float]:
    scorer = scorer or Surprise()
    return [scorer.update(at, value) for at, value in stream]


def alerts(values: Sequence[float], bar: float = ALERT) -> list[int]:
    return [place for place, score in enumerate(scores(regular(values))) if score >= bar]


def days(count: int, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Noisy days with a busy time."""
    within = np.arange(count * A_DAY) % A_DAY
    busy = (within > 100) & (within < 200)
    return 20.0 + 60.0 * busy + np.random.default_rng(seed).normal(0.0, 3.0, count * A_DAY)


@given(st.lists(ROW, max_size=150))
def test_scores_are_from_0_to_1_and_unknown_values_leave_no_trace(stream: Stream) -> None:
    told = scores(stream)
    assert all(0.0 <= score <= 1.0 for score in told)
    known = [(row, score) for row, score in zip(stream, told, strict=True) if not math.isnan(row[1])]
    assert [score for _, score in known] == scores([row for row, _ in known])
    assert not any(score for row, score in zip(stream, told, strict=True) if math.isnan(row[1]))


def test_infinite_values_leave_no_trace() -> None:
    stream = regular([*days(2).tolist(), 500.0])
    broken = [entry for row in stream for entry in (row, (row[0], math.inf), (row[0], -math.inf))]
    assert scores(broken)[::3] == scores(stream)


@given(st.lists(ROW, min_size=1, max_size=120), st.lists(ROW, max_size=40))
def test_later_numbers_change_no_earlier_score(stream: Stream, later: Stream) -> None:
    assert scores([*stream, *later])[: len(stream)] == scores(stream)


@given(st.lists(ROW, max_size=150), st.integers(0, 150))
def test_a_restored_scorer_goes_on_as_before(stream: Stream, cut: int) -> None:
    first = Surprise()
    before = scores(stream[:cut], first)
    kept = orjson.loads(orjson.dumps(first.snapshot()))
    assert before + scores(stream[cut:], Surprise.restore(kept)) == scores(stream)
    assert orjson.dumps(Surprise.restore(kept).snapshot()) == orjson.dumps(kept)


def test_a_restored_scorer_goes_on_as_before_after_a_long_past() -> None:
    values = days(28)
    values[7500:] += 100.0
    stream = regular(values.tolist())
    whole, cut = scores(stream), 7321
    first = Surprise()
    scores(stream[:cut], first)
    kept = first.snapshot()
    rest = scores(stream[cut:], Surprise.restore(kept))
    assert rest == whole[cut:]
    assert max(rest) > WATCH


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 0, this is 1"):
        Surprise.restore({**Surprise().snapshot(), "version": 0})


def test_memory_is_bounded() -> None:
    def floats(kept: Any) -> int:
        return sum(map(floats, kept)) if isinstance(kept, list) else 1

    scorer, sizes = Surprise(), []
    for row in ((place * 60.0, place % 17.0) for place in range(45_000)):
        scorer.update(*row)
        if row[0] % 900_000.0 == 0.0:
            sizes.append(floats(scorer.snapshot()["of"]))
    assert max(sizes) <= 62_000
    assert max(sizes) == sizes[-1] > 30_000


def test_ten_rows_and_a_constant_score_0() -> None:
    assert scores(regular(range(10))) == [0.0] * 10
    for value in (0.0, 1e15 / 3, -1e308):
        assert not any(scores(regular([value] * 2000)))


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=20, max_size=200))
@settings(max_examples=30)
def test_the_unit_does_not_matter(values: list[float]) -> None:
    assert scores(regular(values)) == scores(regular([value * 4.0 for value in values]))


@pytest.mark.parametrize(
    ("change", "within"),
    [
        (lambda values: values + 60.0, 6),
        (lambda values: values * 0.0, 30),
        (lambda values: values + np.random.default_rng(3).normal(0.0, 25.0, len(values)), 30),
    ],
    ids=["rises", "falls silent", "shakes"],
)
def test_a_change_is_found_at_once(change: Callable[[Any], Any], within: int) -> None:
    values, start = days(12), 10 * A_DAY + 50
    values[start:] = change(values[start:])
    usual, found = alerts(days(12)[:start]), alerts(values.tolist())
    assert start <= next(place for place in found if place >= start) < start + within
    assert len(usual) <= 1


def test_a_busy_time_that_stays_away_is_found() -> None:
    values = days(12)
    values[10 * A_DAY : 11 * A_DAY] = np.random.default_rng(4).normal(20.0, 3.0, A_DAY)
    assert any(10 * A_DAY + 100 < place < 10 * A_DAY + 200 for place in alerts(values.tolist(), WATCH))


def test_a_spike_on_a_flat_line_is_found_once() -> None:
    values = [0.0] * 4000
    values[3000] = 5.0
    (found,) = alerts(values)
    assert 3000 <= found < 3006


def test_what_repeats_exactly_raises_nothing() -> None:
    square = [100.0 * (place // 60 % 2) for place in range(4000)]
    assert [place for place in alerts(square, WATCH) if place > 1200] == []


def test_noise_raises_few_alerts() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        kinds = (rng.normal(size=8000), rng.poisson(0.3, 8000), rng.lognormal(0, 2, 8000))
        for values in kinds:
            assert len([place for place in alerts(values.tolist()) if place > 600]) <= 8
