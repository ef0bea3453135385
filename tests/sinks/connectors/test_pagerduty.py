"""What PagerDuty is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.base import Connector, Refused, Unauthorized
from sinks.connectors.pagerduty import PagerDutyConfig
from tests.sinks.connectors.cases import JOINED, within
from tests.support.jobs import MARKER, make_job


def test_an_alert_from_trigger_to_resolve_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job())
        await connector.update(make_job(revision=2, state=AssignmentState.ACKNOWLEDGED), made)
        await connector.comment(make_job("Overdue."), made)
        (alert,) = fake.alerts
        assert (alert["key"], alert["state"]) == (MARKER, "acknowledged")
        assert [each["event_action"] for each in alert["events"]] == ["trigger", "acknowledge", "trigger"]
        assert alert["events"][2]["payload"]["custom_details"]["news"] == "Overdue."
        closed = await connector.close(make_job(state=AssignmentState.RESOLVED), made)
        assert (closed.open, alert["state"]) == (False, "resolved")
        # A trigger now would open another alert.
        await connector.comment(make_job("Bye.", state=AssignmentState.RESOLVED), closed)
        await connector.update(make_job(state=AssignmentState.RESOLVED), closed)
        assert len(fake.alerts) == 1
        again = await connector.reopen(make_job("Back."), closed)
        assert (again.open, len(fake.alerts), fake.alerts[1]["key"]) == (True, 2, MARKER)
        assert await connector.find(make_job()) is None

    asyncio.run(within(JOINED, monkeypatch, body))


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [(Severity.LOW, "info"), (Severity.MEDIUM, "warning"), (Severity.HIGH, "error"), (Severity.CRITICAL, "critical")],
)
def test_severities(severity: Severity, theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        await connector.create(make_job(severity=severity, title="x" * 2000))
        payload = fake.alerts[0]["events"][0]["payload"]
        assert payload["severity"] == theirs
        assert len(payload["summary"]) <= 1024
        assert (payload["component"], payload["group"]) == ("login-failure", "product-mobile")

    asyncio.run(within(JOINED, monkeypatch, body))


def test_the_key_may_be_the_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        with pytest.raises(
            Refused, match=r"\[contacts.product-mobile\], pagerduty: routing_key_env: expected an integr"
        ):
            await connector.create(make_job(contact={"routing_key_env": "SHORT_KEY"}))
        # Another owner's alerts still go out: this is no fault of the connector's own login.
        with pytest.raises(Refused, match="does not accept the integration key in MOBILE_KEY") as caught:
            await connector.create(make_job(contact={"routing_key_env": "MOBILE_KEY"}))
        assert not isinstance(caught.value, Unauthorized)
        bare = PagerDutyConfig(name="pagerduty", url=fake.url).connector(fake.http({}))
        with pytest.raises(Refused, match='no integration key of PagerDuty for "product-mobile"'):
            await bare.create(make_job())

    asyncio.run(within(JOINED, monkeypatch, body, SHORT_KEY="too short", MOBILE_KEY="M" * 32))


def test_a_key_that_can_be_none_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match=r"^routing_key_env: expected an integration key of PagerDuty"):
        asyncio.run(within(JOINED, monkeypatch, body, secret="my key"))
