"""Microsoft Teams, by a workflow ("When a Teams webhook request is received"): an Adaptive Card for each piece of news.

A workflow takes a card and answers nothing, so nothing can be looked up or changed. Delivery is at least once: after a
crash at the wrong moment a card may come twice.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from sinks.connectors.base import External, Job, Refused
from sinks.connectors.http import Http
from sinks.connectors.incoming import Incoming
from sinks.connectors.one_way import OneWay
from sinks.secrets import check_secret
from sinks.texts import teams_card, title

_CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_MOST_BYTES = 28 * 1024


class TeamsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="teams", tag_field="kind"):
    """A workflow of Teams; its address is a secret. An owner's contact may name another with ``url_env``.

    Raises:
        ValueError: naming the key.
    """

    name: str = "teams"
    url_env: str = ""
    url_file: str = ""

    def __post_init__(self) -> None:
        check_secret(self, "url", needed=False)

    def connector(self, http: Http) -> Teams:
        """The connector; raises ValueError if the address is not where it should be."""
        return Teams(self, http)


class Teams(OneWay):
    """Cards to the channel or chat of a workflow."""

    def __init__(self, config: TeamsConfig, http: Http) -> None:
        self.name = config.name
        self._incoming = Incoming(config, http, "Teams")

    async def create(self, job: Job) -> External:
        """Send the whole card."""
        await self._send(job, teams_card(job.assignment))
        return External(key=job.marker)

    async def comment(self, job: Job, external: External) -> None:
        """Send the news, under the signal's title."""
        heading = {"type": "TextBlock", "weight": "bolder", "wrap": True, "text": _plain(title(job.assignment))}
        await self._send(job, _card([heading, {"type": "TextBlock", "wrap": True, "text": _plain(job.news)}]))

    async def _send(self, job: Job, card: dict[str, Any]) -> None:
        body = message(card)
        size = len(json.dumps(body).encode())
        if size > _MOST_BYTES:
            raise Refused(f"Teams: the card has {size:,} bytes, and Teams takes {_MOST_BYTES:,}")
        await self._incoming.post(job, body)


def message(card: dict[str, Any]) -> dict[str, Any]:
    """A card as a workflow takes it; a message that already holds its card stays as it is."""
    if card.get("type") == "message":
        return card
    return {"type": "message", "attachments": [{"contentType": _CARD_TYPE, "contentUrl": None, "content": card}]}


def _card(body: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.2",
        "msteams": {"width": "full"},
        "body": body,
    }


def _plain(text: str) -> str:
    """Text blocks read a little Markdown, so that customers' words could become links."""
    for mark in "\\*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
