from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from schemas.codec import decode_assignment
from schemas.digest import Digest
from sinks.connectors.base import Later, Refused
from sinks.connectors.webhook import WebhookConfig
from tests.support.fake_targets.faulty import NOW, Answered, Asked, FakeTarget, Fault
from tests.support.jobs import MARKER, make_job
from tests.support.signals import OPENED

SECRET = "key-of-the-test"


class FakeReceiver(FakeTarget):
    """Takes everything."""

    def answer(self, asked: Asked) -> Answered:
        return Answered(200, "")


def with_receiver(body: Callable[[FakeReceiver, Any], Awaitable[None]], **keys: Any) -> None:
    async def run() -> None:
        async with FakeReceiver() as fake:
            config = WebhookConfig(**{"name": "hook", "url": f"{fake.url}/in?a=b", "secret_env": "S", **keys})
            await body(fake, config.connector(fake.http({"S": SECRET, "T": "bearer", "U": f"{fake.url}/secret"})))

    asyncio.run(run())


def test_the_assignment_goes_out_signed() -> None:
    async def body(fake: FakeReceiver, hook: Any) -> None:
        made = await hook.create(make_job("New."))
        asked = fake.asked[0]
        assert asked.headers["groundswell-timestamp"] == str(int(NOW))
        signed = f"{int(NOW)}.".encode() + asked.body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert asked.headers["groundswell-signature"] == f"v1={digest}"
        assert asked.headers["authorization"] == "Bearer bearer"
        assert asked.query == {"a": "b"}
        sent = asked.json
        assert (sent["event"], sent["marker"], sent["news"]) == ("created", MARKER, "New.")
        assert decode_assignment(msgspec.json.encode(sent["assignment"])) == make_job().assignment
        assert await hook.find(make_job()) is None
        assert made.key == MARKER

    with_receiver(body, token_env="T")


def test_each_event_has_a_key_of_its_own_that_stays_the_same() -> None:
    async def body(fake: FakeReceiver, hook: Any) -> None:
        made = await hook.create(make_job())
        for _ in range(2):
            await hook.update(make_job(revision=2), made)
        await hook.comment(make_job(revision=3), made)
        closed = await hook.close(make_job(revision=4), made)
        again = await hook.reopen(make_job(revision=5), closed)
        assert (closed.open, again.open) == (False, True)
        keys = [each.headers["idempotency-key"] for each in fake.asked]
        assert keys == [
            f"{MARKER}:1:created", f"{MARKER}:2:updated", f"{MARKER}:2:updated", f"{MARKER}:3:commented",
            f"{MARKER}:4:closed", f"{MARKER}:5:reopened",
        ]  # fmt: skip

    with_receiver(body)


def test_an_owner_may_have_an_address_of_their_own_and_gets_digests() -> None:
    async def body(fake: FakeReceiver, hook: Any) -> None:
        digest = Digest(id="dig-1", tenant="bank", owner="product", at=OPENED, items=[])
        await hook.digest(digest, {"url": f"{fake.url}/own"})
        assert fake.asked[0].path == "/own"
        assert fake.asked[0].headers["idempotency-key"] == "dig-1"
        assert fake.asked[0].json["digest"]["owner"] == "product"

    with_receiver(body)


def test_faults() -> None:
    async def body(fake: FakeReceiver, hook: Any) -> None:
        fake.faults += [Fault(503), Fault(410), Fault(400, body='{"message": "no such tenant"}'), Fault(302)]
        with pytest.raises(Later, match="503"):
            await hook.create(make_job())
        for words in ("410", "no such tenant", "redirects are not followed"):
            with pytest.raises(Refused, match=words) as caught:
                await hook.create(make_job())
            assert "/secret" not in caught.value.reason

    with_receiver(body, url="", url_env="U", secret_env="")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "url_env: is missing"),
        ({"url": "https://x.example", "url_env": "U"}, "url: expected either"),
        ({"url": "ftp://x.example"}, "url: expected an address"),
        ({"url": "https://x.example", "secret_env": "1x"}, "secret_env: expected the name"),
    ],
)
def test_mistakes_name_their_key(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WebhookConfig(name="hook", **keys)
