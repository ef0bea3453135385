"""What holds for every target over HTTP: retries, refusals, lost answers, and a life from beginning to end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.assignment import AssignmentState
from sinks.connectors.base import Connector, Gone, Later, Refused, Unauthorized
from sinks.connectors.http import DryHttp
from sinks.connectors.secrets import Secrets
from tests.sinks.connectors.cases import ALL, JOINED, TRACKED, VARIABLE, Case, within
from tests.support.fake_targets.faulty import NOW, Fault
from tests.support.jobs import MARKER, make_job

all_targets = pytest.mark.parametrize("case", ALL, ids=lambda case: case.kind)
tracked = pytest.mark.parametrize("case", TRACKED, ids=lambda case: case.kind)


@all_targets
def test_a_busy_target_says_when_to_come_back(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(429, {"Retry-After": "7"}))
        with pytest.raises(Later) as caught:
            await connector.create(make_job())
        assert caught.value.after_s == 7.0
        fake.faults.append(Fault(429, {"Retry-After": "Mon, 04 May 2026 09:00:30 GMT"}))
        with pytest.raises(Later) as caught:
            await connector.create(make_job())
        assert caught.value.after_s == 1_777_885_230.0 - NOW
        assert case.made(fake) == 0
        await connector.create(make_job())
        assert case.made(fake) == 1

    asyncio.run(within(case, monkeypatch, body))


@all_targets
@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_broken_target_is_tried_again(case: Case, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(status))
        with pytest.raises(Later, match=f"answered {status}") as caught:
            await connector.create(make_job())
        assert caught.value.after_s is None

    asyncio.run(within(case, monkeypatch, body))


@all_targets
def test_nobody_there_is_tried_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        await fake._runner.cleanup()
        with pytest.raises(Later) as caught:
            await connector.create(make_job())
        assert "secret-path" not in caught.value.reason

    asyncio.run(within(case, monkeypatch, body))


@tracked
@pytest.mark.parametrize("fault", [Fault(effect=True, slow=True), Fault(effect=True, cut=True)], ids=["slow", "cut"])
def test_what_was_made_before_the_answer_was_lost_is_found(
    case: Case, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        assert await connector.find(make_job()) is None
        fake.faults.append(fault)
        with pytest.raises(Later):
            await connector.create(make_job())
        found = await connector.find(make_job())
        assert found is not None
        assert found.open
        assert case.made(fake) == 1
        # And it is of use: another step works on it.
        await connector.comment(make_job("Escalated from low to critical."), found)

    asyncio.run(within(case, monkeypatch, body))


def test_an_alert_sent_again_after_a_lost_answer_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(effect=True, slow=True))
        with pytest.raises(Later, match="did not answer within"):
            await connector.create(make_job())
        await connector.create(make_job())
        assert JOINED.made(fake) == 1

    asyncio.run(within(JOINED, monkeypatch, body))


@pytest.mark.parametrize("case", [*TRACKED, JOINED], ids=lambda case: case.kind)
def test_a_secret_that_is_not_accepted_is_told_without_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        with pytest.raises(Unauthorized) as caught:
            await connector.create(make_job())
        assert VARIABLE in caught.value.reason
        assert "does not accept" in caught.value.reason
        assert case.wrong not in caught.value.reason
        assert case.made(fake) == 0

    asyncio.run(within(case, monkeypatch, body, secret=case.wrong))


@tracked
def test_a_life(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        assert made.open
        grown = make_job(revision=2, title="Login failure on iOS 17")
        assert (await connector.update(grown, made)).key == made.key
        await connector.comment(make_job("Escalated from low to critical."), made)
        over = make_job("Resolved: quiet for 10 hours.", revision=3, state=AssignmentState.RESOLVED)
        closed = await connector.close(over, made)
        assert (closed.key, closed.open) == (made.key, False)
        # Said again after a crash, it does no harm.
        assert (await connector.close(over, closed)).open is False
        found = await connector.find(over)
        assert found is not None
        assert (found.key, found.place, found.open) == (made.key, made.place, False)
        again = await connector.reopen(make_job("It came back.", revision=4), found)
        assert (again.key, again.open) == (made.key, True)
        refound = await connector.find(make_job())
        assert refound is not None
        assert refound.open
        assert case.made(fake) == 1

    asyncio.run(within(case, monkeypatch, body))


@tracked
def test_what_somebody_has_deleted_is_gone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        for kept in ("messages", "records", "items", "tasks"):
            getattr(fake, kept, []).clear()
        with pytest.raises(Gone):
            await connector.update(make_job(revision=2), made)

    asyncio.run(within(case, monkeypatch, body))


@all_targets
def test_a_dry_run_prints_and_sends_nothing(case: Case) -> None:
    said: list[str] = []

    async def body() -> None:
        async with case.fake() as fake:
            connector = case.config(fake.url).connector(DryHttp(Secrets({}, lenient=True), said.append))
            made = await connector.create(make_job())
            assert await connector.find(make_job()) is None
            await connector.update(make_job(revision=2), made)
            await connector.comment(make_job("Escalated."), made)
            await connector.close(make_job("Resolved."), made)
            await connector.reopen(make_job("Back."), made)
            assert fake.asked == []

    asyncio.run(body())
    assert "Login failure" in said[0]
    assert any("Escalated." in each for each in said)
    assert VARIABLE not in "".join(said).replace(f"<{VARIABLE}>", "")


@tracked
def test_others_are_not_taken_for_ours(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        await connector.create(make_job(marker=f"{MARKER}2", signal_id="sig-12"))
        assert await connector.find(make_job()) is None

    asyncio.run(within(case, monkeypatch, body))


@all_targets
def test_a_proxy_that_answers_in_its_place_is_no_success(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(302, {"Location": "https://login.example.com"}))
        with pytest.raises(Refused, match="answered 302"):
            await connector.create(make_job())
        assert case.made(fake) == 0

    asyncio.run(within(case, monkeypatch, body))


@tracked
def test_a_page_is_no_answer(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(200, body="<html>Sign in</html>"))
        with pytest.raises(Later, match="not JSON"):
            await connector.create(make_job())
        fake.faults.append(Fault(200, body="{}"))
        with pytest.raises(Later if case.kind != "slack" else Refused):
            await connector.create(make_job())

    asyncio.run(within(case, monkeypatch, body))
