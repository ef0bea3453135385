"""ServiceNow's Table API for incidents."""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

USER, PASSWORD = "groundswell", "password-of-the-test"
_LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_TABLE = re.compile(r"/api/now/table/incident(?:/(\w+))?").fullmatch


class FakeServiceNow(FakeTarget):
    """Incidents; resolving one demands a close code and notes, as the usual data policy does."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Basic {_LOGIN}":
            error = {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}
            return Answered(401, {"error": error, "status": "failure"})
        table = _TABLE(asked.path)
        if table is None:
            return _failed(400, "Invalid table")
        if asked.method == "GET":
            return self._listed(asked)
        if asked.method == "POST":
            number = len(self.records) + 1
            made = {
                "sys_id": f"{number:032x}",
                "number": f"INC{number:07}",
                "state": "1",
                "active": "true",
                "notes": [],
            }
            self.records.append(made)
            return self._changed(made, asked, 201)
        found = next((each for each in self.records if each["sys_id"] == table[1]), None)
        return _failed(404, "No Record found") if found is None else self._changed(found, asked, 200)

    def _changed(self, record: dict[str, Any], asked: Asked, status: int) -> Answered:
        change = asked.json
        if change.get("state") == "6" and not (change.get("close_code") and change.get("close_notes")):
            return _failed(403, "Data Policy Exception: close_code and close_notes are mandatory")
        note = change.pop("work_notes", None)
        if note:
            record["notes"].append(note)
        record.update(change)
        return Answered(status, {"result": _shown(record, asked)})

    def _listed(self, asked: Asked) -> Answered:
        query = asked.query["sysparm_query"]
        wanted = re.fullmatch(r"correlation_id=([^\^]*)\^ORDERBYDESCsys_created_on", query)
        if wanted is None:
            return _failed(400, f"query {query}")
        found = [each for each in reversed(self.records) if each.get("correlation_id") == wanted[1]]
        return Answered(200, {"result": [_shown(each, asked) for each in found[: int(asked.query["sysparm_limit"])]]})


def _shown(record: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {key: record.get(key, "") for key in asked.query["sysparm_fields"].split(",")}


def _failed(status: int, message: str) -> Answered:
    return Answered(status, {"error": {"message": message, "detail": ""}, "status": "failure"})
