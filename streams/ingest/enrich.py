"""Fills in what an event lacks: themes from its text, a sentiment from its scores or its words."""

from collections.abc import Sequence

from schemas.event import Event, Theme
from streams.ingest.tagger import Tagger
from streams.ingest.tone import Tone, from_scores

GIVEN = "given"
UNTAGGED = "untagged"
"""The theme of an event whose text no phrase matches."""


class Enricher:
    """Themes and sentiment of an event, given or found.

    Args:
        tagger: None leaves every text untagged.
        min_confidence: themes given with less confidence are not counted.
    """

    def __init__(self, tagger: Tagger | None, min_confidence: float = 0.5) -> None:
        self._tagger = tagger
        self._min_confidence = min_confidence
        self._tone = Tone()

    def themes(self, event: Event) -> Sequence[str]:
        """What the event is about, each theme once; ``untagged`` if nobody can tell."""
        if event.theme is not None and not event.themes:
            return (event.theme,)
        names = {event.theme: None} if event.theme is not None else {}
        for theme in event.themes:
            if not isinstance(theme, Theme):
                names[theme] = None
            elif theme.confidence >= self._min_confidence:
                names[theme.name] = None
        if names:
            return tuple(names)
        found = self._tagger.tag(event.text) if self._tagger and event.text else []
        return found or (UNTAGGED,)

    def sentiment(self, event: Event) -> tuple[float | None, str | None]:
        """(sentiment in [-1, 1], where it comes from); (None, None) if there is nothing to go by."""
        if event.sentiment is not None:
            return event.sentiment, event.sentiment_source or GIVEN
        if event.metrics and (scored := from_scores(event.metrics)) is not None:
            return scored
        if event.text:
            return self._tone.from_text(event.text), "text"
        return None, None
