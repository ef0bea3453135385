"""HTTP for connectors: one call, and what its answer means. The client itself is handed in."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from sinks.connectors.base import Gone, Later, Refused, Unauthorized
from sinks.connectors.secrets import Secrets

_LONGEST_REASON = 300
_PRIVATE = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
_NOT_DONE = frozenset({425, 429, 503})
"""Statuses by which the target says that it has done nothing."""


class Request(Struct, frozen=True):
    """What goes over the wire."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    timeout_s: float


class Answer(Struct, frozen=True):
    """What came back; the names of ``headers`` are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}

    def json(self) -> Any:
        """The body as plain data; None if it is empty.

        Raises:
            Later: it is no JSON, as the page of a proxy is none.
        """
        if not self.body:
            return None
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Later(f"answered {self.status} with something that is not JSON") from None


class Transport(Protocol):
    """Sends a request. Raises ConnectionError if it could not be sent, TimeoutError or OSError if it may have been."""

    def __call__(self, request: Request) -> Awaitable[Answer]:
        """The answer, whatever its status; redirects are not followed."""


class Http:
    """Calls a target.

    Args:
        transport: the client.
        secrets: where tokens are looked up; what is told of an answer is masked with it.
        now: wall time, epoch seconds, for a Retry-After that is a date.
        timeout_s: of one call.
        pace: waited for before each call: the rate limit.

    Attributes:
        dry: whether nothing is really sent.
        now: wall time, epoch seconds, for a signature with a timestamp.
    """

    dry = False

    def __init__(
        self,
        transport: Transport,
        secrets: Secrets,
        *,
        now: Callable[[], float],
        timeout_s: float = 10.0,
        pace: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.secrets = secrets
        self.now = now
        self._transport, self._timeout_s, self._pace = transport, timeout_s, pace

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: tuple[int, ...] = (200, 201, 202, 204),
        dry: Any = None,
    ) -> Answer:
        """The answer, if its status is one of ``ok``.

        Args:
            json, data: the body: plain data, a form, or bytes as they are.
            auth: user and password, for basic authentication.
            dry: what a dry run takes for the answer's JSON.

        Raises:
            Later: the network failed, or the target has no time for us.
            Unauthorized, Gone, Refused: another 4xx, with the target's own words.
        """
        del dry
        request = self._request(method, url, json, data, params, headers, auth)
        if self._pace is not None:
            await self._pace()
        host = urlsplit(url).hostname or "?"
        try:
            answer = await self._transport(request)
        except TimeoutError:
            raise Later(f"{host} did not answer within {self._timeout_s:g} s") from None
        except ConnectionError as error:
            raise Later(f"{host} cannot be reached: {self._said(str(error))}", unsure=False) from None
        except OSError as error:
            raise Later(f"the connection to {host} failed: {self._said(str(error))}") from None
        if answer.status in ok:
            return answer
        raise self._failure(host, answer)

    def _request(
        self,
        method: str,
        url: str,
        json: Any,
        data: Mapping[str, str] | bytes | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
    ) -> Request:
        sent = {"Accept": "application/json", "User-Agent": "groundswell"}
        body: bytes | None = None
        if json is not None:
            sent["Content-Type"], body = "application/json", msgspec.json.encode(json)
        elif isinstance(data, bytes):
            body = data
        elif data is not None:
            sent["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(data).encode()
        if auth is not None:
            login = base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
            self.secrets.hide(login)
            sent["Authorization"] = f"Basic {login}"
        sent.update(headers or {})
        query = f"{'&' if '?' in url else '?'}{urlencode(params)}" if params else ""
        return Request(method, url + query, sent, body, self._timeout_s)

    def _failure(self, host: str, answer: Answer) -> Exception:
        status = answer.status
        words = self._said(_own_words(answer.body))
        reason = f"{host} answered {status}{': ' + words if words else ''}"
        if status in _WORTH_ANOTHER_TRY or status >= 500:
            after_s = _retry_after(answer.headers.get("retry-after", ""), self.now)
            return Later(reason, after_s, unsure=status not in _NOT_DONE)
        if status == 401:
            return Unauthorized(f"{reason}; check the login of this connector", status)
        if status in (404, 410):
            return Gone(reason, status)
        if 300 <= status < 400:
            return Refused(f"{reason}; redirects are not followed, check the address", status)
        return Refused(reason, status)

    def _said(self, text: str) -> str:
        # Masked before it is cut: half a secret is not recognised any more.
        told = " ".join(self.secrets.mask(text).split())
        return told if len(told) <= _LONGEST_REASON else f"{told[: _LONGEST_REASON - 3]}..."


class DryHttp(Http):
    """Sends nothing: each call is printed as it would go out, and taken for a success.

    Args:
        show: where a call is printed.
    """

    dry = True

    def __init__(self, secrets: Secrets, show: Callable[[str], None]) -> None:
        super().__init__(_no_transport, secrets, now=lambda: 0.0)
        self._show = show

    def show(self, text: str) -> None:
        """Print what would go out by other ways than HTTP."""
        self._show(self.secrets.mask(text))

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: tuple[int, ...] = (200, 201, 202, 204),
        dry: Any = None,
    ) -> Answer:
        """Print the call; the answer's JSON is ``dry``."""
        request = self._request(method, url, json, data, params, headers, auth)
        lines = [f"{request.method} {request.url}"]
        lines += [f"{name}: {_shown(name, value)}" for name, value in request.headers.items()]
        lines.append("")
        if request.body is not None:
            lines.append(_pretty(request.body) if json is not None else request.body.decode(errors="replace"))
        self.show("\n".join(lines))
        return Answer(ok[0], b"" if dry is None else msgspec.json.encode(dry))


async def _no_transport(request: Request) -> Answer:
    raise AssertionError(f"a dry run sends nothing, got {request.method}")


def _shown(name: str, value: str) -> str:
    if name.lower() not in _PRIVATE:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} ***" if space else "***"


def _pretty(body: bytes) -> str:
    return msgspec.json.format(body, indent=2).decode()


def _own_words(body: bytes) -> str:
    """What a target says went wrong, wherever in its answer it says so.

    >>> _own_words(b'{"errorMessages": [], "errors": {"priority": "is not on the screen"}}')
    'priority: is not on the screen'
    >>> _own_words(b'{"error": {"message": "Invalid table", "detail": null}}')
    'Invalid table'
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A page for browsers tells nothing that its status does not.
        text = body.decode(errors="replace").strip()
        return "" if text.startswith("<") else text
    return "; ".join(_texts(found))


_TELLING = ("errorMessages", "errors", "error", "message", "detail", "description", "reason", "help")


def _texts(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    if isinstance(found, list):
        return [text for each in found[:5] for text in _texts(each)]
    if isinstance(found, dict):
        if any(key in found for key in _TELLING):
            return [text for key in _TELLING for text in _texts(found.get(key))]
        return [f"{name}: {text}" for name, value in found.items() for text in _texts(value)]
    return []


def _retry_after(text: str, now: Callable[[], float]) -> float | None:
    """Seconds from a Retry-After header, which gives a number or a date.

    >>> _retry_after("7", lambda: 0.0), _retry_after("Thu, 01 Jan 1970 00:01:00 GMT", lambda: 20.0)
    (7.0, 40.0)
    """
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(text).timestamp() - now(), 0.0)
    except ValueError:
        return None
