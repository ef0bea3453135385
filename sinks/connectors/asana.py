"""Asana: one task a signal, found by its external id, with the news as comments (stories).

Asana keeps external ids for each OAuth app, so the token must be an app's: either an access token, or a refresh token
with the app's id and secret, from which access tokens are made as they expire.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sinks.connectors.asana_login import AsanaLogin
from sinks.connectors.asking import Target, contact, field, login_in, plain_marker
from sinks.connectors.base import Connector, External, Job
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Http
from sinks.texts import plain, title

_FIELDS = {"opt_fields": "gid,permalink_url,completed"}
_MOST_NAME, _MOST_NOTES = 1024, 60_000


class AsanaConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="asana"):
    """A ``[[connectors]]`` table with ``kind = "asana"``.

    An owner's contact may hold ``project`` (its id), ``section`` and ``assignee``.

    Attributes:
        token_env, token_file: where the access token is; with ``client_id`` the refresh token.
        client_id: of the OAuth app.
        client_secret_env, client_secret_file: where the app's secret is.
        project: where the owner's contact names none.

    Raises:
        ValueError: naming the key.
    """

    token_env: str = ""
    token_file: str = ""
    client_id: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    project: str = ""
    url: str = "https://app.asana.com"
    rate: float = 2.0

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_url("url", self.url)
        check_secret("token", self.token_env, self.token_file)
        check_secret("client_secret", self.client_secret_env, self.client_secret_file, needed=bool(self.client_id))
        if not self.client_id and (self.client_secret_env or self.client_secret_file):
            raise ValueError("client_id: is missing; client_secret is of no use without it")

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if a secret is not where it should be."""
        return Asana(self, http)


class Asana:
    """Tasks of a project."""

    tracks = True
    settle_s = 2.0

    def __init__(self, config: AsanaConfig, http: Http) -> None:
        self.name, self._config = config.name, config
        secret = http.secrets.get("client_secret", config.client_secret_env, config.client_secret_file)
        token = http.secrets.get("token", config.token_env, config.token_file)
        login = login_in("token", config.token_env, config.token_file)
        url = config.url.rstrip("/")
        self._login = AsanaLogin(http, url, token, (config.client_id, secret) if config.client_id else None, login)
        self._target = Target(http, "Asana", login, f"{url}/api/1.0", {})

    async def find(self, job: Job) -> External | None:
        """The task with the marker as its external id."""
        path = f"/tasks/external:{quote(plain_marker(job), safe='')}"
        said = await self._ask("GET", path, params=_FIELDS, missing=True)
        # A dry run finds nothing, so that it shows how a task is made.
        return None if said is None or self._target.http.dry else _external(said)

    async def create(self, job: Job) -> External:
        """Make a task."""
        project = contact(job, self.name, "project", self._config.project, "project of Asana")
        section = job.contact.get("section")
        task = {
            **self._fields(job),
            "projects": [project],
            "external": {"gid": plain_marker(job), "data": job.assignment.signal_id},
            **({"memberships": [{"project": project, "section": section}]} if section else {}),
            **({"assignee": job.contact["assignee"]} if job.contact.get("assignee") else {}),
        }
        return _external(await self._ask("POST", "/tasks", json={"data": task}, params=_FIELDS))

    async def update(self, job: Job, external: External) -> External:
        """Bring name, notes and due date up to date."""
        return await self._changed(external, self._fields(job))

    async def comment(self, job: Job, external: External) -> None:
        """Add the news as a comment."""
        await self._ask("POST", f"/tasks/{quote(external.key)}/stories", json={"data": {"text": job.news}})

    async def close(self, job: Job, external: External) -> External:
        """Complete the task."""
        return await self._changed(external, {"completed": True})

    async def reopen(self, job: Job, external: External) -> External:
        """Mark the task as not complete."""
        return await self._changed(external, {"completed": False, **self._fields(job)})

    async def _changed(self, external: External, change: dict[str, Any]) -> External:
        path = f"/tasks/{quote(external.key)}"
        return _external(await self._ask("PUT", path, json={"data": change}, params=_FIELDS))

    async def _ask(self, method: str, path: str, *, missing: bool = False, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {await self._login.token()}"}
        dry = None if missing else {"data": {"gid": "0"}}
        return await self._target.ask(method, path, headers=headers, missing=missing, dry=dry, **more)

    def _fields(self, job: Job) -> dict[str, Any]:
        a = job.assignment
        return {
            "name": title(a, _MOST_NAME),
            "notes": plain(a, job.links)[:_MOST_NOTES],
            "due_at": a.due_at.isoformat(),
        }


def _external(said: Any) -> External:
    data = said.get("data") if isinstance(said, dict) else None
    key = field(data, "gid")
    found: dict[str, Any] = data if isinstance(data, dict) else {}
    return External(key=key, url=str(found.get("permalink_url") or ""), open=not found.get("completed", False))
