"""ServiceNow: a business rule of the instance posts an incident whose state has changed.

ServiceNow has no webhooks of its own, so the body is ours to say. A business rule (after update, when the state
changes and the correlation id begins with ``gs-``) sends with an outbound REST message::

    {"sys_id": "...", "number": "INC0010001", "correlation_id": "gs-sig-...", "state": "6",
     "close_code": "...", "sys_mod_count": 5, "sys_updated_on": "2026-05-04 09:30:00", "sys_updated_by": "ann"}

with times in UTC, as they are stored. It is signed as our own webhooks are: ``Groundswell-Timestamp`` holds epoch
seconds and ``Groundswell-Signature`` ``v1=`` with the HMAC-SHA256, in hex, of the timestamp, a full stop and the body.
Where the instance cannot sign, ``auth = "token"`` takes the secret itself in ``Groundswell-Token``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from schemas.action import ActionKind
from sinks.connectors.common import check_secret
from sinks.connectors.secrets import Secrets
from sinks.connectors.webhook import signature
from sinks.inbound.base import Denied, Incoming, Told, document, signals, text
from sinks.inbound.making import actions
from sinks.inbound.signatures import check_fresh, check_same, check_stamped
from sinks.inbound.statuses import check_meanings, meant

_STATES = {
    "1": "", "2": "acknowledged", "3": "acknowledged", "6": "fix_shipped", "7": "resolved", "8": "dismissed",
    "new": "", "in progress": "acknowledged", "on hold": "acknowledged", "resolved": "fix_shipped",
    "closed": "resolved", "canceled": "dismissed",
}  # fmt: skip
_SIGNED_WINDOW_S = 300.0


class ServiceNowSource(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="servicenow", tag_field="kind"
):
    """A business rule of an instance.

    Attributes:
        auth: ``hmac`` or ``token``.
        statuses: what a state, by number or by name, means: acknowledged, fix_shipped, resolved, dismissed, or nothing.
        dismissed: close codes that mean "dismissed" instead.
        own: user names whose changes are our connector's own and are not told back.
        replay_window_s: with ``token``, how long after the change it is still taken; what is signed, five minutes.

    Raises:
        ValueError: naming the key.
    """

    name: str = "servicenow"
    auth: Literal["hmac", "token"] = "hmac"
    secret_env: str = ""
    secret_file: str = ""
    statuses: Mapping[str, str] = {}
    dismissed: tuple[str, ...] = ("No resolution provided", "Duplicate", "Not solved (not reproducible)")
    own: tuple[str, ...] = ()
    replay_window_s: float = 86_400.0

    def __post_init__(self) -> None:
        check_secret("secret", self.secret_env, self.secret_file)
        check_meanings("statuses", self.statuses)

    def source(self, secrets: Secrets) -> ServiceNow:
        """The source; raises ValueError, naming the key, if the secret is not where it should be."""
        return ServiceNow(self, secrets.get("secret", self.secret_env, self.secret_file))


class ServiceNow:
    """Incidents that have moved on."""

    def __init__(self, config: ServiceNowSource, secret: str) -> None:
        self.name, self._config, self._key = config.name, config, secret

    def take(self, incoming: Incoming) -> Told:
        """What a change of state means; raises Denied."""
        if self._config.auth == "hmac":
            stamp, header = "groundswell-timestamp", "groundswell-signature"
            check_stamped(incoming, stamp, header, lambda at: signature(self._key, at, incoming.body), _SIGNED_WINDOW_S)
        else:
            check_same(incoming.headers.get("groundswell-token", ""), self._key)
        record = document(incoming.body)
        at = _moment(text(record, "sys_updated_on"))
        check_fresh(at.timestamp(), incoming, self._config.replay_window_s)
        found = signals([text(record, "correlation_id")])
        if not found:
            return Told([], "its correlation_id does not begin with gs-")
        if text(record, "sys_updated_by") in self._config.own:
            return Told([], "it was our own doing")
        state, code = text(record, "state"), text(record, "close_code")
        kind = meant(state, self._config.statuses, _STATES)
        if kind is None:
            return Told([], f"state {state or 'unknown'} means nothing")
        if kind is not ActionKind.ACKNOWLEDGED and code.casefold() in {
            each.casefold() for each in self._config.dismissed
        }:
            kind = ActionKind.DISMISSED
        number = text(record, "number")
        change = text(record, "sys_mod_count") or text(record, "sys_updated_on")
        note = f"{number}: state {state}" + (f" ({code})" if code else "")
        by = text(record, "sys_updated_by")
        return actions(self.name, (text(record, "sys_id") or number, change, state), found, kind, at, by, note)


def _moment(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Denied(400, "sys_updated_on is no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
