"""Jira and Slack as the bench of the connectors needs them: in a thread, failing at random, with a note of when."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
import time
from typing import Any, Self

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget, Fault
from tests.support.fake_targets.jira import FakeJira
from tests.support.fake_targets.slack import TOKEN as SLACK_TOKEN

REVISION = re.compile(r"\br(\d+)\b")
KINDS = (
    Fault(429, {"Retry-After": "1"}),
    Fault(503),
    Fault(late_s=0.5),
    Fault(slow=True),
    Fault(effect=True, slow=True),
    Fault(effect=True, cut=True),
)
"""Busy, broken, late, no answer, no answer though it took effect, cut off though it took effect."""


class Failing(FakeTarget):
    """Of the different requests, a share meets each kind of fault, the first time it comes.

    Attributes:
        share: of each kind; 0 for a target that is well.
    """

    share = 0.0
    slow_s = 1.5

    def next_fault(self, asked: Asked) -> Fault | None:
        if not self.share:
            return None
        text = f"{asked.method} {asked.path} {sorted(asked.query.items())}".encode() + asked.body
        digest = hashlib.blake2b(text, digest_size=8).digest()
        seen = self.__dict__.setdefault("seen", set())
        if digest in seen:
            return None
        seen.add(digest)
        number = int(int.from_bytes(digest, "big") / 2**64 / self.share)
        return KINDS[number] if number < len(KINDS) else None

    def answer(self, asked: Asked) -> Answered:
        self.asked.clear()
        return super().answer(asked)


class BenchJira(Failing, FakeJira):
    """Jira, whose search lags a second behind."""

    def __init__(self) -> None:
        super().__init__(index_s=1.0, page=50)

    def made(self) -> dict[str, list[tuple[float, dict[str, Any]]]]:
        """Marker -> when each of its issues was made, and the issue."""
        found: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        for issue in self.issues:
            found.setdefault(issue["fields"]["labels"][0], []).append((issue["at"], issue))
        return found


class _Channels(FakeTarget):
    """Slack's channels."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.roots: dict[str, list[dict[str, Any]]] = {}

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Bearer {SLACK_TOKEN}":
            return Answered(200, {"ok": False, "error": "invalid_auth"})
        method = asked.path.removeprefix("/api/")
        if method == "conversations.history":
            return Answered(200, {"ok": True, "messages": self.roots.get(asked.query["channel"], [])[::-1]})
        body = asked.json
        if method == "chat.update":
            self.messages[body["ts"]].update(body)
            return Answered(200, {"ok": True, "channel": body["channel"], "ts": body["ts"]})
        ts = f"{1_777_885_200 + len(self.messages)}.000100"
        message = self.messages[ts] = {**body, "ts": ts, "at": time.monotonic(), "comments": []}
        if "thread_ts" in body:
            self.messages[body["thread_ts"]]["comments"].append(body["text"])
        else:
            self.roots.setdefault(body["channel"], []).append(message)
        return Answered(200, {"ok": True, "channel": body["channel"], "ts": ts})


class BenchSlack(Failing, _Channels):
    """Slack, with any number of channels."""

    def made(self) -> dict[str, list[tuple[float, dict[str, Any]]]]:
        """Marker -> when each of its threads was begun, and its message."""
        found: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        for roots in self.roots.values():
            for message in roots:
                found.setdefault(message["metadata"]["event_payload"]["marker"], []).append((message["at"], message))
        return found


class Targets:
    """Both, in an event loop of their own."""

    def __init__(self, share: float) -> None:
        self.jira, self.slack = BenchJira(), BenchSlack()
        self.jira.share = self.slack.share = share
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for each in (self.jira, self.slack):
            asyncio.run_coroutine_threadsafe(each.__aenter__(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.jira, self.slack):
            asyncio.run_coroutine_threadsafe(each.__aexit__(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


def comments_of(made: dict[str, Any]) -> list[int]:
    """The revisions that were told, in order."""
    return [int(found[1]) for each in made["comments"] if (found := REVISION.search(str(each)))]


def shown_by(made: dict[str, Any]) -> int:
    """The revision that is shown now."""
    found = REVISION.search(str(made.get("fields", {}).get("summary") or made.get("text", "")))
    return int(found[1]) if found else 0


def is_open(made: dict[str, Any]) -> bool:
    """Whether it is."""
    if "status" in made:
        return bool(made["status"] not in ("Done", "Won't Do"))
    return bool(made["metadata"]["event_payload"]["open"])
