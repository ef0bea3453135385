"""An Adaptive Card for Microsoft Teams. Pure."""

from typing import Any

import msgspec

from schemas.assignment import Assignment
from sinks.texts.cutting import cut
from sinks.texts.facts import facts
from sinks.texts.links import NO_LINKS, Links

_MOST_BYTES = 24_000
"""Teams takes 28 KB, the message around the card included."""

_SHORTER = (1500, 500, 150, 60)


def teams_card(assignment: Assignment, links: Links = NO_LINKS) -> dict[str, Any]:
    """An Adaptive Card 1.2, its texts as short as it takes to fit."""
    card: dict[str, Any] = {}
    for most in _SHORTER:
        card = _card(assignment, links, most)
        if len(msgspec.json.encode(card)) <= _MOST_BYTES:
            break
    return card


def _card(assignment: Assignment, links: Links, most: int) -> dict[str, Any]:
    said = facts(assignment)
    body: list[dict[str, Any]] = [_block(cut(said.title, most), weight="bolder", size="medium")]
    body += [_block(cut(text, most)) for text in (said.lately, said.reason) if text]
    body.append(_block(cut(said.status, most), weight="bolder"))
    if said.listed:
        listed = [{"title": label, "value": plain_in_card(cut(text, most))} for label, text in said.listed]
        body.append({"type": "FactSet", "facts": listed})
    if said.trend:
        body.append(_block(said.trend, fontType="monospace"))
    body += [_block(f"“{cut(quote, most)}”", isSubtle=True) for quote in said.quotes]
    body.append(_block(said.reference, isSubtle=True, size="small"))
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.2",
        "msteams": {"width": "full"},
        "body": body,
    }
    if links:
        card["actions"] = [{"type": "Action.OpenUrl", "title": name, "url": url} for name, url in links]
    return card


def _block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "wrap": True, "text": plain_in_card(text), **more}


def plain_in_card(text: str) -> str:
    """Text blocks read a little Markdown, so that customers' words could become links, or call somebody.

    >>> plain_in_card("[x](y)").count(chr(92)), "<at>" in plain_in_card("<at>all</at>")
    (2, False)
    """
    for mark in "\\*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("<", "‹").replace(">", "›")
