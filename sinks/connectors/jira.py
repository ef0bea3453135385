"""Jira Cloud, REST API v3: an issue a signal, found again by its label.

Its search index follows an issue by seconds, so what ``find`` does not see may still have been created; ``settle`` says
for how long.
"""

from typing import Any
from urllib.parse import quote

from msgspec import field
from msgspec.structs import replace

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.base import Connector, External, Job, Refused
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Answer, Http
from sinks.texts import jira_adf, title

_LONGEST_SUMMARY = 255
_DONE = "done"
_OPEN = ("new", "indeterminate")
_PRIORITIES = {
    Severity.CRITICAL: "Highest",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
}
_FIELDS = frozenset({"summary", "description", "priority"})


class JiraConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="jira"):
    """A ``[[connectors]]`` table with ``kind = "jira"``.

    Attributes:
        url: of the site, such as ``https://example.atlassian.net``.
        user: the e-mail address of the account that the token is of.
        token_env, token_file: where its API token is.
        project, issuetype: where the owner's contact names none.
        priorities: severity -> name of a priority; one left out sets none.
        labels: on every issue, beside the marker.
        fields: more fields of a new issue, as the API takes them.
        updates: fields that are kept up to date; the others are people's after the issue is made.
        done, dismissed, reopened: names of statuses to prefer; otherwise the first of the right category is taken.
        settle_s: how long the search may lag behind.

    Raises:
        ValueError: naming the key.
    """

    url: str
    user: str
    token_env: str = ""
    token_file: str = ""
    project: str = ""
    issuetype: str = "Task"
    priorities: dict[Severity, str] = field(default_factory=lambda: dict(_PRIORITIES))
    labels: tuple[str, ...] = ("groundswell",)
    fields: dict[str, Any] = field(default_factory=dict)
    updates: tuple[str, ...] = ("summary", "description", "priority")
    done: tuple[str, ...] = ()
    dismissed: tuple[str, ...] = ("Won't Do", "Rejected", "Cancelled", "Canceled")
    reopened: tuple[str, ...] = ()
    settle_s: float = 20.0

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_url("url", self.url)
        check_secret("token", self.token_env, self.token_file)
        for label in self.labels:
            if not label or " " in label:
                raise ValueError(f'labels: "{label}" is none: a label has no spaces')
        for name in self.updates:
            if name not in _FIELDS:
                raise ValueError(f'updates: there is no "{name}"; there are {", ".join(sorted(_FIELDS))}')

    def connector(self, http: Http) -> Connector:
        """Ready to tell it.

        Raises:
            ValueError: naming the key of a secret that is not there.
        """
        return Jira(self, http)


class Jira:
    """An issue a signal."""

    tracks = True

    def __init__(self, config: JiraConfig, http: Http) -> None:
        self.name, self.settle_s = config.name, config.settle_s
        self._config, self._http = config, http
        self._base = config.url.rstrip("/")
        self._auth = (config.user, http.secrets.get("token", config.token_env, config.token_file))

    async def find(self, job: Job) -> External | None:
        """The issue with the marker as a label: the oldest one that is open, or else the oldest."""
        found: list[External] = []
        body: dict[str, Any] = {
            "jql": f'labels = "{_quoted(job.marker)}" ORDER BY created ASC',
            "fields": ["status"],
            "maxResults": 50,
        }
        while True:
            page = (await self._call("POST", "search/jql", json=body, dry={"issues": []})).json() or {}
            found += [self._external(issue["key"], issue["fields"]["status"]) for issue in page.get("issues", [])]
            if not page.get("nextPageToken"):
                break
            body["nextPageToken"] = page["nextPageToken"]
        return next((each for each in found if each.open), found[0] if found else None)

    async def create(self, job: Job) -> External:
        """A new issue in the owner's project."""
        config, contact = self._config, job.contact
        project = contact.get("project") or config.project
        if not project:
            owner = job.assignment.owner
            raise Refused(
                f'no Jira project for "{owner}": name one in [contacts.{owner}], '
                f'{self.name} = {{ project = "KEY" }}, or for all owners with project in the connector'
            )
        fields = {
            **config.fields,
            **self._shown(job),
            "project": {"key": project},
            "issuetype": {"name": contact.get("issuetype") or config.issuetype},
            "labels": [job.marker, *config.labels],
        }
        if contact.get("account_id"):
            fields["assignee"] = {"accountId": contact["account_id"]}
        if contact.get("component"):
            fields["components"] = [{"name": contact["component"]}]
        answer = await self._call("POST", "issue", json={"fields": fields}, dry={"key": f"{project}-0"})
        return External(answer.json()["key"], self._browse(answer.json()["key"]), project)

    async def update(self, job: Job, external: External) -> External:
        """Title, text and priority as they are now, as far as ``updates`` names them; labels of people stay."""
        shown = {name: value for name, value in self._shown(job).items() if name in self._config.updates}
        body = {"fields": shown, "update": {"labels": [{"add": job.marker}]}}
        await self._call("PUT", f"issue/{quote(external.key)}", json=body)
        return external

    async def comment(self, job: Job, external: External) -> None:
        """A comment."""
        await self._call("POST", f"issue/{quote(external.key)}/comment", json={"body": _paragraphs(job.news)})

    async def close(self, job: Job, external: External) -> External:
        """Move it to a status of the category Done."""
        preferred = self._config.done
        if job.assignment.state is AssignmentState.DISMISSED:
            preferred = (*self._config.dismissed, *preferred)
        await self._move(external, (_DONE,), preferred)
        return replace(external, open=False)

    async def reopen(self, job: Job, external: External) -> External:
        """Move it to a status that is not of the category Done."""
        del job
        await self._move(external, _OPEN, self._config.reopened)
        return replace(external, open=True)

    async def _move(self, external: External, categories: tuple[str, ...], preferred: tuple[str, ...]) -> None:
        path = f"issue/{quote(external.key)}"
        dry_status = {"name": "?", "statusCategory": {"key": "?"}}
        issue = await self._call("GET", path, params={"fields": "status"}, dry={"fields": {"status": dry_status}})
        status = issue.json()["fields"]["status"]
        if _category(status) in categories:
            return
        dry = {"transitions": [{"id": "0", "to": {"name": "?", "statusCategory": {"key": categories[0]}}}]}
        answer = await self._call("GET", f"{path}/transitions", params={"expand": "transitions.fields"}, dry=dry)
        listed = answer.json()["transitions"]
        fitting = [each for each in listed if _category(each["to"]) in categories]
        if not fitting:
            names = ", ".join(str(each["to"]["name"]) for each in listed) or "none"
            raise Refused(
                f"{external.key} cannot be moved from {status['name']} to a status of the category "
                f"{' or '.join(categories)}; from there Jira offers us {names}"
            )
        # min() takes the first of equals: without a preference, the workflow's own order.
        chosen = min(
            fitting, key=lambda each: (_place(each["to"]["name"], preferred), categories.index(_category(each["to"])))
        )
        body: dict[str, Any] = {"transition": {"id": chosen["id"]}}
        resolution = chosen.get("fields", {}).get("resolution", {})
        if resolution.get("required") and resolution.get("allowedValues"):
            body["fields"] = {"resolution": {"id": resolution["allowedValues"][0]["id"]}}
        await self._call("POST", f"{path}/transitions", json=body)

    def _shown(self, job: Job) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "summary": title(job.assignment, _LONGEST_SUMMARY),
            "description": jira_adf(job.assignment, job.links),
        }
        priority = self._config.priorities.get(job.assignment.severity)
        if priority:
            fields["priority"] = {"name": priority}
        return fields

    def _external(self, key: str, status: dict[str, Any]) -> External:
        return External(key, self._browse(key), key.rpartition("-")[0], _category(status) != _DONE)

    def _browse(self, key: str) -> str:
        return f"{self._base}/browse/{key}"

    async def _call(self, method: str, path: str, **more: Any) -> Answer:
        return await self._http.call(method, f"{self._base}/rest/api/3/{path}", auth=self._auth, **more)


def _category(status: dict[str, Any]) -> str:
    return str(status["statusCategory"]["key"])


def _place(name: str, preferred: tuple[str, ...]) -> int:
    lowered = [each.casefold() for each in preferred]
    return lowered.index(name.casefold()) if name.casefold() in lowered else len(lowered)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _paragraphs(text: str) -> dict[str, Any]:
    """Text as an Atlassian document, a paragraph a line."""
    lines = [line for line in text.splitlines() if line.strip()]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": content}
