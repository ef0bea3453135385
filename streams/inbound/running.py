"""Runs the pages until a signal ends them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

from aiohttp import web

from sinks.inbound.base import Source
from sinks.inbound.section import InboundConfig
from streams.clock import Clock
from streams.inbound.server import Pages
from streams.inbound.writing import ActionWriter

_ANSWERING_S = 5.0


async def run(
    section: InboundConfig, sources: Sequence[Source], writer: ActionWriter, clock: Clock, ready: Callable[[str], None]
) -> None:
    """Listen until SIGINT or SIGTERM, then answer what is under way.

    Args:
        ready: is told the address once we listen; port 0 takes any that is free.

    Raises:
        OSError: the port is taken.
    """
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, ending.set)
    app = Pages(sources, writer, clock).app(section.max_body)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_ANSWERING_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, section.host, section.port).start()
        host, port = runner.addresses[0][:2]
        ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await ending.wait()
    finally:
        await runner.cleanup()
        # It waits in a thread: the answers of the broker come through this loop.
        await asyncio.to_thread(writer.close)
