"""Microsoft Teams, by a workflow ("When a Teams webhook request is received"): an Adaptive Card for each piece of news.

A workflow takes a card and answers nothing, so nothing can be looked up or changed. Delivery is at least once: after a
crash at the wrong moment a card may come twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.digest import Digest
from sinks.connectors.base import Connector, External, Job, Refused
from sinks.connectors.common import Common, check_secret
from sinks.connectors.digest_text import entry, heading, rest
from sinks.connectors.http import Http
from sinks.connectors.incoming import Incoming
from sinks.connectors.one_way import OneWay
from sinks.texts import teams_card, title

_CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_MOST_BYTES = 28 * 1024


class TeamsConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="teams"):
    """A ``[[connectors]]`` table with ``kind = "teams"``.

    Attributes:
        url_env, url_file: where the workflow's address is, which is a secret; an owner's contact may name another
            variable with ``url_env``.

    Raises:
        ValueError: naming the key.
    """

    url_env: str = ""
    url_file: str = ""
    rate: float = 4.0
    burst: int = 4

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_secret("url", self.url_env, self.url_file, needed=False)

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the address is not where it should be."""
        return Teams(self, http)


class Teams(OneWay):
    """Cards to the channel or chat of a workflow."""

    def __init__(self, config: TeamsConfig, http: Http) -> None:
        self.name = config.name
        self._incoming = Incoming(config, http)

    async def create(self, job: Job) -> External:
        """Send the whole card."""
        await self._tell(job, teams_card(job.assignment, job.links))
        return External(key=job.marker)

    async def comment(self, job: Job, external: External) -> None:
        """Send the news, under the signal's title."""
        await self._tell(job, _card([_block(title(job.assignment), bold=True), _block(job.news)]))

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Send the digest as one card, with as many of its signals as there is room for."""
        for count in range(len(digest.items), -1, -1):
            short = msgspec.structs.replace(
                digest, items=digest.items[:count], more=digest.more + len(digest.items) - count
            )
            body = [_block(heading(digest), bold=True)]
            for name, why in map(entry, short.items):
                body += [_block(name, bold=True), _block(why)]
            body += [_block(rest(short))] if short.more else []
            if _size(message(_card(body))) <= _MOST_BYTES:
                break
        await self._send(digest.id, digest.owner, contact, _card(body))

    async def _tell(self, job: Job, card: dict[str, Any]) -> None:
        key = f"{job.marker}.{job.assignment.revision}"
        await self._send(key, job.assignment.owner, job.contact, card)

    async def _send(self, key: str, owner: str, contact: Mapping[str, str], card: dict[str, Any]) -> None:
        body = message(card)
        size = _size(body)
        if size > _MOST_BYTES:
            raise Refused(f"Teams: the card has {size:,} bytes, and Teams takes {_MOST_BYTES:,}")
        await self._incoming.post(key, owner, contact, body)


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


def _block(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "TextBlock", "wrap": True, "text": _plain(text), **({"weight": "bolder"} if bold else {})}


def _size(body: dict[str, Any]) -> int:
    return len(msgspec.json.encode(body))


def _plain(text: str) -> str:
    """Text blocks read a little Markdown, so that customers' words could become links."""
    for mark in "\\*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
