"""A server on loopback that a fake target is made of: it logs what it is asked, and fails when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from aiohttp import web

from sinks.connectors.http import Http
from sinks.connectors.secrets import Secrets
from streams.connecting.session import Session

NOW = 1_777_885_200.0
TIMEOUT_S = 0.3


class Fault(NamedTuple):
    """What goes wrong with one request.

    Attributes:
        status: answered instead; 0 for none.
        effect: whether the request takes effect all the same.
        slow: no answer before the caller has given up.
        cut: the connection is closed without an answer.
        late_s: the right answer comes, but late: seconds.
    """

    status: int = 0
    headers: Mapping[str, str] = {}
    body: str = "<html>upstream</html>"
    effect: bool = False
    slow: bool = False
    cut: bool = False
    late_s: float = 0.0


class Asked(NamedTuple):
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Answered(NamedTuple):
    """What a fake says."""

    status: int
    said: Any
    headers: Mapping[str, str] = {}


class FakeTarget:
    """Subclasses say what a request is answered with, in ``answer``."""

    slow_s = TIMEOUT_S * 3

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: deque[Fault] = deque()
        self.url = ""

    def answer(self, asked: Asked) -> Answered:
        """What the target says to a request that nothing went wrong with."""
        raise NotImplementedError

    def next_fault(self, asked: Asked) -> Fault | None:
        """What goes wrong with this request; None if nothing does."""
        del asked
        return self.faults.popleft() if self.faults else None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = await Session().__aenter__()
        return self

    def http(self, environment: Mapping[str, str]) -> Http:
        """A client with the secrets in ``environment``."""
        return Http(self._session, Secrets(environment), now=lambda: NOW, timeout_s=TIMEOUT_S)

    async def __aexit__(self, *_: object) -> None:
        await self._session.__aexit__(None, None, None)
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {key.lower(): value for key, value in request.headers.items()}
        asked = Asked(request.method, request.path, dict(request.query), headers, await request.read())
        self.asked.append(asked)
        fault = self.next_fault(asked)
        if fault is not None and fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault is None or fault.late_s:
            return _response(self.answer(asked))
        if fault.effect:
            self.answer(asked)
        if fault.slow:
            await asyncio.sleep(self.slow_s)
        if fault.cut and request.transport is not None:
            request.transport.close()
        return web.Response(status=fault.status or 200, headers=dict(fault.headers), text=fault.body)


def _response(answered: Answered) -> web.Response:
    if isinstance(answered.said, str):
        return web.Response(status=answered.status, text=answered.said, headers=dict(answered.headers))
    return web.json_response(answered.said, status=answered.status, headers=dict(answered.headers))
