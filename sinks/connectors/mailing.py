"""Hands mails to a server by SMTP; what the server says becomes Later or Refused."""

from __future__ import annotations

import logging
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol

from sinks.connectors.base import Later, Refused, Unauthorized
from sinks.connectors.http import DryHttp, Http

if TYPE_CHECKING:
    from aiosmtplib import SMTPResponseException

_TEMPORARY = range(400, 500)
_log = logging.getLogger("groundswell")


class Server(Protocol):
    """What of the configuration says how to reach the server."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def ca_file(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...


class Mailer(Protocol):
    """Takes mails."""

    async def send(self, message: EmailMessage) -> None:
        """Hand it over; raises Later or Refused."""


class SmtpMailer:
    """Hands mails to a server, a connection for each.

    Args:
        login: where the password is, in words.

    Raises:
        ValueError: naming the key, if the certificates cannot be used.
    """

    def __init__(self, server: Server, password: str, login: str) -> None:
        self._server, self._password, self._login = server, password, login
        self._tls: ssl.SSLContext | None = None
        if server.security != "none":
            try:
                self._tls = ssl.create_default_context(cafile=server.ca_file or None)
            except (OSError, ssl.SSLError) as error:
                raise ValueError(f"ca_file: {server.ca_file}: {error.strerror or error}") from None

    async def send(self, message: EmailMessage) -> None:
        """Hand it over; raises Later or Refused."""
        # Of all commands only those that send mails need it.
        import aiosmtplib

        server = self._server
        try:
            refused, _ = await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user or None,
                password=self._password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=self._tls,
                timeout=server.timeout_s,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            if error.code in _TEMPORARY:
                raise Later(f"the mail server: {_told(error)}") from None
            raise Unauthorized(f"the mail server does not accept {server.user} with {self._login}") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            # Refused for the moment, such as by greylisting, if any of them is.
            if any(each.code in _TEMPORARY for each in error.recipients):
                raise Later(f"the mail server takes none of the addresses now: {_told(error.recipients[0])}") from None
            raise Refused(f"the mail server takes none of the addresses: {_told(error.recipients[0])}") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _TEMPORARY:
                raise Later(f"the mail server: {_told(error)}") from None
            raise Refused(f"the mail server refuses the mail: {_told(error)}") from None
        except aiosmtplib.SMTPConnectError as error:
            raise Later(f"the mail server {server.host}:{server.port}: {_words(error)}", unsure=False) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Later(f"the mail server {server.host}:{server.port}: {_words(error)}") from None
        if refused:
            _log.warning("the mail server took a mail, but not for all addresses: %d refused", len(refused))


class DryMailer:
    """Prints mails instead of sending them.

    Args:
        http: the dry run's.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, message: EmailMessage) -> None:
        """Print it."""
        if isinstance(self._http, DryHttp):
            self._http.show(message.as_bytes().decode(errors="replace"))


def _told(error: SMTPResponseException) -> str:
    return f"{error.code} {' '.join(str(error.message).split())[:200]}"


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
