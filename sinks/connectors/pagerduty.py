"""PagerDuty, by the Events API v2: one alert a signal, with the marker as its dedup key.

PagerDuty joins events with one key itself, so an event may be sent again at any time, and nothing need be looked up.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from schemas.assignment import AssignmentState
from schemas.signal import Attention, Severity
from sinks.connectors.asking import contact, login_in
from sinks.connectors.base import Connector, External, Job, Refused, Unauthorized
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Http
from sinks.texts import plain, title

_MOST_SUMMARY, _MOST_KEY, _MOST_DETAILS = 1024, 255, 20_000
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}").fullmatch
_FORBIDDEN = 403
_SEVERITY = {
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "critical",
}
_SEEN = (AssignmentState.ACKNOWLEDGED, AssignmentState.FIX_SHIPPED)
_OVER = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)


class PagerDutyConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pagerduty"):
    """A ``[[connectors]]`` table with ``kind = "pagerduty"``.

    Attributes:
        routing_key_env, routing_key_file: where the key of a service's Events API v2 integration is; an owner's contact
            may name another variable with ``routing_key_env``.
        url: of the service region; ``https://events.eu.pagerduty.com`` in Europe.
        source: what PagerDuty shows as the source of the alert.

    Raises:
        ValueError: naming the key.
    """

    routing_key_env: str = ""
    routing_key_file: str = ""
    url: str = "https://events.pagerduty.com"
    source: str = "groundswell"
    on: tuple[Attention, ...] = (Attention.NOW,)
    rate: float = 2.0

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_secret("routing_key", self.routing_key_env, self.routing_key_file, needed=False)
        check_url("url", self.url)
        if not self.source:
            raise ValueError("source: is empty, and PagerDuty wants one")

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the integration key is not where it should be."""
        return PagerDuty(self, http)


class PagerDuty:
    """Alerts of a service."""

    tracks = True
    settle_s = 0.0

    def __init__(self, config: PagerDutyConfig, http: Http) -> None:
        self.name = config.name
        self._config, self._http = config, http
        self._key = self._checked(http.secrets.get("routing_key", config.routing_key_env, config.routing_key_file))

    async def find(self, job: Job) -> External | None:
        """Nothing: events can only be sent, and joining them is PagerDuty's part."""
        return None

    async def create(self, job: Job) -> External:
        """Trigger the alert."""
        await self._send(job, "trigger")
        return External(key=job.marker)

    async def update(self, job: Job, external: External) -> External:
        """Send what is so now; once somebody has it in hand, acknowledge."""
        if external.open and job.assignment.state not in _OVER:
            await self._send(job, "acknowledge" if job.assignment.state in _SEEN else "trigger")
        return external

    async def comment(self, job: Job, external: External) -> None:
        """Add the news to the alert's log; not once it is over, for a trigger would open another."""
        if external.open and job.assignment.state not in _OVER:
            await self._send(job, "trigger")

    async def close(self, job: Job, external: External) -> External:
        """Resolve the alert."""
        await self._send(job, "resolve")
        return replace(external, open=False)

    async def reopen(self, job: Job, external: External) -> External:
        """Trigger it again: for PagerDuty that is a new alert with the same key."""
        await self._send(job, "trigger")
        return replace(external, open=True)

    async def _send(self, job: Job, action: str) -> None:
        event: dict[str, Any] = {"event_action": action, "dedup_key": job.marker[:_MOST_KEY]}
        if action == "trigger":
            event |= {"payload": self._payload(job), "client": "Groundswell"}
        own = job.contact.get("routing_key_env") or job.contact.get("to") or ""
        body = {"routing_key": self._routing_key(job, own), **event}
        try:
            await self._http.call("POST", f"{self._config.url.rstrip('/')}/v2/enqueue", json=body)
        except Refused as refused:
            if "routing_key" not in refused.reason and refused.status != _FORBIDDEN:
                raise
            where = login_in("integration key", own or self._config.routing_key_env, self._config.routing_key_file)
            reason = f"PagerDuty does not accept {where}: {refused.reason}"
            # The connector's own key is nobody's fault in particular; an owner's is only that owner's.
            raise (Refused if own else Unauthorized)(reason, refused.status) from None

    def _payload(self, job: Job) -> dict[str, Any]:
        a = job.assignment
        return {
            "summary": title(a, _MOST_SUMMARY),
            "source": self._config.source,
            "severity": _SEVERITY[a.severity],
            "timestamp": a.signal.at.isoformat(),
            "component": a.theme,
            "group": a.owner,
            "class": a.signal.rule,
            "custom_details": {
                **({"news": job.news} if job.news else {}),
                "signal_id": a.signal_id,
                "tenant": a.tenant,
                "customers_estimated": a.signal.customers_estimated,
                "acknowledge_by": a.acknowledge_by.isoformat(),
                "due_at": a.due_at.isoformat(),
                "text": plain(a, job.links)[:_MOST_DETAILS],
            },
        }

    def _routing_key(self, job: Job, own: str) -> str:
        if own:
            try:
                return self._checked(self._http.secrets.get("routing_key", own))
            except ValueError as error:
                raise Refused(f"[contacts.{job.assignment.owner}], {self.name}: {error}") from None
        return contact(job, self.name, "routing_key_env", self._key, "integration key of PagerDuty")

    def _checked(self, found: str) -> str:
        if found and not self._http.dry and not _ROUTING_KEY(found):
            raise ValueError("routing_key_env: expected an integration key of PagerDuty: 32 letters and digits")
        return found
