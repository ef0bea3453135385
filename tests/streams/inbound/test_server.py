"""The pages: what is answered to whom, and that 200 means the broker has it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiohttp
from aiohttp import web

from schemas.action import Action, ActionKind
from sinks.connectors.secrets import Secrets
from sinks.inbound.base import Incoming, Told
from sinks.inbound.jira import JiraSource
from streams.clock import ManualClock
from streams.inbound.server import Pages
from streams.inbound.writing import NotWritten
from tests.sinks.inbound import requests as r

MOST = 20_000


class FakeWriter:
    """Keeps the actions, unless something is the matter."""

    def __init__(self) -> None:
        self.trouble, self.written = "", list[Action]()

    async def write(self, listed: Sequence[Action]) -> None:
        if self.trouble:
            raise NotWritten(self.trouble)
        self.written += listed


class Broken:
    """A source with a mistake in it."""

    name = "broken"

    def take(self, incoming: Incoming) -> Told:
        raise KeyError("secret-internals")


Body = Callable[[aiohttp.ClientSession, str, FakeWriter], Coroutine[Any, Any, None]]


def serve(body: Body) -> None:
    async def main() -> None:
        writer = FakeWriter()
        sources = [JiraSource(secret_env="HOOK_SECRET").source(Secrets({"HOOK_SECRET": r.KEY})), Broken()]
        runner = web.AppRunner(Pages(sources, writer, ManualClock(r.NOW)).app(MOST), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with aiohttp.ClientSession() as session:
                await body(session, f"http://127.0.0.1:{runner.addresses[0][1]}", writer)
        finally:
            await runner.cleanup()

    asyncio.run(main())


async def post(session: aiohttp.ClientSession, url: str, request: Incoming) -> tuple[int, str]:
    async with session.post(url, data=request.body, headers=dict(request.headers)) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.text()


def test_what_is_taken_is_written_before_it_is_answered() -> None:
    async def body(session: aiohttp.ClientSession, url: str, writer: FakeWriter) -> None:
        request = r.jira(r.issue_updated())
        assert await post(session, f"{url}/inbound/jira", request) == (200, "sig-1 acknowledged by jira: Ann Other\n")
        (action,) = writer.written
        assert (action.kind, action.note) == (ActionKind.ACKNOWLEDGED, "MOB-12: In Progress")
        writer.trouble = "broker gone"
        async with session.post(f"{url}/inbound/jira", data=request.body, headers=dict(request.headers)) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
            assert "broker" not in await response.text()
        async with session.get(f"{url}/readyz") as response:
            assert (response.status, await response.text()) == (503, "broker gone\n")
        async with session.get(f"{url}/healthz") as response:
            assert response.status == 200
        writer.trouble = ""
        assert (await post(session, f"{url}/inbound/jira", request))[0] == 200
        assert writer.written == [action, action]
        async with session.get(f"{url}/metrics") as response:
            text = await response.text()
        assert 'groundswell_inbound_requests_total{outcome="taken",source="jira"} 2.0' in text
        assert 'groundswell_inbound_requests_total{outcome="failed",source="jira"} 1.0' in text

    serve(body)


def test_errors_are_a_line_and_no_traceback() -> None:
    async def body(session: aiohttp.ClientSession, url: str, writer: FakeWriter) -> None:
        right = r.jira(r.issue_updated())
        jira = f"{url}/inbound/jira"
        stranger = right._replace(headers={"X-Hub-Signature": "sha256=0"})
        assert await post(session, jira, stranger) == (401, "not signed as it should be\n")
        assert await post(session, jira, r.jira([1])) == (400, "the body is no JSON object\n")
        large = right._replace(body=b"x" * (MOST + 1))
        assert await post(session, jira, large) == (413, "the body is too large\n")
        assert (await post(session, f"{url}/inbound/nobody", right))[0] == 404
        status, words = await post(session, f"{url}/inbound/broken", right)
        assert (status, words) == (500, "could not be handled\n")
        async with session.get(jira) as response:
            assert response.status == 405
        unknown = r.issue_updated("Odd", "odd")
        assert await post(session, jira, r.jira(unknown)) == (200, "nothing to do: status Odd means nothing\n")
        assert writer.written == []

    serve(body)


def test_a_body_that_grows_while_it_is_read_is_cut_off() -> None:
    async def body(session: aiohttp.ClientSession, url: str, _writer: FakeWriter) -> None:
        async def chunks() -> Any:
            for _ in range(100):
                yield b"x" * 1000

        async with session.post(f"{url}/inbound/jira", data=chunks()) as response:
            assert response.status == 413

    serve(body)


def test_a_login_is_asked_for() -> None:
    async def body(session: aiohttp.ClientSession, url: str, _writer: FakeWriter) -> None:
        async with session.post(f"{url}/inbound/jira", data=json.dumps({})) as response:
            assert response.headers["WWW-Authenticate"] == 'Basic realm="groundswell"'

    serve(body)
