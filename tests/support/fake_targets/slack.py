"""Slack's Web API as far as a bot needs it, and an incoming webhook."""

from __future__ import annotations

from typing import Any

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

TOKEN = "xoxb-of-the-test"
CHANNEL = "C0123ABCD"
PAGE = 2


class FakeSlack(FakeTarget):
    """Channels with messages, the oldest first; history comes in pages of two, however many are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.errors: list[str] = []

    @property
    def roots(self) -> list[dict[str, Any]]:
        """The messages that stand in the channel itself."""
        return [message for message in self.messages if "thread_ts" not in message]

    def answer(self, asked: Asked) -> Answered:
        if self.errors:
            return Answered(200, {"ok": False, "error": self.errors.pop(0), "needed": "chat:write"})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answered(200, {"ok": False, "error": "invalid_auth"})
        method = asked.path.removeprefix("/api/")
        if method == "conversations.history":
            return self._history(asked.query)
        body = asked.json
        if body["channel"] != CHANNEL:
            return Answered(200, {"ok": False, "error": "channel_not_found"})
        if method == "chat.postMessage":
            body = {**body, "ts": f"17778852{len(self.messages):02}.000100"}
            self.messages.append(body)
            return Answered(200, {"ok": True, "channel": CHANNEL, "ts": body["ts"], "message": {"text": body["text"]}})
        for message in self.messages:
            if method == "chat.update" and message["ts"] == body["ts"]:
                message.update(body)
                return Answered(200, {"ok": True, "channel": CHANNEL, "ts": body["ts"], "text": body["text"]})
        return Answered(200, {"ok": False, "error": "message_not_found"})

    def _history(self, query: Any) -> Answered:
        if query["channel"] != CHANNEL:
            return Answered(200, {"ok": False, "error": "channel_not_found"})
        newest = [each for each in reversed(self.roots) if float(each["ts"]) >= float(query.get("oldest", 0))]
        begin = int(query.get("cursor") or 0)
        shown = [
            each if query.get("include_all_metadata") == "true" else {k: v for k, v in each.items() if k != "metadata"}
            for each in newest[begin : begin + PAGE]
        ]
        more = begin + PAGE < len(newest)
        following = {"next_cursor": str(begin + PAGE) if more else ""}
        return Answered(200, {"ok": True, "messages": shown, "has_more": more, "response_metadata": following})


class FakeIncoming(FakeTarget):
    """An incoming webhook: of Slack, which says "ok", or a workflow of Teams, which says 202."""

    def __init__(self, status: int = 200, said: str = "ok") -> None:
        super().__init__()
        self._answer = Answered(status, said)
        self.bodies: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answered:
        self.bodies.append(asked.json)
        return self._answer
