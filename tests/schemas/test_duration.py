"""Durations as the configuration writes them and as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("4h", 14_400),
        ("3d", 259_200),
        ("2w", 1_209_600),
        ("1h30m", 5_400),
        ("1d 12h", 129_600),
        (" 5 h ", 18_000),
        ("1.5h", 5_400),
        ("0s", 0),
    ],
)
def test_reads_a_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "   ", "5", "h", "5 hours", "30m1h", "1h1h", "-5m", "5H", "1e3s", ".5s", "5m!", "٣m", "inf", "9" * 400 + "d"],
)
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (0.5, "0.5 seconds"),
        (59.96, "60 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (900, "15 minutes"),
        (3_600, "1 hour"),
        (5_400, "90 minutes"),
        (7_260, "2 hours 1 minute"),
        (18_000, "5 hours"),
        (86_399.9, "1 day"),
        (86_400, "1 day"),
        (90_000, "25 hours"),
        (129_600, "36 hours"),
        (604_800, "7 days"),
        (365 * 86_400, "365 days"),
        (5_461.37, "91 minutes"),
        (1_000_000, "11 days 14 hours"),
    ],
)
def test_says_a_duration_in_words(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
def test_refuses_what_is_no_length_of_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        format_duration(seconds)


@given(st.floats(min_value=0, max_value=1e12))
def test_words_are_near_the_truth(seconds: float) -> None:
    words = format_duration(seconds).split()
    sizes = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
    pairs = zip(words[::2], words[1::2], strict=True)
    said = sum(float(count) * sizes[word.removesuffix("s")] for count, word in pairs)
    assert abs(said - seconds) <= max(0.05 * seconds, 1e-3)
