"""What Asana is sent, and how a token is renewed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sinks.connectors.asana import AsanaConfig
from sinks.connectors.asana_login import AsanaLogin
from sinks.connectors.base import Connector, Unauthorized
from sinks.connectors.http import DryHttp
from sinks.connectors.secrets import Secrets
from tests.sinks.connectors.cases import TRACKED, VARIABLE, within
from tests.support.fake_targets import asana
from tests.support.jobs import MARKER, make_job

CASE = TRACKED[3]


def test_a_task_from_new_to_complete_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job(contact={"assignee": "ann@example.com"}))
        (task,) = fake.tasks
        assert (made.key, made.url) == (task["gid"], task["permalink_url"])
        assert task["external"] == {"gid": MARKER, "data": "sig-1"}
        assert (task["projects"], task["assignee"]) == ([asana.PROJECT], "ann@example.com")
        assert task["due_at"] == "2026-05-04T13:00:00+00:00"
        await connector.update(make_job(title="Login failure, more"), made)
        assert "more" in task["name"]
        await connector.comment(make_job("Escalated."), made)
        await connector.close(make_job("Resolved."), made)
        assert task["completed"] is True
        await connector.reopen(make_job("Back."), made)
        assert (task["completed"], task["said"]) == (False, ["Escalated."])

    asyncio.run(within(CASE, monkeypatch, body))


def test_an_access_token_is_made_once_and_again_when_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, _connector: Connector) -> None:
        now = [0.0]
        app = (asana.CLIENT, asana.CLIENT_SECRET)
        login = AsanaLogin(fake.http({}), fake.url, asana.REFRESH, app, "the token in T", lambda: now[0])
        assert await asyncio.gather(login.token(), login.token()) == [asana.TOKEN] * 2
        now[0] = 3400.0
        await login.token()
        assert fake.refreshed == 1
        now[0] = 3500.0
        await login.token()
        assert fake.refreshed == 2

    asyncio.run(within(CASE, monkeypatch, body))


def test_with_an_app_the_refresh_token_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, _connector: Connector) -> None:
        config = AsanaConfig(
            name="asana",
            url=fake.url,
            token_env=VARIABLE,
            client_id=asana.CLIENT,
            client_secret_env="APP_SECRET",
            project=asana.PROJECT,
        )
        known = {VARIABLE: asana.REFRESH, "APP_SECRET": asana.CLIENT_SECRET}
        await config.connector(fake.http(known)).create(make_job())
        assert (len(fake.tasks), fake.refreshed) == (1, 1)
        with pytest.raises(
            Unauthorized, match=f"does not accept the token in {VARIABLE} or the app's secret"
        ) as caught:
            await config.connector(fake.http({**known, "APP_SECRET": "wrong"})).create(make_job())
        assert asana.REFRESH not in caught.value.reason

    asyncio.run(within(CASE, monkeypatch, body, secret=asana.REFRESH))


def test_a_dry_run_shows_no_secret_in_the_form() -> None:
    said: list[str] = []
    secrets = Secrets({"T": "2/12:refresh-token", "S": "app secret+1"})
    config = AsanaConfig(name="asana", token_env="T", client_id="7", client_secret_env="S", project="1")
    asyncio.run(config.connector(DryHttp(secrets, said.append)).create(make_job()))
    assert "grant_type=refresh_token&client_id=7&client_secret=***&refresh_token=***" in said[0]
    assert [text for text in said if "refresh-token" in text] == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"client_id": "1"}, "client_secret_env: is missing"),
        ({"client_secret_env": "B"}, "client_id: is missing"),
    ],
)
def test_a_wrong_configuration_is_told_by_key(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        AsanaConfig(name="asana", token_env="A", **fields)
