"""Service hooks of Azure DevOps, with basic authentication: a work item that has changed its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from sinks.connectors.common import check_secret
from sinks.connectors.secrets import Secrets
from sinks.inbound.base import Denied, Incoming, Told, document, part, signals, text
from sinks.inbound.making import actions
from sinks.inbound.signatures import check_basic, check_fresh
from sinks.inbound.statuses import check_meanings, meant

_STATES = {
    "new": "", "to do": "", "proposed": "", "approved": "acknowledged", "active": "acknowledged",
    "committed": "acknowledged", "doing": "acknowledged", "in progress": "acknowledged", "resolved": "fix_shipped",
    "closed": "resolved", "done": "fix_shipped", "removed": "dismissed",
}  # fmt: skip


class AzureDevOpsSource(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="azure-devops", tag_field="kind"
):
    """A service hook "work item updated" with all resource details.

    Attributes:
        user: that the hook logs in with; the secret is its password.
        statuses: what a state means: acknowledged, fix_shipped, resolved, dismissed, or nothing (``""``).
        own: unique names (mail addresses) whose changes are our connector's own and are not told back.
        replay_window_s: how long after the change an event is still taken.

    Raises:
        ValueError: naming the key.
    """

    name: str = "azure-devops"
    user: str = "groundswell"
    secret_env: str = ""
    secret_file: str = ""
    statuses: Mapping[str, str] = {}
    own: tuple[str, ...] = ()
    replay_window_s: float = 86_400.0

    def __post_init__(self) -> None:
        check_secret("secret", self.secret_env, self.secret_file)
        check_meanings("statuses", self.statuses)

    def source(self, secrets: Secrets) -> AzureDevOps:
        """The source; raises ValueError, naming the key, if the secret is not where it should be."""
        return AzureDevOps(self, secrets.get("secret", self.secret_env, self.secret_file))


class AzureDevOps:
    """Work items that have moved on."""

    def __init__(self, config: AzureDevOpsSource, secret: str) -> None:
        self.name, self._config, self._password = config.name, config, secret

    def take(self, incoming: Incoming) -> Told:
        """What a change of state means; raises Denied."""
        check_basic(incoming, self._config.user, self._password)
        event = document(incoming.body)
        at = moment(text(event, "createdDate"), "createdDate")
        check_fresh(at.timestamp(), incoming, self._config.replay_window_s)
        if text(event, "eventType") != "workitem.updated":
            return Told([], f"nothing is done about {text(event, 'eventType') or 'what has no eventType'}")
        resource = part(event, "resource")
        tags = text(resource, "revision", "fields", "System.Tags").split(";")
        found = signals([tag.strip() for tag in tags])
        if not found:
            return Told([], "the work item has no tag that begins with gs-")
        state = text(resource, "fields", "System.State", "newValue")
        if not state:
            return Told([], "its state has not changed")
        who = part(resource, "revisedBy")
        if text(who, "uniqueName").casefold() in {name.casefold() for name in self._config.own}:
            return Told([], "it was our own doing")
        kind = meant(state, self._config.statuses, _STATES)
        if kind is None:
            return Told([], f"state {state} means nothing")
        number = text(resource, "workItemId")
        name = text(event, "id") or f"{number}.{text(resource, 'rev')}"
        by = text(who, "displayName") or text(who, "uniqueName")
        return actions(self.name, (name,), found, kind, at, by, f"work item {number}: {state}")


def moment(said: str, key: str) -> datetime:
    """A time as ISO 8601 writes it.

    Raises:
        Denied: 400.
    """
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Denied(400, f"{key} is no time") from None
    if found.tzinfo is None:
        raise Denied(400, f"{key} names no zone")
    return found
