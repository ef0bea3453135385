"""PagerDuty's Events API v2: events with one dedup key are one alert, until it is resolved."""

from __future__ import annotations

from typing import Any

from tests.support.fake_targets.faulty import Answered, Asked, FakeTarget

ROUTING_KEY = "R" * 32


class FakePagerDuty(FakeTarget):
    """Alerts by dedup key, each with its state and its events."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answered:
        event = asked.json
        errors = _errors(event) if asked.path == "/v2/enqueue" else ["no such page"]
        if errors:
            return Answered(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
        key, action = event["dedup_key"], event["event_action"]
        found = next((each for each in self.alerts if each["key"] == key and each["state"] != "resolved"), None)
        if found is None and action == "trigger":
            found = {"key": key, "events": [], "state": "triggered"}
            self.alerts.append(found)
        if found is not None:
            found["events"].append(event)
            found["state"] = {"acknowledge": "acknowledged", "resolve": "resolved"}.get(action, found["state"])
        return Answered(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def _errors(event: dict[str, Any]) -> list[str]:
    if event.get("routing_key") != ROUTING_KEY:
        return ["'routing_key' is invalid (must be a valid integration key)"]
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        return ["'event_action' is invalid"]
    if event["event_action"] != "trigger":
        return []
    payload = event.get("payload") or {}
    lacking = [
        f"'payload.{key}' is missing or blank" for key in ("summary", "source", "severity") if not payload.get(key)
    ]
    if payload.get("severity") not in ("critical", "error", "warning", "info"):
        lacking.append("'payload.severity' is invalid")
    return lacking
