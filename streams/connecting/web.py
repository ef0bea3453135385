"""/metrics, /healthz and /readyz of ``groundswell connect``, on loopback unless told otherwise."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from streams.connecting.section import ConnectSection


class Pages:
    """Three pages, read-only.

    Args:
        not_ready: why it is not ready yet; None if it is.
    """

    def __init__(
        self, settings: ConnectSection, registry: CollectorRegistry, not_ready: Callable[[], str | None]
    ) -> None:
        self._settings, self._registry, self._not_ready = settings, registry, not_ready
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen; port 0 turns the pages off.

        Raises:
            OSError: the port is taken.
        """
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
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        why_not = self._not_ready()
        return web.Response(text="ready\n") if why_not is None else web.Response(status=503, text=f"{why_not}\n")
