"""PagerDuty, by the Events API v2: one alert a signal, with the marker as its dedup key.

PagerDuty joins events with one key itself, so an event may be sent again at any time, and nothing need be looked up.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.asking import contact
from sinks.connectors.base import External, Job, Refused
from sinks.connectors.http import Http
from sinks.secrets import check_secret, secret, told, variable
from sinks.texts import plain, title

_MOST_SUMMARY, _MOST_KEY, _MOST_DETAILS = 1024, 255, 20_000
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}").fullmatch
_BAD_REQUEST, _FORBIDDEN = 400, 403
_SEVERITY = {
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "critical",
}
_SEEN = (AssignmentState.ACKNOWLEDGED, AssignmentState.FIX_SHIPPED)
_OVER = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)


class PagerDutyConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pagerduty", tag_field="kind"):
    """A service of PagerDuty with an Events API v2 integration.

    An owner's contact may name the variable that holds another integration key with ``routing_key_env``.

    Attributes:
        base: of the service region; ``https://events.eu.pagerduty.com`` in Europe.
        source: what PagerDuty shows as the source of the alert.

    Raises:
        ValueError: naming the key.
    """

    name: str = "pagerduty"
    routing_key_env: str = ""
    routing_key_file: str = ""
    base: str = "https://events.pagerduty.com"
    source: str = "groundswell"

    def __post_init__(self) -> None:
        check_secret(self, "routing_key", needed=False)

    def connector(self, http: Http) -> PagerDuty:
        """The connector; raises ValueError if the key is not where it should be."""
        return PagerDuty(self, http)


class PagerDuty:
    """Alerts of a service."""

    tracks = True

    def __init__(self, config: PagerDutyConfig, http: Http) -> None:
        self.name = config.name
        self._config, self._http = config, http
        self._key = self._checked("routing_key_env", secret(config, "routing_key"))

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
        body = {"routing_key": self._routing_key(job), **event}
        answer = await self._http.call(
            "POST", f"{self._config.base.rstrip('/')}/v2/enqueue", json=body, ok=(200, 202, _BAD_REQUEST, _FORBIDDEN)
        )
        if answer.status not in (_BAD_REQUEST, _FORBIDDEN):
            return
        said = answer.json()
        errors = "; ".join(map(str, said.get("errors") or ())) if isinstance(said, dict) else ""
        if answer.status == _FORBIDDEN or "routing_key" in errors:
            where = job.contact.get("routing_key_env") or told(self._config, "routing_key")
            raise Refused(f"PagerDuty does not accept the integration key in {where}: {errors or 'status 403'}")
        raise Refused(f"PagerDuty refuses the event: {errors or 'status 400'}")

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
                "text": plain(a)[:_MOST_DETAILS],
            },
        }

    def _routing_key(self, job: Job) -> str:
        name = job.contact.get("routing_key_env")
        if name:
            try:
                return self._checked("routing_key_env", variable("routing_key_env", name))
            except ValueError as error:
                raise Refused(f"contact of {job.assignment.owner}: {error}") from None
        return contact(job, "routing_key_env", self._key, "the variable that holds an integration key of PagerDuty")

    def _checked(self, key: str, found: str) -> str:
        if found and not _ROUTING_KEY(found):
            raise ValueError(f"{key}: expected an integration key of PagerDuty: 32 letters and digits")
        self._http.hide(found)
        return found
