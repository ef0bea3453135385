"""E-mail: one thread a signal, held together by Message-IDs that follow from the marker (RFC 5322, 3.6.4).

A mail that has gone out cannot be looked up or changed. One sent twice after a crash has the same Message-ID, by which
many mailboxes drop the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from schemas.digest import Digest
from schemas.ids import derived_id
from schemas.signal import Attention
from sinks.connectors.asking import contact, login_in
from sinks.connectors.base import Connector, External, Job, Refused
from sinks.connectors.common import Common, check_secret
from sinks.connectors.digest_text import heading, lines
from sinks.connectors.http import Http
from sinks.connectors.mailing import DryMailer, Mailer, SmtpMailer
from sinks.connectors.one_way import OneWay
from sinks.texts import html, plain, title

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.?[^@\s<>,;]*").fullmatch
_MOST_SUBJECT = 200
_HIGHEST_PORT = 65_535


class EmailConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="email"):
    """A ``[[connectors]]`` table with ``kind = "email"``. An owner's contact is addresses, separated by commas.

    Attributes:
        host, port: of the mail server.
        security: ``starttls`` (port 587), ``tls`` (port 465) or ``none``, for a server on this machine.
        user: empty for a server that wants no login.
        password_env, password_file: where the password is.
        sender: the address that mails come from.
        to: for owners without a contact.
        ca_file: certificates that may sign the server's; the system's if left out.

    Raises:
        ValueError: naming the key.
    """

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    sender: str
    to: str = ""
    ca_file: str = ""
    on: tuple[Attention, ...] = (Attention.NOW,)
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        if not 0 < self.port <= _HIGHEST_PORT:
            raise ValueError(f"port: expected 1 to {_HIGHEST_PORT}, got {self.port}")
        check_secret("password", self.password_env, self.password_file, needed=bool(self.user))
        if (self.password_env or self.password_file) and not self.user:
            raise ValueError("user: is missing; a password is of no use without it")
        if self.user and self.security == "none":
            raise ValueError('security: "none" would send the password unencrypted; expected starttls or tls')
        if not _ADDRESS(self.sender):
            raise ValueError(f'sender: expected an address such as groundswell@example.com, got "{self.sender}"')
        for address in addresses(self.to):
            if not _ADDRESS(address):
                raise ValueError(f'to: expected addresses separated by commas, got "{address}"')

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the password is not where it should be."""
        password = http.secrets.get("password", self.password_env, self.password_file)
        if http.dry:
            return Email(self, DryMailer(http))
        login = login_in("password", self.password_env, self.password_file)
        return Email(self, SmtpMailer(self, password, login))


class Email(OneWay):
    """Mails to the owners."""

    def __init__(self, config: EmailConfig, mailer: Mailer) -> None:
        self.name, self._config, self._mailer = config.name, config, mailer
        self._domain = config.sender.rpartition("@")[2]

    async def create(self, job: Job) -> External:
        """Send the first mail of the thread."""
        subject = _line(title(job.assignment, _MOST_SUBJECT))
        root = self._message_id(job.marker)
        message = self._message(self._recipients(job), subject, root, plain(job.assignment, job.links))
        message.add_alternative(html(job.assignment, job.links), subtype="html")
        # Left alone, it would be another one each time.
        message.set_boundary(derived_id("part", root, subject))
        message["Date"] = format_datetime(job.assignment.signal.at)
        await self._mailer.send(message)
        return External(key=root, place=subject)

    async def comment(self, job: Job, external: External) -> None:
        """Answer in the thread: the news, and below it what is so now."""
        subject = external.place or _line(title(job.assignment, _MOST_SUBJECT))
        own = self._message_id(derived_id(job.marker, job.assignment.revision, job.news))
        message = self._message(
            self._recipients(job), f"Re: {subject}", own, f"{job.news}\n\n{plain(job.assignment, job.links)}"
        )
        message["In-Reply-To"] = message["References"] = external.key
        message["Date"] = format_datetime(job.assignment.signal.at)
        await self._mailer.send(message)

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Send the digest as one mail."""
        found = self._checked(addresses(contact.get("to") or self._config.to), digest.owner)
        text = "\n\n".join(lines(digest))
        message = self._message(found, _line(heading(digest)), self._message_id(digest.id), text)
        message["Date"] = format_datetime(digest.at)
        await self._mailer.send(message)

    def _message(self, to: list[str], subject: str, own: str, text: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._config.sender
        message["To"] = ", ".join(to)
        message["Subject"] = subject
        message["Message-ID"] = own
        # No out-of-office replies, RFC 3834.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _recipients(self, job: Job) -> list[str]:
        found = contact(job, self.name, "to", self._config.to, "mail address")
        return self._checked(addresses(found), job.assignment.owner)

    def _checked(self, found: list[str], owner: str) -> list[str]:
        for address in found:
            if not _ADDRESS(address):
                raise Refused(f'[contacts.{owner}], {self.name}: "{address}" is no mail address')
        if not found:
            raise Refused(f'no mail address for "{owner}": name it in [contacts.{owner}]')
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
