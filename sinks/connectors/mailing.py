"""Hands mails to a server by SMTP; what the server says becomes Later or Refused."""

from __future__ import annotations

import logging
import ssl
from email.message import EmailMessage
from typing import Protocol

import aiosmtplib

from sinks.connectors.base import Later, Refused
from sinks.connectors.http import Http

_TIMEOUT_S = 30.0
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
    def username(self) -> str: ...
    @property
    def ca_file(self) -> str: ...


class Mailer(Protocol):
    """Takes mails."""

    async def send(self, message: EmailMessage) -> None:
        """Hand it over; raises Later or Refused."""


class SmtpMailer:
    """Hands mails to a server, a connection for each.

    Args:
        where: where the password is, in words.

    Raises:
        ValueError: naming the key, if the certificates cannot be used.
    """

    def __init__(self, server: Server, password: str, where: str, timeout_s: float = _TIMEOUT_S) -> None:
        self._server, self._password, self._where, self._timeout_s = server, password, where, timeout_s
        self._tls: ssl.SSLContext | None = None
        if server.security != "none":
            try:
                self._tls = ssl.create_default_context(cafile=server.ca_file or None)
            except (OSError, ssl.SSLError) as error:
                raise ValueError(f"ca_file: {server.ca_file}: {error.strerror or error}") from None

    async def send(self, message: EmailMessage) -> None:
        """Hand it over; raises Later or Refused."""
        server = self._server
        try:
            refused, _ = await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username or None,
                password=self._password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=self._tls,
                timeout=self._timeout_s,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            if error.code in _TEMPORARY:
                raise Later(f"the mail server: {_told(error)}") from None
            raise Refused(
                f"the mail server does not accept {server.username} with the password in {self._where}"
            ) from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            # Refused for the moment, such as by greylisting, if any of them is.
            if any(each.code in _TEMPORARY for each in error.recipients):
                raise Later(f"the mail server takes none of the addresses now: {_told(error.recipients[0])}") from None
            raise Refused(f"the mail server takes none of the addresses: {_told(error.recipients[0])}") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _TEMPORARY:
                raise Later(f"the mail server: {_told(error)}") from None
            raise Refused(f"the mail server refuses the mail: {_told(error)}") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise Later(f"the mail server {server.host}:{server.port}: {reason}") from None
        if refused:
            _log.warning("the mail server took a mail, but not for all addresses: %d refused", len(refused))


class DryMailer:
    """Prints mails instead of sending them.

    Args:
        http: the dry run's, which prints what it is given.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, message: EmailMessage) -> None:
        """Print it."""
        await self._http.call("SMTP", str(message["To"]), data=message.as_bytes())


def _told(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {' '.join(str(error.message).split())[:200]}"
