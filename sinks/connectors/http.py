"""HTTP as connectors use it: an answer, or Later, or Refused. The dry run has the same interface."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Collection, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from msgspec import Struct

from sinks.connectors.base import Later, Refused

_OK = (200, 201, 202, 204)
_LATER = frozenset({408, 425, 429})
_LONGEST_MESSAGE = 300
_MASK = "***"
# What the targets answer to a success, all of them at once.
_SUCCESS: Mapping[str, Any] = {
    "ok": True,
    "ts": "0.0",
    "channel": "C00000000",
    "id": "1",
    "key": "DRY-1",
    "result": {"sys_id": "0" * 32, "number": "DRY0000001"},
    "data": {"gid": "1"},
}
_SECRET_HEADERS = frozenset({"authorization", "x-api-key"})


class Answer(Struct, frozen=True):
    """What the target answered; the names of ``headers`` are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Refused: it is none, as when a proxy or a login page answers.
        """
        try:
            return json_.loads(self.body or b"null")
        except ValueError:
            raise Refused(f"expected JSON, got {_shortened(self.body)}") from None


class Http:
    """Calls targets through an aiohttp session.

    Args:
        now: wall time, epoch seconds; for a Retry-After that is a date.
    """

    def __init__(self, session: aiohttp.ClientSession, now: Callable[[], float], timeout_s: float = 30.0) -> None:
        self._session, self._now = session, now
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Have ``secret`` masked in whatever is told."""
        if secret:
            self._secrets.add(secret)

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: Collection[int] = _OK,
    ) -> Answer:
        """One request.

        Raises:
            Later: the network, a timeout, 5xx, 408, 425 or 429.
            Refused: another status that is not in ``ok``, with the target's own words.
        """
        try:
            async with self._session.request(
                method,
                url,
                json=json,
                data=data,
                params=params,
                headers=headers,
                auth=aiohttp.BasicAuth(*auth) if auth else None,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                body = await response.read()
                answer = Answer(response.status, body, {key.lower(): value for key, value in response.headers.items()})
        except TimeoutError:
            raise Later(f"no answer within {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Later(self._masked(f"{type(error).__name__}: {error}")) from None
        if answer.status in ok:
            return answer
        reason = self._masked(f"status {answer.status}: {_shortened(answer.body)}")
        if answer.status in _LATER or answer.status >= 500:
            raise Later(reason, retry_after(answer.headers.get("retry-after"), self._now()))
        raise Refused(reason)

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text


class DryHttp(Http):
    """Prints each request and answers as if it had worked.

    Args:
        say: takes one line, or several.
        canned: what every call answers, a JSON object; connectors read from it what they keep.
    """

    def __init__(self, say: Callable[[str], None], canned: Mapping[str, Any] = _SUCCESS) -> None:
        self._say, self._canned = say, canned
        self._secrets = set()

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: Collection[int] = _OK,
    ) -> Answer:
        """Print it."""
        query = "".join(f"\n  ?{key}={value}" for key, value in (params or {}).items())
        shown = {key: _MASK if key.lower() in _SECRET_HEADERS else value for key, value in (headers or {}).items()}
        if auth:
            shown["Authorization"] = _MASK
        head = "".join(f"\n{key}: {value}" for key, value in shown.items())
        body = json_.dumps(json, indent=2, ensure_ascii=False) if json is not None else data or ""
        text = body.decode(errors="replace") if isinstance(body, bytes) else body
        self._say(self._masked(f"{method} {url}{query}{head}\n\n{text}"))
        return Answer(200, json_.dumps(dict(self._canned)).encode(), {})


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds of a Retry-After header, which is a number or a date.

    >>> retry_after("30", 0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20.0), retry_after("soon", 0.0)
    (30.0, 40.0, None)
    """
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date without a zone is in UTC.
    return max((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now, 0.0)


def _shortened(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return f"{text[:_LONGEST_MESSAGE]} ..." if len(text) > _LONGEST_MESSAGE else text or "no text"
