"""What Slack is sent, and how what it says is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.assignment import AssignmentState
from sinks.connectors.base import Connector, External, Later, Refused, TakesDigests, Unauthorized
from sinks.connectors.slack import SlackConfig
from tests.sinks.connectors.cases import INCOMING, TRACKED, VARIABLE, Case, within
from tests.support.fake_targets.faulty import Fault
from tests.support.fake_targets.slack import CHANNEL
from tests.support.jobs import MARKER, make_digest, make_job

SLACK = TRACKED[0]
WEBHOOK = INCOMING[0]


def test_a_signal_is_one_message_and_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        assert made == External(key=fake.messages[0]["ts"], place=CHANNEL)
        (root,) = fake.messages
        assert root["metadata"]["event_payload"] == {"marker": MARKER, "signal_id": "sig-1", "open": True}
        assert root["blocks"][0]["type"] == "header"
        assert "Login failure" in root["text"]
        await connector.comment(make_job("Escalated & <!channel>"), made)
        over = make_job("Resolved.", title="Login failure, over", state=AssignmentState.RESOLVED)
        closed = await connector.close(over, made)
        assert [each["text"] for each in fake.messages[1:]] == ["Escalated &amp; &lt;!channel&gt;"]
        assert all(each["thread_ts"] == made.key for each in fake.messages[1:])
        assert "Login failure, over" in root["text"]
        await connector.reopen(make_job("Back."), closed)
        assert root["metadata"]["event_payload"]["open"] is True
        assert len(fake.roots) == 1

    asyncio.run(within(SLACK, monkeypatch, body))


def test_a_lost_message_is_looked_for_page_by_page_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        await connector.create(make_job())
        for number in range(8):
            await connector.create(make_job(marker=f"gs-other-{number}", signal_id=f"other-{number}"))
        # Nine messages in pages of two: ours is on the fifth.
        assert await connector.find(make_job()) is not None
        asked = [each for each in fake.asked if each.path.endswith("conversations.history")]
        assert len(asked) == 5
        for number in range(8, 12):
            await connector.create(make_job(marker=f"gs-other-{number}", signal_id=f"other-{number}"))
        assert await connector.find(make_job()) is None
        assert len([each for each in fake.asked if each.path.endswith("conversations.history")]) == 10

    asyncio.run(within(SLACK, monkeypatch, body))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ("ratelimited", Later, "ratelimited"),
        ("internal_error", Later, "internal_error"),
        ("missing_scope", Unauthorized, f"the token in {VARIABLE}: it lacks a scope: chat:write"),
        ("not_in_channel", Refused, f"no member of {CHANNEL}: invite it"),
        ("is_archived", Refused, f"the channel {CHANNEL} is archived"),
        ("token_revoked", Unauthorized, "has been revoked"),
        ("msg_too_long", Refused, "Slack refuses chat.postMessage: msg_too_long"),
    ],
)
def test_errors_of_the_api(error: str, kind: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.errors.append(error)
        with pytest.raises(kind, match=words):
            await connector.create(make_job())

    asyncio.run(within(SLACK, monkeypatch, body))


def test_the_owners_channel_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        with pytest.raises(Refused, match="there is no channel C9999ZZZZ"):
            await connector.create(make_job(contact={"channel": "C9999ZZZZ"}))
        with pytest.raises(Refused, match="there is no channel C8888ZZZZ"):
            await connector.create(make_job(contact={"to": "C8888ZZZZ"}))
        with pytest.raises(Refused, match=r'\[contacts.product-mobile\], slack: "#mobile" is no id'):
            await connector.create(make_job(contact={"channel": "#mobile"}))

    asyncio.run(within(SLACK, monkeypatch, body))


def test_a_channel_gets_one_message_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    from sinks.connectors.pacing import Pace

    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def turns() -> None:
        pace = Pace(1.0, now=lambda: 100.0, sleep=sleep)
        for key in ("a", "a", "b", "a"):
            await pace.turn(key)

    asyncio.run(turns())
    assert waited == [1.0, 2.0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "token_env: is missing"),
        ({"token_env": "A", "token_file": "b"}, "token_env: expected either"),
        ({"token_env": "xoxb-1"}, "token_env: expected the name of an environment variable"),
        ({"token_env": "A", "channel": "#a"}, "channel: expected the id"),
        ({"token_env": "A", "find_pages": 0}, "find_pages: expected 1"),
    ],
)
def test_a_wrong_configuration_is_told_by_key(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        SlackConfig(name="slack", **fields)
    assert "xoxb" not in str(caught.value)


def test_a_missing_secret_is_told() -> None:
    async def body() -> None:
        async with SLACK.fake() as fake:
            with pytest.raises(ValueError, match=f"^token_env: the environment has no {VARIABLE}"):
                SLACK.config(fake.url).connector(fake.http({}))

    asyncio.run(body())


@pytest.mark.parametrize("case", [SLACK, *INCOMING], ids=lambda case: case.kind)
def test_a_digest_is_one_message(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        assert isinstance(connector, TakesDigests)
        await connector.digest(make_digest(300), {"to": CHANNEL} if case is SLACK else {})
        assert case.made(fake) == 1
        text = fake.asked[-1].body.decode()
        assert "Digest for product-mobile: 302 signals, 4 May" in text
        assert "Fee 0 <b>" not in text or case.kind == "teams"
        assert len(text) < 28_672

    asyncio.run(within(case, monkeypatch, body))


def test_a_webhook_is_sent_news_and_no_mere_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        await connector.update(make_job(revision=2), made)
        await connector.comment(make_job("Escalated & worse."), made)
        closed = await connector.close(make_job("Resolved.", revision=3), made)
        assert (made.open, closed.open) == (True, False)
        assert [each["text"].rpartition("\n")[2] for each in fake.bodies[1:]] == ["Escalated &amp; worse.", "Resolved."]
        keys = [each.headers["idempotency-key"] for each in fake.asked]
        assert len(set(keys)) == 3
        await connector.create(make_job())
        assert fake.asked[-1].headers["idempotency-key"] == keys[0]
        assert await connector.find(make_job()) is None

    asyncio.run(within(WEBHOOK, monkeypatch, body))


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (404, "no_service", "Slack: the webhook has been removed or turned off"),
        (403, "invalid_token", "Slack: the webhook's address is wrong"),
        (410, "channel_is_archived", "Slack: its channel is archived"),
        (400, "invalid_payload", "answered 400: invalid_payload"),
    ],
)
def test_what_a_webhook_refuses(status: int, said: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(status, body=said))
        with pytest.raises(Refused, match=words) as caught:
            await connector.create(make_job())
        assert "secret-path" not in caught.value.reason

    asyncio.run(within(WEBHOOK, monkeypatch, body))


def test_an_owner_may_have_a_webhook_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        await connector.create(make_job(contact={"url_env": "MOBILE_HOOK"}))
        assert fake.asked[-1].path == "/services/mobile"
        with pytest.raises(
            Refused, match=r"\[contacts.product-mobile\], hook: url_env: the environment has no NOT_THERE"
        ):
            await connector.create(make_job(contact={"url_env": "NOT_THERE"}))
        with pytest.raises(Refused, match="is not encrypted; expected https://") as caught:
            await connector.create(make_job(contact={"url_env": "PLAIN_HOOK"}))
        assert "very-secret" not in caught.value.reason

    more = {"MOBILE_HOOK": "{url}/services/mobile", "PLAIN_HOOK": "http://example.com/very-secret"}
    asyncio.run(within(WEBHOOK, monkeypatch, body, **more))
