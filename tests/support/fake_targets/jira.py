"""Jira Cloud's REST API v3 as far as a connector needs it; its search follows the issues with a delay."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Any

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

USER, TOKEN, PROJECT = "groundswell@bank.example", "token-of-the-test", "MOB"
_LOGIN = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
_ISSUE = re.compile(r"/rest/api/3/issue/([A-Z]+-\d+)(/comment|/transitions)?").fullmatch
_QUERY = re.compile(r'labels = "([^"]+)" ORDER BY created ASC').fullmatch
_CATEGORY = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Won't Do": "done"}
_LONGEST_SUMMARY, _LONGEST_TEXT = 255, 32_767


class FakeJira(FakeTarget):
    """Issues of one project.

    Args:
        index_s: for how long the search does not see a new issue.
        page: issues of a page of the search.

    Attributes:
        allowed: status -> statuses that its workflow leads to.
    """

    def __init__(self, index_s: float = 0.0, page: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.issues: list[dict[str, Any]] = []
        self.allowed = {status: [each for each in _CATEGORY if each != status] for status in _CATEGORY}
        self.needs_resolution = False
        self._index_s, self._page, self._clock = index_s, page, clock

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Basic {_LOGIN}":
            return Answered(401, "Client must be authenticated to access this resource.")
        if asked.path == "/rest/api/3/search/jql":
            return self._search(asked.json)
        if asked.path == "/rest/api/3/issue" and asked.method == "POST":
            return self._create(asked.json["fields"])
        found = _ISSUE(asked.path)
        issue = next((each for each in self.issues if found and each["key"] == found[1]), None)
        if found is None or issue is None:
            return _wrong(404, "Issue does not exist or you do not have permission to see it.")
        if found[2] == "/comment":
            issue["comments"].append(asked.json["body"])
            return Answered(201, {"id": str(len(issue["comments"]))})
        if found[2] == "/transitions":
            return self._transitions(issue, asked)
        if asked.method == "PUT":
            wrong = _checked(asked.json.get("fields", {}))
            if wrong is not None:
                return wrong
            issue["fields"].update(asked.json.get("fields", {}))
            added = [each["add"] for each in asked.json.get("update", {}).get("labels", []) if "add" in each]
            issue["fields"]["labels"] = list(dict.fromkeys([*issue["fields"]["labels"], *added]))
            return Answered(204, "")
        return Answered(200, {"key": issue["key"], "fields": {"status": _status(issue["status"])}})

    def _create(self, fields: dict[str, Any]) -> Answered:
        wrong = _checked(fields)
        if wrong is not None:
            return wrong
        if fields["project"]["key"] != PROJECT:
            return _wrong(400, project="valid project is required")
        issue = {
            "key": f"{PROJECT}-{len(self.issues) + 1}",
            "fields": fields,
            "status": "To Do",
            "comments": [],
            "resolution": None,
            "at": self._clock(),
        }
        self.issues.append(issue)
        return Answered(201, {"id": str(10_000 + len(self.issues)), "key": issue["key"], "self": self.url})

    def _search(self, body: dict[str, Any]) -> Answered:
        query = _QUERY(body["jql"])
        if query is None or not body.get("fields"):
            return _wrong(400, f"Error in the JQL Query: {body['jql']}")
        seen = [each for each in self.issues if self._clock() - each["at"] >= self._index_s]
        found = [each for each in seen if query[1] in each["fields"]["labels"]]
        begin = int(body.get("nextPageToken") or 0)
        shown = found[begin : begin + self._page]
        page: dict[str, Any] = {
            "issues": [{"key": each["key"], "fields": {"status": _status(each["status"])}} for each in shown],
            "isLast": begin + self._page >= len(found),
        }
        if not page["isLast"]:
            page["nextPageToken"] = str(begin + self._page)
        return Answered(200, page)

    def _transitions(self, issue: dict[str, Any], asked: Asked) -> Answered:
        offered = {str(number): name for number, name in enumerate(self.allowed[issue["status"]], 11)}
        if asked.method == "GET":
            needed = {"resolution": {"required": True, "allowedValues": [{"id": "1", "name": "Fixed"}]}}
            listed = [
                {
                    "id": number,
                    "name": f"To {name}",
                    "to": _status(name),
                    "fields": needed if self.needs_resolution and _CATEGORY[name] == "done" else {},
                }
                for number, name in offered.items()
            ]
            return Answered(200, {"transitions": listed})
        name = offered.get(asked.json["transition"]["id"])
        if name is None:
            return _wrong(400, "It seems that you have tried to perform an illegal workflow operation.")
        resolution = asked.json.get("fields", {}).get("resolution")
        if self.needs_resolution and _CATEGORY[name] == "done" and not resolution:
            return _wrong(400, resolution="Resolution is required.")
        issue["status"], issue["resolution"] = name, resolution
        return Answered(204, "")


def _checked(fields: dict[str, Any]) -> Answered | None:
    if "summary" in fields and (len(fields["summary"]) > _LONGEST_SUMMARY or "\n" in fields["summary"]):
        return _wrong(400, summary="Summary must be one line of at most 255 characters.")
    if "description" in fields and (
        fields["description"].get("type") != "doc" or len(str(fields["description"])) > 4 * _LONGEST_TEXT
    ):
        return _wrong(400, description="Operation value must be an Atlassian Document.")
    return None


def _status(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": _CATEGORY[name]}}


def _wrong(status: int, *messages: str, **fields: str) -> Answered:
    return Answered(status, {"errorMessages": list(messages), "errors": fields})
