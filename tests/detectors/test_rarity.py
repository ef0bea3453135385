"""The score: one scale for rules that know a probability and for those that do not."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.rarity import WEEK_S, in_words, rarity_score, score
from detectors.spec import Verdict
from schemas.signal import Severity

LOW, MEDIUM, HIGH, CRITICAL = Severity
spans = st.floats(0.0, 1e15) | st.just(math.inf)


@settings(deadline=None)
@given(spans, spans)
def test_rarer_is_never_a_lower_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= rarity_score(low) <= rarity_score(high) <= 100.0


@settings(deadline=None)
@given(st.sampled_from([None, *Severity]), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_score_is_always_one(severity: Severity | None, observed: float, expected: float, threshold: float) -> None:
    assert 0.0 <= score(Verdict(severity, observed, expected, threshold, "")) <= 100.0


def test_worse_is_never_a_lower_score() -> None:
    rising = [(LOW, 3), (LOW, 5), (MEDIUM, 6), (MEDIUM, 11), (HIGH, 12), (CRITICAL, 24), (CRITICAL, 1000)]
    thresholds = {LOW: 3, MEDIUM: 6, HIGH: 12, CRITICAL: 24}
    scores = [score(Verdict(level, n, 0.0, thresholds[level], "")) for level, n in rising]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (20.0, 100.0)


def test_a_fall_counts_like_a_rise_and_the_other_side_not_at_all() -> None:
    assert score(Verdict(LOW, -0.6, 0.0, -0.3, "")) == score(Verdict(LOW, 0.6, 0.0, 0.3, "")) == 30.0
    assert score(Verdict(None, 0.6, 0.0, -0.3, "")) == 0.0
    assert score(Verdict(None, -0.15, 0.0, -0.3, "")) == 10.0


def test_a_probability_counts_before_anything_else() -> None:
    assert score(Verdict(CRITICAL, 1000.0, 0.0, 1.0, "", rarity_s=9 * WEEK_S)) == 20.0


@pytest.mark.parametrize(
    ("rarity_s", "words"),
    [
        (0.0, "more than once an hour by chance"),
        (3500.0, "about once an hour by chance"),
        (3 * 3600.0, "about once in 3 hours by chance"),
        (86_400.0, "about once a day by chance"),
        (5 * 86_400.0, "about once in 5 days by chance"),
        (14 * WEEK_S, "about once in 14 weeks by chance"),
        (4 * 365.25 * 86_400.0, "about once in 4 years by chance"),
        (math.inf, "less than once in ten years by chance"),
    ],
)
def test_a_return_period_in_words(rarity_s: float, words: str) -> None:
    assert in_words(rarity_s) == words
