"""E-mail: one thread a signal, held together by Message-IDs that follow from the marker (RFC 5322, 3.6.4).

A mail that has gone out cannot be looked up or changed. One sent twice after a crash has the same Message-ID, by which
many mailboxes drop the second.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from msgspec import Struct

from schemas.ids import derived_id
from sinks.connectors.asking import contact
from sinks.connectors.base import External, Job, Refused
from sinks.connectors.http import DryHttp, Http
from sinks.connectors.mailing import DryMailer, Mailer, SmtpMailer
from sinks.connectors.one_way import OneWay
from sinks.secrets import check_secret, secret, told
from sinks.texts import html, plain, title

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.?[^@\s<>,;]*").fullmatch
_MOST_SUBJECT = 200
_HIGHEST_PORT = 65_535


class EmailConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="email", tag_field="kind"):
    """A mail server. An owner's contact holds ``to``: addresses, separated by commas.

    Attributes:
        security: ``starttls`` (port 587), ``tls`` (port 465) or ``none``, for a server on this machine.
        sender: the address that mails come from.
        to: for owners whose contact has no ``to``.
        ca_file: certificates that may sign the server's; the system's if left out.

    Raises:
        ValueError: naming the key.
    """

    name: str = "email"
    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    sender: str
    to: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.port <= _HIGHEST_PORT:
            raise ValueError(f"port: expected 1 to {_HIGHEST_PORT}, got {self.port}")
        check_secret(self, "password", needed=bool(self.username))
        if (self.password_env or self.password_file) and not self.username:
            raise ValueError("username: is missing; a password is of no use without it")
        if self.username and self.security == "none":
            raise ValueError('security: "none" would send the password unencrypted; expected starttls or tls')
        if not _ADDRESS(self.sender):
            raise ValueError(f'sender: expected an address such as groundswell@example.com, got "{self.sender}"')
        for address in addresses(self.to):
            if not _ADDRESS(address):
                raise ValueError(f'to: expected addresses separated by commas, got "{address}"')

    def connector(self, http: Http) -> Email:
        """The connector; raises ValueError if the password is not where it should be."""
        if isinstance(http, DryHttp):
            return Email(self, DryMailer(http))
        return Email(self, SmtpMailer(self, secret(self, "password"), told(self, "password")))


class Email(OneWay):
    """Mails to the owners."""

    def __init__(self, config: EmailConfig, mailer: Mailer) -> None:
        self.name, self._config, self._mailer = config.name, config, mailer
        self._domain = config.sender.rpartition("@")[2]

    async def create(self, job: Job) -> External:
        """Send the first mail of the thread."""
        subject = _line(title(job.assignment, _MOST_SUBJECT))
        root = self._message_id(job.marker)
        await self._send(job, subject, root, plain(job.assignment), html(job.assignment))
        return External(key=root, place=subject)

    async def comment(self, job: Job, external: External) -> None:
        """Answer in the thread: the news, and below it what is so now."""
        subject = external.place or _line(title(job.assignment, _MOST_SUBJECT))
        own = self._message_id(derived_id(job.marker, job.assignment.revision, job.news))
        text = f"{job.news}\n\n{plain(job.assignment)}"
        await self._send(job, f"Re: {subject}", own, text, None, root=external.key)

    async def _send(self, job: Job, subject: str, own: str, text: str, page: str | None, root: str = "") -> None:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._config.sender
        message["To"] = ", ".join(self._recipients(job))
        message["Subject"] = subject
        message["Date"] = format_datetime(job.assignment.signal.at)
        message["Message-ID"] = own
        if root:
            message["In-Reply-To"] = message["References"] = root
        # No out-of-office replies, RFC 3834.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        if page is not None:
            message.add_alternative(page, subtype="html")
        await self._mailer.send(message)

    def _recipients(self, job: Job) -> list[str]:
        found = addresses(contact(job, "to", self._config.to, "mail addresses"))
        for address in found:
            if not _ADDRESS(address):
                raise Refused(f'{job.assignment.owner}: "{address}" in its contact is no mail address')
        return found

    def _message_id(self, local: str) -> str:
        return f"<{re.sub(r'[^A-Za-z0-9._-]', '-', local)}@{self._domain}>"


def addresses(text: str) -> list[str]:
    """The addresses in a list.

    >>> addresses("a@b.c, d@e.f,")
    ['a@b.c', 'd@e.f']
    """
    return [each.strip() for each in text.split(",") if each.strip()]


def _line(text: str) -> str:
    """One line: a header must hold no line break."""
    return " ".join(text.split())
