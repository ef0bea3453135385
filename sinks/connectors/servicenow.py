"""ServiceNow, by the Table API: one incident a signal, found by its correlation id, with the news in its work notes."""

from __future__ import annotations

import base64
from typing import Any

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.asking import Target, field, login_in, plain_marker
from sinks.connectors.base import Connector, External, Job
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Http
from sinks.texts import plain, title

_MOST_SUMMARY, _MOST_TEXT = 160, 4000
_NAME = "groundswell"
_FIELDS = "sys_id,number,state,active"
_ASKED = {"sysparm_fields": _FIELDS}
_DRY = {"result": {"sys_id": "0" * 32, "number": "INC0000000", "state": "1"}}
_LEVEL = {Severity.CRITICAL: "1", Severity.HIGH: "1", Severity.MEDIUM: "2", Severity.LOW: "3"}
_IMPACT = {Severity.CRITICAL: "1", Severity.HIGH: "2", Severity.MEDIUM: "2", Severity.LOW: "3"}


class ServiceNowConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="servicenow"):
    """A ``[[connectors]]`` table with ``kind = "servicenow"``.

    Attributes:
        url: of the instance: ``https://NAME.service-now.com``.
        user: whose password the secret is; without one it is an OAuth access token.
        secret_env, secret_file: where that is.
        table: incidents, or one that is made like them.
        assignment_group: name or sys_id, where the owner's contact names none.
        state_in_progress, state_resolved: numbers of the states of the table.
        over: those that count as closed.
        close_code, close_code_dismissed: what resolving demands; a value of the table's own choices.

    Raises:
        ValueError: naming the key.
    """

    url: str
    user: str = ""
    secret_env: str = ""
    secret_file: str = ""
    table: str = "incident"
    assignment_group: str = ""
    state_in_progress: str = "2"
    state_resolved: str = "6"
    over: tuple[str, ...] = ("6", "7", "8")
    close_code: str = "Solution provided"
    close_code_dismissed: str = "No resolution provided"

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_url("url", self.url)
        check_secret("secret", self.secret_env, self.secret_file)
        if not self.table.replace("_", "").isalnum():
            raise ValueError(f'table: expected the name of a table such as incident, got "{self.table}"')
        if self.state_resolved not in self.over:
            raise ValueError(f'over: expected "{self.state_resolved}" in it, the state of state_resolved')

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the secret is not where it should be."""
        return ServiceNow(self, http)


class ServiceNow:
    """Incidents of an instance."""

    tracks = True
    settle_s = 2.0

    def __init__(self, config: ServiceNowConfig, http: Http) -> None:
        self.name = config.name
        self._config, self._path = config, f"/api/now/table/{config.table}"
        found = http.secrets.get("secret", config.secret_env, config.secret_file)
        basic = base64.b64encode(f"{config.user}:{found}".encode()).decode()
        http.secrets.hide(basic)
        headers = {"Authorization": f"Basic {basic}" if config.user else f"Bearer {found}"}
        login = login_in("password" if config.user else "token", config.secret_env, config.secret_file)
        self._target = Target(http, "ServiceNow", login, config.url.rstrip("/"), headers)

    async def find(self, job: Job) -> External | None:
        """The incident with the marker; the newest, if people have copied it."""
        query = {
            "sysparm_query": f"correlation_id={plain_marker(job)}^ORDERBYDESCsys_created_on",
            "sysparm_fields": _FIELDS,
            "sysparm_limit": "20",
        }
        said = await self._target.ask("GET", self._path, params=query, dry={"result": []})
        found = [self._external(record) for record in (said or {}).get("result") or ()]
        return next((one for one in found if one.open), found[0] if found else None)

    async def create(self, job: Job) -> External:
        """Open an incident."""
        marks = {"correlation_id": plain_marker(job), "correlation_display": _NAME}
        change = {**self._fields(job), **marks}
        said = await self._target.ask("POST", self._path, json=change, params=_ASKED, dry=_DRY)
        return self._external((said or {}).get("result"))

    async def update(self, job: Job, external: External) -> External:
        """Bring the incident's fields up to date; its state belongs to whoever works on it."""
        return await self._patched(external, self._fields(job))

    async def comment(self, job: Job, external: External) -> None:
        """Write the news into the work notes."""
        await self._patched(external, {"work_notes": job.news})

    async def close(self, job: Job, external: External) -> External:
        """Resolve the incident."""
        dismissed = job.assignment.state is AssignmentState.DISMISSED
        code = self._config.close_code_dismissed if dismissed else self._config.close_code
        notes = job.news or title(job.assignment, _MOST_SUMMARY)
        change = {"state": self._config.state_resolved, "close_code": code, "close_notes": notes}
        return await self._patched(external, change)

    async def reopen(self, job: Job, external: External) -> External:
        """Put the incident back in progress."""
        return await self._patched(external, {"state": self._config.state_in_progress, **self._fields(job)})

    async def _patched(self, external: External, change: dict[str, Any]) -> External:
        path = f"{self._path}/{external.place}"
        said = await self._target.ask("PATCH", path, json=change, params=_ASKED, dry=_DRY)
        return self._external((said or {}).get("result"))

    def _fields(self, job: Job) -> dict[str, Any]:
        a = job.assignment
        group = job.contact.get("assignment_group") or job.contact.get("to") or self._config.assignment_group
        return {
            "short_description": title(a, _MOST_SUMMARY),
            "description": plain(a, job.links)[:_MOST_TEXT],
            "urgency": _LEVEL[a.severity],
            "impact": _IMPACT[a.severity],
            **({"assignment_group": group} if group else {}),
        }

    def _external(self, record: Any) -> External:
        sys_id = field(record, "sys_id")
        state = str(record.get("state", ""))
        number = str(record.get("number") or sys_id)
        url = f"{self._target.url}/nav_to.do?uri={self._config.table}.do?sys_id={sys_id}"
        return External(key=number, url=url, place=sys_id, open=state not in self._config.over)
