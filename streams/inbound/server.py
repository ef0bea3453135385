"""The pages: a POST for each source, and what supervises and measures us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

from schemas.action import Action
from sinks.inbound.base import Denied, Incoming, Source
from streams.clock import Clock
from streams.inbound.writing import NotWritten

_READ_S = 10.0
_AGAIN_S = "5"
_log = logging.getLogger("groundswell.inbound")


class Writer(Protocol):
    """Takes actions."""

    trouble: str

    async def write(self, listed: Sequence[Action]) -> None:
        """Return once they are safe; raises NotWritten."""


class Pages:
    """Answers requests. 200 is said only after the broker has the actions; everything else is an error in a line."""

    def __init__(self, sources: Sequence[Source], writer: Writer, clock: Clock) -> None:
        self._sources = {source.name: source for source in sources}
        self._writer, self._clock = writer, clock
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "groundswell_inbound_requests_total",
            "Webhooks, by source and outcome: taken, nothing, denied, failed.",
            ["source", "outcome"],
            registry=self.registry,
        )

    def app(self, max_body: int) -> web.Application:
        """The application.

        Args:
            max_body: bytes of a request.
        """
        app = web.Application(client_max_size=max_body)
        app.add_routes(
            [
                web.post("/inbound/{name}", self._take),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    async def _take(self, request: web.Request) -> web.Response:
        source = self._sources.get(request.match_info["name"])
        if source is None:
            return _line(404, "nobody of that name is expected here")
        try:
            status, outcome, words = await self._taken(source, request)
        except Denied as denied:
            status, outcome, words = denied.status, "denied", denied.reason
        except NotWritten as error:
            _log.warning("%s: not written: %s", source.name, error)
            status, outcome, words = 503, "failed", "not written; please send it again"
        except Exception:
            # Our own fault, whatever it is: told in the log, not to the sender.
            _log.exception("%s: a request could not be handled", source.name)
            status, outcome, words = 500, "failed", "could not be handled"
        self._requests.labels(source.name, outcome).inc()
        level = logging.INFO if status < 400 else logging.WARNING
        _log.log(level, "%s: %d, %s", source.name, status, " ".join(words.split()))
        return _line(status, words)

    async def _taken(self, source: Source, request: web.Request) -> tuple[int, str, str]:
        try:
            async with asyncio.timeout(_READ_S):
                body = await request.read()
        except TimeoutError:
            raise Denied(408, "the body did not come in time") from None
        except web.HTTPRequestEntityTooLarge:
            raise Denied(413, "the body is too large") from None
        except (web.RequestPayloadError, ConnectionError):
            raise Denied(400, "the body did not come whole") from None
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = source.take(Incoming(headers, body, self._clock.now()))
        if not told.actions:
            return 200, "nothing", f"nothing to do: {told.reason}"
        await self._writer.write(told.actions)
        return 200, "taken", "; ".join(f"{each.signal_id} {each.kind.value} by {each.by}" for each in told.actions)

    async def _healthz(self, _request: web.Request) -> web.Response:
        return _line(200, "ok")

    async def _readyz(self, _request: web.Request) -> web.Response:
        trouble = self._writer.trouble
        return _line(503, trouble) if trouble else _line(200, "ready")

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _line(status: int, words: str) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        # Azure DevOps logs in only when it is asked to.
        headers["WWW-Authenticate"] = 'Basic realm="groundswell"'
    if status == 503:
        headers["Retry-After"] = _AGAIN_S
    return web.Response(status=status, text=f"{words}\n", headers=headers)
