"""Jira Cloud's webhooks, signed with the webhook's secret: an issue that has changed its status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from schemas.action import ActionKind
from sinks.connectors.common import check_secret
from sinks.connectors.secrets import Secrets
from sinks.inbound.base import Denied, Incoming, Told, document, part, signals, text
from sinks.inbound.making import actions
from sinks.inbound.signatures import check_body, check_fresh
from sinks.inbound.statuses import check_meanings, meant

_CATEGORIES = {"new": "", "indeterminate": "acknowledged", "done": "fix_shipped"}
_DISMISSED = frozenset({"won't do", "won't fix", "duplicate", "cannot reproduce", "declined", "invalid", "not a bug"})


class JiraSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="jira", tag_field="kind"):
    """A webhook of Jira for "issue updated".

    Attributes:
        statuses: what a status (``In Review``) or a category of statuses (``new``, ``indeterminate``, ``done``) means:
            acknowledged, fix_shipped, resolved, dismissed, or nothing (``""``).
        dismissed: resolutions that mean "dismissed" instead.
        own: account ids whose changes are our connector's own and are not told back.
        replay_window_s: how long after the change a webhook is still taken; Jira tries again for a while.

    Raises:
        ValueError: naming the key.
    """

    name: str = "jira"
    secret_env: str = ""
    secret_file: str = ""
    statuses: Mapping[str, str] = {}
    dismissed: tuple[str, ...] = tuple(sorted(_DISMISSED))
    own: tuple[str, ...] = ()
    replay_window_s: float = 86_400.0

    def __post_init__(self) -> None:
        check_secret("secret", self.secret_env, self.secret_file)
        check_meanings("statuses", self.statuses)

    def source(self, secrets: Secrets) -> Jira:
        """The source; raises ValueError, naming the key, if the secret is not where it should be."""
        return Jira(self, secrets.get("secret", self.secret_env, self.secret_file))


class Jira:
    """Issues that have moved on."""

    def __init__(self, config: JiraSource, secret: str) -> None:
        self.name, self._config, self._key = config.name, config, secret

    def take(self, incoming: Incoming) -> Told:
        """What a change of status means; raises Denied."""
        check_body(incoming, "x-hub-signature", self._key)
        event = document(incoming.body)
        stamp = part(event, "timestamp")
        if not isinstance(stamp, int | float) or isinstance(stamp, bool):
            raise Denied(400, "timestamp is missing")
        check_fresh(stamp / 1000, incoming, self._config.replay_window_s)
        fields = part(event, "issue", "fields")
        labels = part(fields, "labels")
        found = signals([label for label in labels if isinstance(label, str)] if isinstance(labels, list) else [])
        items = part(event, "changelog", "items")
        moved = [item for item in items if text(item, "field") == "status"] if isinstance(items, list) else []
        if not found:
            return Told([], "the issue has no label that begins with gs-")
        if not moved:
            return Told([], "its status has not changed")
        if text(event, "user", "accountId") in self._config.own:
            return Told([], "it was our own doing")
        status, resolution = text(moved[-1], "toString"), text(fields, "resolution", "name")
        named = {name.casefold() for name in self._config.statuses}
        category = text(fields, "status", "statusCategory", "key")
        kind = meant(status if status.casefold() in named else category, self._config.statuses, _CATEGORIES)
        if kind is None:
            return Told([], f"status {status} means nothing")
        if kind is not ActionKind.ACKNOWLEDGED and resolution.casefold() in {
            r.casefold() for r in self._config.dismissed
        }:
            kind = ActionKind.DISMISSED
        key = text(event, "issue", "key")
        note = f"{key}: {status}" + (f" ({resolution})" if resolution else "")
        ids = (text(event, "issue", "id") or key, text(event, "changelog", "id") or text(event, "timestamp"))
        at = datetime.fromtimestamp(stamp / 1000, UTC)
        return actions(self.name, ids, found, kind, at, text(event, "user", "displayName"), note)
