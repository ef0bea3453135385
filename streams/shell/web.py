"""/metrics, /healthz and /readyz, on loopback unless told otherwise."""

from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.settings import Web
from streams.shell.report import collect

if TYPE_CHECKING:
    from streams.shell.worker import Worker


class WebServer:
    """Three pages, read-only.

    ``/healthz`` says that the event loop turns; ``/readyz`` that the worker is at work, or why it is not.
    """

    def __init__(self, settings: Web, worker: "Worker") -> None:
        self._settings, self._worker = settings, worker
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen; port 0 turns the pages off."""
        if self._settings.port == 0:
            return
        pages = web.Application()
        pages.add_routes(
            [web.get("/metrics", self._metrics), web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)]
        )
        self._runner = web.AppRunner(pages, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, _request: web.Request) -> web.Response:
        collect(self._worker)
        body = generate_latest(self._worker.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text=f"ok, for {self._worker.watching.turning_s:.0f} s\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        why_not = self._worker.watching.not_ready()
        if why_not is None:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=f"{why_not}\n")
