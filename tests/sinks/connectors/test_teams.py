"""What a workflow of Teams is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sinks.connectors.base import Connector, Refused
from sinks.connectors.teams import message
from tests.sinks.connectors.cases import INCOMING, within
from tests.support.jobs import make_job

TEAMS = INCOMING[1]


def test_a_card_for_each_piece_of_news(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        await connector.update(make_job(revision=2), made)
        await connector.comment(make_job("Escalated [click](http://x)"), made)
        await connector.close(make_job("Resolved."), made)
        await connector.reopen(make_job("Back."), made)
        assert len(fake.bodies) == 4
        for each in fake.bodies:
            (attachment,) = each["attachments"]
            assert (each["type"], attachment["contentUrl"]) == ("message", None)
            assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
            assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.2")
        told = fake.bodies[1]["attachments"][0]["content"]["body"]
        assert told[1]["text"] == r"Escalated \[click\](http://x)"
        assert "Login failure" in told[0]["text"]

    asyncio.run(within(TEAMS, monkeypatch, body))


def test_a_card_that_is_too_large_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        with pytest.raises(Refused, match=r"the card has 3\d,\d{3} bytes, and Teams takes 28,672"):
            await connector.comment(make_job("x" * 30_000), await connector.create(make_job()))
        assert len(fake.bodies) == 1

    asyncio.run(within(TEAMS, monkeypatch, body))


def test_a_whole_message_stays_as_it_is() -> None:
    whole = message({"type": "AdaptiveCard"})
    assert message(whole) == whole
