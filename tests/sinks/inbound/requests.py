"""Requests in the shapes that the targets document, signed as they sign them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from sinks.inbound.base import Incoming

NOW = 1_777_886_000.0
KEY = "secret-of-the-test"


def _hex(key: str, text: bytes) -> str:
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def slack(payload: Any, at: float = NOW, key: str = KEY) -> Incoming:
    """A request of Slack's interactivity."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(at))
    signature = "v0=" + _hex(key, f"v0:{stamp}:".encode() + body)
    return Incoming({"x-slack-request-timestamp": stamp, "x-slack-signature": signature}, body, NOW)


def pressed(action_id: str = "gs_ack", value: str = "sig-1") -> dict[str, Any]:
    """A button that was pressed."""
    button = {
        "type": "button",
        "block_id": "b1",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": "Acknowledge", "emoji": True},
        "value": value,
        "style": "primary",
        "action_ts": "1777885990.123456",
    }
    return {
        "type": "block_actions",
        "team": {"id": "T9TK3CUKW", "domain": "bank"},
        "user": {"id": "UA8RXUSPL", "username": "ann", "name": "ann", "team_id": "T9TK3CUKW"},
        "api_app_id": "AABA1ABCD",
        "container": {"type": "message", "message_ts": "1777885200.000100", "channel_id": "C0123ABCD"},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "channel": {"id": "C0123ABCD", "name": "mobile"},
        "response_url": "https://hooks.example.com/actions/1",
        "actions": [button],
    }


def jira(event: Any, key: str = KEY) -> Incoming:
    """A webhook of Jira Cloud."""
    body = json.dumps(event).encode()
    headers = {"x-hub-signature": f"sha256={_hex(key, body)}", "x-atlassian-webhook-identifier": "w-1"}
    return Incoming(headers, body, NOW)


def issue_updated(
    to: str = "In Progress", category: str = "indeterminate", resolution: str = "", **more: Any
) -> dict[str, Any]:
    """An issue with our label whose status has changed."""
    fields = {
        "summary": "[critical] Login failure",
        "labels": ["mobile", "gs-sig-1"],
        "status": {"name": to, "id": "3", "statusCategory": {"id": 4, "key": category, "name": to}},
        "resolution": {"name": resolution} if resolution else None,
    }
    moved = {
        "field": "status",
        "fieldtype": "jira",
        "fieldId": "status",
        "from": "10000",
        "fromString": "To Do",
        "to": "3",
        "toString": to,
    }
    event = {
        "timestamp": int((NOW - 60) * 1000),
        "webhookEvent": "jira:issue_updated",
        "issue_event_type_name": "issue_generic",
        "user": {"accountId": "5b10a2844c20165700ede21g", "displayName": "Ann Other", "active": True},
        "issue": {"id": "10002", "key": "MOB-12", "fields": fields},
        "changelog": {"id": "10124", "items": [moved]},
    }
    return {**event, **more}


def azure(event: Any, password: str = KEY, user: str = "groundswell") -> Incoming:
    """A service hook of Azure DevOps."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Incoming({"authorization": f"Basic {login}"}, json.dumps(event).encode(), NOW)


def item_updated(to: str = "Resolved") -> dict[str, Any]:
    """A work item with our tag whose state has changed."""
    who = {"id": "e5a5f7f8", "displayName": "Ann Other", "uniqueName": "ann@bank.test"}
    revision = {"id": 5, "rev": 2, "fields": {"System.State": to, "System.Tags": "groundswell; gs-sig-1"}}
    return {
        "subscriptionId": "00000000-0000-0000-0000-000000000000",
        "notificationId": 3,
        "id": "27646e0e-b520-4d2b-9411-bba7524947cd",
        "eventType": "workitem.updated",
        "publisherId": "tfs",
        "resource": {
            "id": 2,
            "workItemId": 5,
            "rev": 2,
            "revisedBy": who,
            "fields": {
                "System.Rev": {"oldValue": "1", "newValue": "2"},
                "System.State": {"oldValue": "New", "newValue": to},
            },
            "revision": revision,
        },
        "resourceVersion": "1.0",
        "createdDate": "2026-05-04T09:12:00.1234567Z",
    }


def servicenow(record: Any, key: str = KEY, at: float = NOW) -> Incoming:
    """What our business rule sends, signed."""
    body = json.dumps(record).encode()
    stamp = str(int(at))
    signature = "v1=" + _hex(key, f"{stamp}.".encode() + body)
    return Incoming({"groundswell-timestamp": stamp, "groundswell-signature": signature}, body, NOW)


def incident(state: str = "6", code: str = "Solution provided") -> dict[str, Any]:
    """An incident whose state has changed."""
    return {
        "sys_id": "9d385017c611228701d22104cc95c371",
        "number": "INC0010001",
        "correlation_id": "gs-sig-1",
        "state": state,
        "close_code": code,
        "sys_mod_count": 5,
        "sys_updated_on": "2026-05-04 09:12:00",
        "sys_updated_by": "ann",
    }
