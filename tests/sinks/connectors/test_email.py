"""Mails on a server of the tests' own: threads, logins, and what the server may say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from sinks.connectors.base import Connector, Later, Refused, TakesDigests, Unauthorized
from sinks.connectors.email import EmailConfig
from sinks.connectors.http import Answer, DryHttp, Http, Request
from sinks.connectors.secrets import Secrets
from tests.sinks.connectors.cases import VARIABLE
from tests.support.fake_targets.smtp import PASSWORD, USER, FakeMailServer
from tests.support.jobs import make_digest, make_job


async def no_transport(_request: Request) -> Answer:
    raise AssertionError


def http(**environment: str) -> Http:
    return Http(no_transport, Secrets(environment), now=lambda: 0.0)


def run(
    body: Callable[[FakeMailServer, Connector], Coroutine[Any, Any, None]],
    server: FakeMailServer | None = None,
    environment: dict[str, str] | None = None,
    **fields: Any,
) -> None:
    async def main() -> None:
        async with server or FakeMailServer() as running:
            given = {
                "name": "mail",
                "host": "127.0.0.1",
                "port": running.port,
                "security": "none",
                "sender": "gs@bank.test",
            }
            config = EmailConfig(**{**given, "to": "mobile@bank.test", **fields})
            await body(running, config.connector(http(**(environment or {}))))

    asyncio.run(main())


def test_a_signal_is_a_thread() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        made = await connector.create(make_job(title="Login\r\nBcc: x@evil.test"))
        await connector.update(make_job(revision=2), made)
        await connector.comment(make_job("Escalated.", revision=2, title="Another title"), made)
        closed = await connector.close(make_job("Resolved.", revision=3), made)
        assert (made.open, closed.open) == (True, False)
        first, second, third = server.mails
        assert (first["Message-ID"], first["References"]) == ("<gs-sig-1@bank.test>", None)
        assert "Bcc" not in first
        assert first["Subject"] == "[critical] Login Bcc: x@evil.test"
        for answer in (second, third):
            assert answer["In-Reply-To"] == answer["References"] == "<gs-sig-1@bank.test>"
            assert answer["Subject"] == f"Re: {first['Subject']}"
        assert second["Message-ID"] != third["Message-ID"]
        assert [part.get_content_type() for part in first.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        assert first["Auto-Submitted"] == "auto-generated"
        assert second.get_content().startswith("Escalated.")
        # After a lost answer the same mail goes out under the same id.
        await connector.create(make_job())
        assert server.mails[3]["Message-ID"] == first["Message-ID"]
        await connector.create(make_job())
        assert server.mails[4].as_bytes() == server.mails[3].as_bytes()
        assert await connector.find(make_job()) is None

    run(body)


def test_the_owners_addresses_come_first() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        await connector.create(make_job(contact={"to": "ann@bank.test, ben@bank.test"}))
        assert server.recipients == [["ann@bank.test", "ben@bank.test"]]
        with pytest.raises(Refused, match=r'\[contacts.product-mobile\], mail: "nobody" is no mail address'):
            await connector.create(make_job(contact={"to": "nobody"}))

    run(body)


def test_an_owner_without_an_address_is_told() -> None:
    async def body(_server: FakeMailServer, connector: Connector) -> None:
        with pytest.raises(Refused, match='no mail address for "product-mobile"'):
            await connector.create(make_job())

    run(body, to="")


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("451 4.7.1 greylisted", Later, "451"),
        ("421 4.3.2 shutting down", Later, "421"),
        ("552 5.3.4 too large", Refused, "refuses the mail: 552"),
        ("554 5.7.1 spam", Refused, "refuses the mail: 554"),
    ],
)
def test_what_the_server_says(said: str, kind: type[Exception], words: str) -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        server.answers.append(said)
        with pytest.raises(kind, match=words):
            await connector.create(make_job())
        assert server.mails == []

    run(body)


def test_a_mail_that_went_out_before_the_answer_was_lost_has_the_same_id() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        server.answers.append("451 4.3.0 lost")
        server.effect = True
        with pytest.raises(Later):
            await connector.create(make_job())
        await connector.create(make_job())
        assert len({mail["Message-ID"] for mail in server.mails}) == 1

    run(body)


def test_unknown_addresses() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        server.refused = {"gone@bank.test"}
        with pytest.raises(Refused, match=r"takes none of the addresses: 550 5\.1\.1 no such user"):
            await connector.create(make_job(contact={"to": "gone@bank.test"}))
        await connector.create(make_job(contact={"to": "gone@bank.test,ann@bank.test"}))
        assert server.recipients == [["ann@bank.test"]]

    run(body)


def test_nobody_there_is_tried_again() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        server._server.close()
        await server._server.wait_closed()
        with pytest.raises(Later, match=r"the mail server 127\.0\.0\.1:\d+"):
            await connector.create(make_job())

    run(body)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return context, str(path)


def test_starttls_and_a_login(tls: tuple[ssl.SSLContext, str]) -> None:
    context, ca_file = tls
    login = {"security": "starttls", "user": USER, "password_env": VARIABLE, "ca_file": ca_file}

    async def sent(server: FakeMailServer, connector: Connector) -> None:
        await connector.create(make_job())
        assert len(server.mails) == 1

    async def refused(server: FakeMailServer, connector: Connector) -> None:
        with pytest.raises(Unauthorized, match=f"does not accept {USER} with the password in {VARIABLE}") as caught:
            await connector.create(make_job())
        assert "wrong-password" not in caught.value.reason

    async def stranger(server: FakeMailServer, connector: Connector) -> None:
        with pytest.raises(Later, match="certificate"):
            await connector.create(make_job())
        assert server.mails == []

    run(sent, FakeMailServer(context), {VARIABLE: PASSWORD}, **login)
    run(stranger, FakeMailServer(context), {VARIABLE: PASSWORD}, **{**login, "ca_file": ""})
    run(refused, FakeMailServer(context), {VARIABLE: "wrong-password"}, **login)


def test_a_digest_is_one_mail() -> None:
    async def body(server: FakeMailServer, connector: Connector) -> None:
        assert isinstance(connector, TakesDigests)
        await connector.digest(make_digest(3), {"to": "ann@bank.test"})
        (mail,) = server.mails
        assert (mail["To"], mail["Message-ID"]) == ("ann@bank.test", "<dig-1@bank.test>")
        assert mail["Subject"] == "Digest for product-mobile: 5 signals, 4 May"
        assert mail.get_content().count("- [low] Fee") == 3

    run(body)


def test_a_dry_run_prints_the_mail() -> None:
    said: list[str] = []
    config = EmailConfig(name="mail", host="mail.bank.test", sender="gs@bank.test", to="mobile@bank.test")
    asyncio.run(config.connector(DryHttp(Secrets({}, lenient=True), said.append)).create(make_job()))
    assert "Message-ID: <gs-sig-1@bank.test>" in said[0]
    assert "To: mobile@bank.test" in said[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"port": 0}, "port: "),
        ({"sender": "gs"}, "sender: "),
        ({"to": "a@b.test, c"}, "to: "),
        ({"user": "u"}, "password_env: is missing"),
        ({"password_env": "P"}, "user: is missing"),
        ({"user": "u", "password_env": "P", "security": "none"}, 'security: "none"'),
    ],
)
def test_a_wrong_configuration_is_told_by_key(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        EmailConfig(**{"name": "mail", "host": "mail.bank.test", "sender": "gs@bank.test", **fields})
