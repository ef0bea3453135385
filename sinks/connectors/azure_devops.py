"""Azure DevOps Boards: one work item a signal, found by a tag with WIQL, changed with JSON Patch."""

from __future__ import annotations

import base64
import html
from typing import Any
from urllib.parse import quote

from schemas.signal import Severity
from sinks.connectors.asking import Target, contact, field, login_in, plain_marker
from sinks.connectors.base import Connector, External, Job
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Http
from sinks.texts import plain, title

_VERSION = {"api-version": "7.1"}
_PATCH = {"Content-Type": "application/json-patch+json"}
_MOST_TITLE = 255
_MOST_FOUND = 20
_PRIORITY = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 3, Severity.LOW: 4}


class AzureDevOpsConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="azure-devops"):
    """A ``[[connectors]]`` table with ``kind = "azure-devops"``.

    An owner's contact may hold ``project``, ``type``, ``area`` and ``assigned_to``.

    Attributes:
        url: with the organisation: ``https://dev.azure.com/ORGANISATION``, or a server's collection.
        token_env, token_file: where a personal access token is, with the scope Work Items (read and write).
        project, type, area: where the owner's contact names none.
        closed, reopened: the states that they are put into, by the project's process.
        over: states that count as closed.
        tags: that each gets beside its marker.

    Raises:
        ValueError: naming the key.
    """

    url: str
    token_env: str = ""
    token_file: str = ""
    project: str = ""
    type: str = "Bug"
    area: str = ""
    closed: str = "Resolved"
    reopened: str = "Active"
    over: tuple[str, ...] = ("Resolved", "Closed", "Done", "Removed")
    tags: tuple[str, ...] = ("groundswell",)

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_url("url", self.url)
        check_secret("token", self.token_env, self.token_file)
        if self.closed not in self.over:
            raise ValueError(f'over: expected "{self.closed}" in it, the state of closed')
        for tag in self.tags:
            if ";" in tag or "," in tag:
                raise ValueError(f'tags: "{tag}" holds a separator')

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the token is not where it should be."""
        return AzureDevOps(self, http)


class AzureDevOps:
    """Work items of a project."""

    tracks = True
    settle_s = 2.0

    def __init__(self, config: AzureDevOpsConfig, http: Http) -> None:
        self.name, self._config = config.name, config
        token = http.secrets.get("token", config.token_env, config.token_file)
        basic = base64.b64encode(f":{token}".encode()).decode()
        http.secrets.hide(basic)
        login = login_in("token", config.token_env, config.token_file)
        headers = {"Authorization": f"Basic {basic}"}
        self._target = Target(http, "Azure DevOps", login, config.url.rstrip("/"), headers)

    async def find(self, job: Job) -> External | None:
        """The work item with the marker among its tags; an open one before a closed one, the newest first."""
        project = self._project(job)
        wiql = (
            # A marker is plain: it cannot end the text it stands in.
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "  # noqa: S608
            f"AND [System.Tags] CONTAINS '{plain_marker(job)}' ORDER BY [System.Id] DESC"
        )
        said = await self._target.ask(
            "POST",
            f"/{quote(project)}/_apis/wit/wiql",
            json={"query": wiql},
            params={**_VERSION, "$top": str(_MOST_FOUND)},
            dry={"workItems": []},
        )
        ids = [field(item, "id") for item in (said or {}).get("workItems") or ()]
        if not ids:
            return None
        query = {**_VERSION, "ids": ",".join(ids), "fields": "System.State,System.Tags"}
        listed = await self._target.ask("GET", f"/{quote(project)}/_apis/wit/workitems", params=query)
        # CONTAINS is no more than that for some servers: gs-sig-1 would find gs-sig-12.
        items = [item for item in (listed or {}).get("value") or () if job.marker in _tags(item)]
        found = [self._external(item, project) for item in sorted(items, key=lambda item: -int(item["id"]))]
        return next((one for one in found if one.open), found[0] if found else None)

    async def create(self, job: Job) -> External:
        """Make a work item."""
        project = self._project(job)
        kind = job.contact.get("type") or self._config.type
        area = job.contact.get("area") or self._config.area
        fields = {
            **self._fields(job),
            "System.Tags": "; ".join([*self._config.tags, plain_marker(job)]),
            **({"System.AreaPath": area} if area else {}),
            **({"System.AssignedTo": job.contact["assigned_to"]} if job.contact.get("assigned_to") else {}),
        }
        path = f"/{quote(project)}/_apis/wit/workitems/${quote(kind)}"
        return self._external(await self._patched("POST", path, fields), project)

    async def update(self, job: Job, external: External) -> External:
        """Bring title, description and priority up to date; the state belongs to whoever works on it."""
        return await self._changed(external, self._fields(job))

    async def comment(self, job: Job, external: External) -> None:
        """Add the news to the discussion."""
        await self._changed(external, {"System.History": _html(job.news)})

    async def close(self, job: Job, external: External) -> External:
        """Put it into the closed state."""
        return await self._changed(external, {"System.State": self._config.closed})

    async def reopen(self, job: Job, external: External) -> External:
        """Put it back."""
        return await self._changed(external, {"System.State": self._config.reopened, **self._fields(job)})

    async def _changed(self, external: External, fields: dict[str, Any]) -> External:
        project = external.place
        path = f"/{quote(project)}/_apis/wit/workitems/{quote(external.key)}"
        return self._external(await self._patched("PATCH", path, fields), project)

    async def _patched(self, method: str, path: str, fields: dict[str, Any]) -> Any:
        steps = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]
        return await self._target.ask(method, path, json=steps, params=_VERSION, headers=_PATCH, dry={"id": 0})

    def _project(self, job: Job) -> str:
        return contact(job, self.name, "project", self._config.project, "project of Azure DevOps")

    def _fields(self, job: Job) -> dict[str, Any]:
        a = job.assignment
        return {
            "System.Title": title(a, _MOST_TITLE),
            "System.Description": _html(plain(a, job.links)),
            "Microsoft.VSTS.Common.Priority": _PRIORITY[a.severity],
        }

    def _external(self, item: Any, project: str) -> External:
        key = field(item, "id")
        state = (item.get("fields") or {}).get("System.State")
        url = f"{self._target.url}/{quote(project)}/_workitems/edit/{key}"
        return External(key=key, url=url, place=project, open=state not in self._config.over)


def _tags(item: Any) -> set[str]:
    return {tag.strip() for tag in str((item.get("fields") or {}).get("System.Tags", "")).split(";")}


def _html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
