from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.base import External, Gone, Later, Refused, Unauthorized
from sinks.connectors.http import DryHttp
from sinks.connectors.jira import Jira, JiraConfig
from sinks.connectors.secrets import Secrets
from tests.support.fake_targets.faulty import NOW, Fault
from tests.support.fake_targets.jira import PROJECT, TOKEN, USER, FakeJira
from tests.support.jobs import MARKER, make_job

Body = Callable[[FakeJira, Any], Awaitable[None]]


def with_jira(body: Body, fake: FakeJira | None = None, token: str = TOKEN, **keys: Any) -> None:
    async def run() -> None:
        async with fake or FakeJira() as server:
            config = JiraConfig(
                **{"name": "jira", "url": server.url, "user": USER, "token_env": "T", "project": PROJECT, **keys}
            )
            await body(server, config.connector(server.http({"T": token})))

    asyncio.run(run())


def test_an_issue_has_all_that_a_person_needs() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        contact = {"project": PROJECT, "issuetype": "Bug", "account_id": "5b10", "component": "Login"}
        made = await jira.create(make_job(contact=contact))
        assert made == External("MOB-1", f"{fake.url}/browse/MOB-1", PROJECT)
        fields = fake.issues[0]["fields"]
        assert fields["project"] == {"key": PROJECT}
        assert fields["issuetype"] == {"name": "Bug"}
        assert fields["assignee"] == {"accountId": "5b10"}
        assert fields["components"] == [{"name": "Login"}]
        assert fields["priority"] == {"name": "Highest"}
        assert fields["labels"] == [MARKER, "groundswell"]
        assert "Login failure" in fields["summary"]
        assert fields["description"]["type"] == "doc"

    with_jira(body, project="")


def test_a_life() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        assert await jira.find(make_job()) is None
        made = await jira.create(make_job())
        fake.issues[0]["fields"]["labels"].append("of-a-person")
        assert await jira.update(make_job(revision=2, title="Grown"), made) == made
        assert "Grown" in fake.issues[0]["fields"]["summary"]
        assert fake.issues[0]["fields"]["labels"] == [MARKER, "groundswell", "of-a-person"]
        await jira.comment(make_job("Escalated.\nTwice."), made)
        paragraphs = fake.issues[0]["comments"][0]["content"]
        assert [each["content"][0]["text"] for each in paragraphs] == ["Escalated.", "Twice."]
        closed = await jira.close(make_job(state=AssignmentState.RESOLVED), made)
        assert (closed.open, fake.issues[0]["status"]) == (False, "Done")
        assert await jira.find(make_job()) == closed
        again = await jira.reopen(make_job(), closed)
        assert (again.open, fake.issues[0]["status"]) == (True, "To Do")
        # What is so already is left alone.
        fake.asked.clear()
        await jira.reopen(make_job(), again)
        assert [each.method for each in fake.asked] == ["GET"]

    with_jira(body)


def test_a_dismissed_one_is_moved_where_such_are() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        await jira.close(make_job(state=AssignmentState.DISMISSED), await jira.create(make_job()))
        assert fake.issues[0]["status"] == "Won't Do"

    with_jira(body)


def test_statuses_may_be_preferred_and_a_resolution_is_given_where_one_is_asked_for() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        fake.needs_resolution = True
        made = await jira.create(make_job())
        closed = await jira.close(make_job(), made)
        assert (fake.issues[0]["status"], fake.issues[0]["resolution"]) == ("Won't Do", {"id": "1"})
        await jira.reopen(make_job(), closed)
        assert fake.issues[0]["status"] == "In Progress"

    with_jira(body, done=("won't do",), reopened=("In Progress",))


def test_a_workflow_without_a_way_says_which_ways_there_are() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        fake.allowed["To Do"] = ["In Progress"]
        made = await jira.create(make_job())
        with pytest.raises(Refused, match=r"MOB-1 cannot be moved from To Do .* done; .* offers us In Progress"):
            await jira.close(make_job(), made)

    with_jira(body)


def test_of_several_pages_the_open_one_is_taken() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        for _ in range(3):
            await jira.create(make_job())
        await jira.close(make_job(), External("MOB-1"))
        found = await jira.find(make_job())
        assert found == External("MOB-2", f"{fake.url}/browse/MOB-2", PROJECT)
        assert await jira.find(make_job(marker=f"{MARKER}2")) is None

    with_jira(body)


def test_the_search_lags_behind() -> None:
    now = [0.0]

    async def body(fake: FakeJira, jira: Any) -> None:
        await jira.create(make_job())
        assert await jira.find(make_job()) is None
        now[0] = jira.settle_s
        assert await jira.find(make_job()) is not None

    with_jira(body, FakeJira(index_s=15.0, clock=lambda: now[0]))


@pytest.mark.parametrize(
    "fault", [Fault(effect=True, slow=True), Fault(effect=True, cut=True), Fault(502, effect=True)]
)
def test_a_lost_answer_leaves_it_unsure_and_it_is_found(fault: Fault) -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        fake.faults.append(fault)
        with pytest.raises(Later) as caught:
            await jira.create(make_job())
        assert caught.value.unsure
        assert (await jira.find(make_job())).key == "MOB-1"
        assert len(fake.issues) == 1

    with_jira(body)


def test_a_busy_or_absent_one_has_done_nothing() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        fake.faults.append(Fault(429, {"Retry-After": "7"}))
        with pytest.raises(Later) as busy:
            await jira.create(make_job())
        assert (busy.value.after_s, busy.value.unsure) == (7.0, False)
        fake.faults.append(Fault(429, {"Retry-After": "Mon, 04 May 2026 09:00:30 GMT"}))
        with pytest.raises(Later) as busy:
            await jira.create(make_job())
        assert busy.value.after_s == 1_777_885_230.0 - NOW
        await fake._runner.cleanup()
        with pytest.raises(Later) as absent:
            await jira.create(make_job())
        assert not absent.value.unsure
        assert fake.issues == []

    with_jira(body)


def test_refusals_are_told_in_jiras_words() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        with pytest.raises(Refused, match="project: valid project is required"):
            await jira.create(make_job(contact={"project": "NONE"}))
        with pytest.raises(Gone, match="Issue does not exist"):
            await jira.update(make_job(), External("MOB-99"))

    with_jira(body)


def test_a_wrong_token_is_told_without_it() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        with pytest.raises(Unauthorized, match="check the login") as caught:
            await jira.create(make_job())
        assert "wrong-token" not in caught.value.reason

    with_jira(body, token="wrong-token")


def test_without_a_project_it_is_said_where_one_is_written() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        with pytest.raises(Refused, match=r"no Jira project .*\[contacts\.product-mobile\], jira = \{ project"):
            await jira.create(make_job())

    with_jira(body, project="")


def test_what_people_write_is_left_to_them() -> None:
    async def body(fake: FakeJira, jira: Any) -> None:
        made = await jira.create(make_job())
        fake.issues[0]["fields"]["summary"] = "A person's own words"
        await jira.update(make_job(severity=Severity.LOW), made)
        assert fake.issues[0]["fields"]["summary"] == "A person's own words"
        assert fake.issues[0]["fields"]["priority"] == {"name": "Low"}

    with_jira(body, updates=("priority",))


def test_a_dry_run_prints_the_call_without_the_token() -> None:
    told: list[str] = []
    config = JiraConfig(name="jira", url="https://x.example", user=USER, token_env="T", project=PROJECT)
    jira = Jira(config, DryHttp(Secrets({"T": TOKEN}), told.append))

    async def body() -> None:
        made = await jira.create(make_job())
        await jira.close(make_job(), made)
        await jira.reopen(make_job(), made)

    asyncio.run(body())
    head, _, content = told[0].partition("\n\n")
    assert head.splitlines()[0] == "POST https://x.example/rest/api/3/issue"
    assert "Authorization: Basic ***" in head
    assert json.loads(content)["fields"]["project"] == {"key": PROJECT}
    assert TOKEN not in "".join(told)
    assert len([each for each in told if each.startswith("POST")]) == 3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"url": "http://x.example"}, "url: is not encrypted"),
        ({"url": "https://a:b@x.example"}, "url: holds a login"),
        ({"url": "x"}, "url: expected an address"),
        ({"token_env": ""}, "token_env: is missing"),
        ({"token_env": "not a name"}, "token_env: expected the name"),
        ({"token_file": "f"}, "token_env: expected either"),
        ({"labels": ("a b",)}, 'labels: "a b"'),
        ({"updates": ("labels",)}, 'updates: there is no "labels"'),
        ({"name": "a b"}, "name: expected letters"),
        ({"on": ()}, "on: is empty"),
        ({"rate": 0.0}, "rate: expected more than 0"),
    ],
)
def test_mistakes_name_their_key(keys: dict[str, Any], message: str) -> None:
    good = {"name": "jira", "url": "https://x.example", "user": USER, "token_env": "T"}
    with pytest.raises(ValueError, match=message):
        JiraConfig(**{**good, **keys})
