"""What the connectors over HTTP have in common: refusals in words, contacts, and markers safe in a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sinks.connectors.base import Gone, Job, Later, Refused, Unauthorized
from sinks.connectors.http import Http

_PLAIN = re.compile(r"[A-Za-z0-9._:-]{1,100}").fullmatch
_FORBIDDEN = 403


class Target(NamedTuple):
    """A target with who we are there.

    Attributes:
        name: as people call it.
        login: where the secret is, in words.
        url: of every address, without a slash at the end.
    """

    http: Http
    name: str
    login: str
    url: str
    headers: Mapping[str, str]

    async def ask(
        self, method: str, path: str, *, missing: bool = False, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """The JSON of an answer; None if there is none, or if it is not there and ``missing`` allows that.

        Raises:
            Later: it is worth another try.
            Unauthorized: the secret is not accepted.
            Refused: it lacks a right, or the request is wrong.
        """
        try:
            answer = await self.http.call(method, self.url + path, headers={**self.headers, **(headers or {})}, **more)
        except Unauthorized as error:
            doubt = "is it right, and has it expired?"
            raise Unauthorized(f"{self.name} does not accept {self.login}: {doubt} ({error.reason})", 401) from None
        except Gone:
            if missing:
                return None
            raise
        except Refused as error:
            if error.status == _FORBIDDEN:
                reason = f"{self.name} does not allow it with {self.login}: {error.reason}"
                raise Refused(reason, _FORBIDDEN) from None
            raise
        return answer.json()


def login_in(key: str, env: str, file: str) -> str:
    """Where a secret is, in words.

    >>> login_in("token", "SLACK_TOKEN", "")
    'the token in SLACK_TOKEN'
    """
    return f"the {key} in {env or file}"


def plain_marker(job: Job) -> str:
    """The marker, which goes into queries of the targets' own languages.

    Raises:
        Refused: it holds what such a language might take for its own.
    """
    if not _PLAIN(job.marker):
        raise Refused(f"signal {job.assignment.signal_id!r}: its id holds more than letters, digits and . _ : -")
    return job.marker


def contact(job: Job, connector: str, key: str, default: str, what: str) -> str:
    """A part of the owner's contact (a contact that is mere text is the main part), or the connector's default.

    Args:
        what: it is, in words.

    Raises:
        Refused: there is neither.
    """
    found = job.contact.get(key) or job.contact.get("to") or default
    if not found:
        owner = job.assignment.owner
        raise Refused(
            f'no {what} for "{owner}": name it in [contacts.{owner}], {connector} = {{ {key} = "..." }}, '
            f"or for all owners in the connector"
        )
    return found


def field(thing: Any, *path: str) -> str:
    """A text in a target's answer.

    Raises:
        Later: it is not there, and what cannot be addressed must not be kept.
    """
    found = thing
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str | int) or found == "":
        raise Later(f"the answer has no {'.'.join(path)}")
    return str(found)
