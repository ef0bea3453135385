"""A mail server on loopback, with STARTTLS and a login where it is given a certificate."""

from __future__ import annotations

import asyncio
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

USER, PASSWORD = "groundswell", "password-of-the-test"


class FakeMailServer:
    """Keeps the mails. ``answers`` are said instead of taking the next ones; ``effect`` keeps those all the same."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []
        self.refused: set[str] = set()
        self.effect = False
        self.port = 0

    async def __aenter__(self) -> Self:
        def session() -> SMTP:
            more: dict[str, Any] = {}
            if self._tls is not None:
                login = {"authenticator": self._login, "auth_required": True, "require_starttls": True}
                more = {"tls_context": self._tls, **login}
            return SMTP(self, hostname="mail.test", loop=asyncio.get_running_loop(), **more)

        self._server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        said = self.answers.pop(0) if self.answers else ""
        if not said or self.effect:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
        return said or "250 OK"
