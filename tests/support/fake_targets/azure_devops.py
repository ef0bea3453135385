"""Azure DevOps work items: WIQL, JSON Patch, and tags."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

TOKEN = "pat-of-the-test"
PROJECT = "Mobile App"
_LOGIN = base64.b64encode(f":{TOKEN}".encode()).decode()
_ITEM = re.compile(r"/Mobile App/_apis/wit/workitems/(\$)?([^/]+)").fullmatch
_WIQL = re.compile(
    r"SELECT \[System.Id\] FROM WorkItems WHERE \[System.TeamProject\] = @project "
    r"AND \[System.Tags\] CONTAINS '([^']*)' ORDER BY \[System.Id\] DESC"
).fullmatch


class FakeAzureDevOps(FakeTarget):
    """Work items of one project."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Basic {_LOGIN}":
            return Answered(401, "")
        if not asked.query.get("api-version"):
            return _failed(400, "No api-version was supplied")
        path = unquote(asked.path)
        if asked.method == "POST" and path == f"/{PROJECT}/_apis/wit/wiql":
            return self._queried(asked.json["query"])
        if asked.method == "GET" and path == f"/{PROJECT}/_apis/wit/workitems":
            ids = [int(each) for each in asked.query["ids"].split(",")]
            listed = [_shown(each) for each in self.items if each["id"] in ids]
            return Answered(200, {"count": len(listed), "value": listed})
        item = _ITEM(path)
        if item is None:
            return _failed(404, "Page not found.")
        if asked.headers.get("content-type") != "application/json-patch+json":
            return _failed(415, "TF400813: content type")
        if item[1]:
            made = {"id": len(self.items) + 1, "type": item[2], "fields": {"System.State": "New"}, "said": []}
            self.items.append(made)
            return self._patched(made, asked.json)
        found = next((each for each in self.items if str(each["id"]) == item[2]), None)
        return (
            _failed(404, f"TF401232: Work item {item[2]} does not exist")
            if found is None
            else self._patched(found, asked.json)
        )

    def _patched(self, item: dict[str, Any], steps: list[dict[str, Any]]) -> Answered:
        for step in steps:
            assert step["op"] == "add"
            name = step["path"].removeprefix("/fields/")
            if name == "System.History":
                item["said"].append(step["value"])
            else:
                item["fields"][name] = step["value"]
        return Answered(200, _shown(item))

    def _queried(self, query: str) -> Answered:
        wanted = _WIQL(query)
        if wanted is None:
            return _failed(400, f"VS402337: {query}")
        found = [each for each in reversed(self.items) if wanted[1] in each["fields"].get("System.Tags", "")]
        return Answered(200, {"queryType": "flat", "workItems": [{"id": each["id"], "url": "x"} for each in found]})


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {"id": item["id"], "rev": 1, "fields": item["fields"], "url": "x"}


def _failed(status: int, message: str) -> Answered:
    return Answered(status, {"$id": "1", "message": message, "typeKey": "VssServiceException", "errorCode": 0})
