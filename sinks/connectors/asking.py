"""What the connectors over HTTP have in common: refusals a person understands, and markers that are safe in a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sinks.connectors.base import Job, Refused
from sinks.connectors.http import Answer, Http

_PLAIN = re.compile(r"[A-Za-z0-9._:-]{1,100}").fullmatch
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_OK = (200, 201, 202, 204)


class Target(NamedTuple):
    """A target with who we are there.

    Attributes:
        name: as people call it.
        secret: where the secret is, in words.
        base: of every address, without a slash at the end.
    """

    http: Http
    name: str
    secret: str
    base: str
    headers: Mapping[str, str]

    async def ask(
        self, method: str, path: str, *, missing: bool = False, json: Any = None, **more: Any
    ) -> Answer | None:
        """One request; with ``missing``, 404 is an answer: None.

        Raises:
            Later: it is worth another try.
            Refused: the secret is not accepted, or lacks a right, or the request is wrong.
        """
        ok = (*_OK, _UNAUTHORIZED, _FORBIDDEN, *((_NOT_FOUND,) if missing else ()))
        headers = {**self.headers, **more.pop("headers", {})}
        answer = await self.http.call(method, self.base + path, json=json, headers=headers, ok=ok, **more)
        if answer.status == _UNAUTHORIZED:
            doubt = "is it right, and has it expired?"
            raise Refused(f"{self.name} does not accept the secret in {self.secret} (status 401): {doubt}")
        if answer.status == _FORBIDDEN:
            raise Refused(f"{self.name}: the secret in {self.secret} lacks a right (status 403): {words(answer)}")
        return None if answer.status == _NOT_FOUND else answer

    async def read(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of an answer; None if ``missing`` was given and it is not there."""
        answer = await self.ask(method, path, **more)
        return None if answer is None else answer.json()


def words(answer: Answer) -> str:
    """The beginning of what a target says."""
    return " ".join(answer.body.decode(errors="replace").split())[:200] or "no text"


def plain_marker(job: Job) -> str:
    """The marker, which goes into queries of the targets' own languages.

    Raises:
        Refused: it holds what such a language might take for its own.
    """
    if not _PLAIN(job.marker):
        raise Refused(f"signal {job.assignment.signal_id!r}: its id holds more than letters, digits and . _ : -")
    return job.marker


def contact(job: Job, key: str, default: str, hint: str) -> str:
    """A part of the owner's contact, or the connector's default.

    Raises:
        Refused: there is neither.
    """
    found = job.contact.get(key) or default
    if not found:
        raise Refused(f"{job.assignment.owner}: its contact has no {key} ({hint}), and the connector has no default")
    return found


def field(thing: Any, *path: str) -> str:
    """A text in a target's answer.

    Raises:
        Refused: it is not there, so that nothing is kept that cannot be addressed later.
    """
    found = thing
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str | int) or found == "":
        raise Refused(f"the answer has no {'.'.join(path)}")
    return str(found)
