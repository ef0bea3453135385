"""Asana's tasks and stories, external ids, and its OAuth tokens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

TOKEN, REFRESH, CLIENT, CLIENT_SECRET = "token-of-the-test", "refresh-of-the-test", "77", "app-of-the-test"
PROJECT = "1200000000000001"
_TASK = re.compile(r"/api/1\.0/tasks/([^/]+)(/stories)?").fullmatch


class FakeAsana(FakeTarget):
    """Tasks of a project."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[dict[str, Any]] = []
        self.refreshed = 0

    def answer(self, asked: Asked) -> Answered:
        if asked.path == "/-/oauth_token":
            return self._login(asked)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _failed(401, "Not Authorized")
        path = unquote(asked.path)
        if asked.method == "POST" and path == "/api/1.0/tasks":
            data = asked.json["data"]
            gid = str(1_300_000_000_000_001 + len(self.tasks))
            if any(each["external"]["gid"] == data["external"]["gid"] for each in self.tasks):
                return _failed(400, "external: gid: already in use")
            task = {
                "gid": gid,
                "completed": False,
                "said": [],
                "permalink_url": f"https://app.asana.com/0/1/{gid}",
                **data,
            }
            self.tasks.append(task)
            return Answered(201, {"data": _shown(task)})
        wanted = _TASK(path)
        found = next((each for each in self.tasks if wanted and _is(each, wanted[1])), None)
        if found is None or wanted is None:
            return _failed(404, "task: Unknown object")
        if wanted[2]:
            found["said"].append(asked.json["data"]["text"])
            return Answered(201, {"data": {"gid": "1", "resource_subtype": "comment_added"}})
        if asked.method == "PUT":
            found.update(asked.json["data"])
        return Answered(200, {"data": _shown(found)})

    def _login(self, asked: Asked) -> Answered:
        form = {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}
        expected = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH}
        if form != {"grant_type": "refresh_token", **expected}:
            return Answered(400, {"error": "invalid_grant", "error_description": "The refresh token is invalid."})
        self.refreshed += 1
        return Answered(200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600})


def _is(task: dict[str, Any], name: str) -> bool:
    return name in (task["gid"], f"external:{task['external']['gid']}")


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    return {key: task[key] for key in ("gid", "permalink_url", "completed")}


def _failed(status: int, message: str) -> Answered:
    return Answered(status, {"errors": [{"message": message, "help": "For more information, see the documentation"}]})
