from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.tone import Tone, from_scores

TONE = Tone()


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"stars": 1}, (-1.0, "stars")),
        ({"stars": 3}, (0.0, "stars")),
        ({"stars": 4.5}, (0.75, "stars")),
        ({"stars": 5}, (1.0, "stars")),
        ({"csat": 2}, (-0.5, "csat")),
        ({"nps": 0}, (-1.0, "nps")),
        ({"nps": 5}, (0.0, "nps")),
        ({"nps": 10}, (1.0, "nps")),
        ({"nps": 7}, (0.4, "nps")),
        ({"nps": 10, "csat": 1, "stars": 4}, (0.5, "stars")),
        ({"nps": 10, "csat": 1}, (-1.0, "csat")),
        ({"stars": 0, "nps": 10}, (1.0, "nps")),
        ({"stars": 5.01, "csat": 0.99, "nps": 0}, (-1.0, "nps")),
        ({"stars": math.nan, "csat": 5}, (1.0, "csat")),
    ],
)
def test_scores_map_linearly_in_order_of_preference(metrics: dict[str, float], expected: tuple[float, str]) -> None:
    found = from_scores(metrics)
    assert found is not None
    assert found[0] == pytest.approx(expected[0])
    assert found[1] == expected[1]


@pytest.mark.parametrize(
    "metrics", [{}, {"duration_ms": 3.0}, {"stars": 6}, {"nps": -1}, {"nps": 11}, {"csat": math.inf}, {"Stars": 5}]
)
def test_no_usable_score(metrics: dict[str, float]) -> None:
    assert from_scores(metrics) is None


@given(st.sampled_from(["stars", "csat", "nps"]), st.floats(allow_nan=True))
def test_scores_stay_in_range(name: str, value: float) -> None:
    found = from_scores({name: value})
    assert found is None or -1.0 <= found[0] <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        "The app crashes every time",
        "useless support, still waiting for my refund",
        "I can't log in",
        "I can’t log in",
        "this is NOT working",
        "not a very good experience",
        "don't recommend",
        "dont recommend",
        "never fast or helpful",
        "Waste of money!!!",
        "hardly works",
        "👎",
    ],
)
def test_complaints_are_negative(text: str) -> None:
    assert TONE.from_text(text) < -0.1


@pytest.mark.parametrize(
    "text",
    [
        "I love it, thanks",
        "Fixed within an hour, excellent service",
        "no bugs",
        "no problems at all",
        "never crashes",
        "without any errors",
        "it stopped crashing",
        "couldn't be happier",
        "can't fault them",
        "not bad",
        "no issues and great support",
        "no longer broken",
        "👍",
    ],
)
def test_praise_is_positive(text: str) -> None:
    assert TONE.from_text(text) > 0.1


@pytest.mark.parametrize(
    "text", ["", "   ", "the parcel is blue", "12345 !!!", "lovely gloves crashlands", "не работает", "I fix"]
)
def test_unknown_words_are_neutral(text: str) -> None:
    assert TONE.from_text(text) == 0.0


def test_negation_reaches_three_words_and_no_further() -> None:
    assert TONE.from_text("not a b good") < 0
    assert TONE.from_text("not a b c good") == TONE.from_text("good")


@pytest.mark.parametrize("separator", [".", ",", "!", ";", " but", "\n"])
def test_negation_ends_with_the_clause(separator: str) -> None:
    assert TONE.from_text(f"no{separator} good") == TONE.from_text("good")


def test_negation_weakens_and_a_second_one_restores() -> None:
    good, bad = TONE.from_text("good"), TONE.from_text("not good")
    assert -good < bad < 0
    assert TONE.from_text("never not good") > 0


def test_intensifiers_scale_in_both_directions() -> None:
    assert TONE.from_text("slightly slow") > TONE.from_text("slow") > TONE.from_text("extremely slow")
    assert TONE.from_text("very good") > TONE.from_text("good") > TONE.from_text("fairly good")
    assert TONE.from_text("not very good") < TONE.from_text("not good")


def test_phrase_is_not_counted_word_by_word() -> None:
    valence = tomllib.loads(files("streams.ingest").joinpath("lexicon.toml").read_text(encoding="utf-8"))["valence"]
    expected = valence["not working"] / math.sqrt(valence["not working"] ** 2 + 15.0)
    assert TONE.from_text("not working") == pytest.approx(expected)


def test_negator_inside_a_phrase_is_spent() -> None:
    together = TONE.from_text("no response friendly")
    apart = TONE.from_text("friendly. no response")
    assert together == pytest.approx(apart)


def test_evidence_adds_up_and_saturates() -> None:
    assert TONE.from_text("good good") > TONE.from_text("good")
    assert 0.99 < TONE.from_text("great. " * 1000) <= 1.0
    assert TONE.from_text("good. bad.") == pytest.approx(0.0, abs=0.05)


@given(st.text(max_size=300))
def test_any_text_gives_a_number_in_range(text: str) -> None:
    assert -1.0 <= TONE.from_text(text) <= 1.0


@given(
    st.lists(st.sampled_from(["not", "good", "bad", "very", "no", "problem", ".", "or", "the", "can't", "log", "in"]))
)
def test_upper_case_and_spacing_change_nothing(words: list[str]) -> None:
    assert TONE.from_text(" ".join(words)) == TONE.from_text("  ".join(words).upper())


def test_whole_lexicon_is_reachable() -> None:
    lexicon = tomllib.loads(files("streams.ingest").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    for phrase, value in lexicon["valence"].items():
        assert TONE.from_text(phrase) == pytest.approx(value / math.sqrt(value * value + 15.0)), phrase


@pytest.mark.parametrize("unit", ["not ", "no problem ", "a", "a'", "great or ", "."])
def test_a_megabyte_is_read_in_linear_time(unit: str) -> None:
    assert -1.0 <= TONE.from_text(unit * (2**20 // len(unit))) <= 1.0
