"""Given before found: themes and sentiment of an event."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.event import Event, Theme
from streams.ingest.enrich import UNTAGGED, Enricher
from streams.ingest.tagger import Tagger
from streams.ingest.tone import Tone, from_scores

ENRICHER = Enricher(None, min_confidence=0.5)


def event(**fields: Any) -> Event:
    return Event(id="1", time=datetime(2026, 1, 1, tzinfo=UTC), **fields)


@pytest.mark.parametrize(
    ("fields", "themes"),
    [
        ({"theme": "a"}, ["a"]),
        ({"theme": "a", "themes": ["b", "a", "b"]}, ["a", "b"]),
        ({"themes": [Theme(name="a", confidence=0.49), Theme(name="b", confidence=0.5)]}, ["b"]),
        ({"themes": [Theme(name="a", confidence=0.1)]}, [UNTAGGED]),
        ({"theme": "a", "themes": [Theme(name="b", confidence=0.1)]}, ["a"]),
        ({"text": "cannot log in"}, [UNTAGGED]),
    ],
)
def test_themes(fields: dict[str, Any], themes: list[str]) -> None:
    assert list(ENRICHER.themes(event(**fields))) == themes


class Stub(Tagger):
    """Tags every text with its first word."""

    def __init__(self) -> None: ...

    def tag(self, text: str) -> list[str]:
        return text.split()[:1]


def test_a_text_is_tagged_only_where_no_theme_is_given() -> None:
    enricher = Enricher(Stub())
    assert list(enricher.themes(event(text="login fails"))) == ["login"]
    assert list(enricher.themes(event(text="login fails", theme="a"))) == ["a"]
    assert list(enricher.themes(event(text=" ", theme=None))) == [UNTAGGED]
    assert list(enricher.themes(event(text="login", themes=[Theme(name="a", confidence=0.1)]))) == ["login"]


def test_a_given_sentiment_wins() -> None:
    assert ENRICHER.sentiment(event(sentiment=-0.5, text="great", metrics={"stars": 5.0})) == (-0.5, "given")
    assert ENRICHER.sentiment(event(sentiment=0.0, sentiment_source="model-3")) == (0.0, "model-3")


def test_then_scores_then_words_then_nothing() -> None:
    scored = from_scores({"stars": 1.0})
    assert scored is not None
    assert ENRICHER.sentiment(event(metrics={"stars": 1.0}, text="great")) == scored
    assert ENRICHER.sentiment(event(metrics={"wait_s": 9.0}, text="great")) == (Tone().from_text("great"), "text")
    assert ENRICHER.sentiment(event(metrics={"wait_s": 9.0})) == (None, None)
    assert ENRICHER.sentiment(event(text="")) == (None, None)
