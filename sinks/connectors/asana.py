"""Asana: one task a signal, found by its external id, with the news as comments (stories).

Asana keeps external ids for each OAuth app, so the token must be an app's: either an access token, or a refresh token
with the app's id and secret, from which access tokens are made as they expire.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from sinks.connectors.asana_login import AsanaLogin
from sinks.connectors.asking import Target, contact, field, plain_marker
from sinks.connectors.base import External, Job
from sinks.connectors.http import Http
from sinks.secrets import check_secret, secret, told
from sinks.texts import plain, title

_FIELDS = {"opt_fields": "gid,permalink_url,completed"}
_MOST_NAME, _MOST_NOTES = 1024, 60_000


class AsanaConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="asana", tag_field="kind"):
    """A project of Asana. An owner's contact may hold ``project`` (its id), ``section`` and ``assignee``.

    Attributes:
        token_env, token_file: where the access token is; with ``client_id`` the refresh token.
        client_id: of the OAuth app.

    Raises:
        ValueError: naming the key.
    """

    name: str = "asana"
    token_env: str = ""
    token_file: str = ""
    client_id: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    project: str = ""
    base: str = "https://app.asana.com"

    def __post_init__(self) -> None:
        check_secret(self, "token")
        check_secret(self, "client_secret", needed=bool(self.client_id))
        if not self.client_id and (self.client_secret_env or self.client_secret_file):
            raise ValueError("client_id: is missing; client_secret is of no use without it")

    def connector(self, http: Http) -> Asana:
        """The connector; raises ValueError if a secret is not where it should be."""
        return Asana(self, http)


class Asana:
    """Tasks of a project."""

    tracks = True

    def __init__(self, config: AsanaConfig, http: Http) -> None:
        self.name, self._config = config.name, config
        app = (config.client_id, secret(config, "client_secret")) if config.client_id else None
        base = config.base.rstrip("/")
        where = told(config, "token")
        self._login = AsanaLogin(http, base, secret(config, "token"), app, where)
        self._target = Target(http, "Asana", where, f"{base}/api/1.0", {"Accept": "application/json"})

    async def find(self, job: Job) -> External | None:
        """The task with the marker as its external id."""
        path = f"/tasks/external:{quote(plain_marker(job))}"
        said = await self._read("GET", path, params=_FIELDS, missing=True)
        return None if said is None else _external(said)

    async def create(self, job: Job) -> External:
        """Make a task."""
        project = contact(job, "project", self._config.project, "the id of a project of Asana")
        section = job.contact.get("section")
        task = {
            **self._fields(job),
            "projects": [project],
            "external": {"gid": plain_marker(job), "data": job.assignment.signal_id},
            **({"memberships": [{"project": project, "section": section}]} if section else {}),
            **({"assignee": job.contact["assignee"]} if job.contact.get("assignee") else {}),
        }
        return _external(await self._read("POST", "/tasks", json={"data": task}, params=_FIELDS))

    async def update(self, job: Job, external: External) -> External:
        """Bring name, notes and due date up to date."""
        return await self._changed(external, self._fields(job))

    async def comment(self, job: Job, external: External) -> None:
        """Add the news as a comment."""
        await self._read("POST", f"/tasks/{quote(external.key)}/stories", json={"data": {"text": job.news}})

    async def close(self, job: Job, external: External) -> External:
        """Complete the task."""
        return await self._turned(job, external, {"completed": True})

    async def reopen(self, job: Job, external: External) -> External:
        """Mark the task as not complete."""
        return await self._turned(job, external, {"completed": False, **self._fields(job)})

    async def _turned(self, job: Job, external: External, change: dict[str, Any]) -> External:
        found = await self._changed(external, change)
        if job.news:
            await self.comment(job, external)
        return found

    async def _changed(self, external: External, change: dict[str, Any]) -> External:
        path = f"/tasks/{quote(external.key)}"
        return _external(await self._read("PUT", path, json={"data": change}, params=_FIELDS))

    async def _read(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {await self._login.token()}"}
        return await self._target.read(method, path, headers=headers, **more)

    def _fields(self, job: Job) -> dict[str, Any]:
        a = job.assignment
        return {
            "name": title(a, _MOST_NAME),
            "notes": plain(a)[:_MOST_NOTES],
            "due_at": a.due_at.isoformat(),
        }


def _external(said: Any) -> External:
    data = said.get("data") if isinstance(said, dict) else None
    key = field(data, "gid")
    found: dict[str, Any] = data if isinstance(data, dict) else {}
    return External(key=key, url=str(found.get("permalink_url") or ""), open=not found.get("completed", False))
