"""What ServiceNow is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.assignment import AssignmentState
from schemas.signal import Severity
from sinks.connectors.base import Connector, Refused
from sinks.connectors.servicenow import ServiceNowConfig
from tests.sinks.connectors.cases import TRACKED, VARIABLE, within
from tests.support.fake_targets.faulty import Fault
from tests.support.jobs import MARKER, make_job

CASE = TRACKED[1]


def test_an_incident_from_new_to_resolved_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        made = await connector.create(make_job(contact={"assignment_group": "Mobile"}, title="x" * 300))
        (record,) = fake.records
        assert (made.key, made.place) == ("INC0000001", record["sys_id"])
        assert made.url == f"{fake.url}/nav_to.do?uri=incident.do?sys_id={record['sys_id']}"
        assert (record["correlation_id"], record["correlation_display"]) == (MARKER, "groundswell")
        assert (record["urgency"], record["impact"], record["assignment_group"]) == ("1", "1", "Mobile")
        assert len(record["short_description"]) <= 160
        await connector.update(make_job(severity=Severity.MEDIUM), made)
        assert (record["urgency"], record["state"]) == ("2", "1")
        await connector.comment(make_job("Escalated."), made)
        await connector.close(make_job("Resolved.", state=AssignmentState.RESOLVED), made)
        assert (record["state"], record["close_code"], record["close_notes"]) == ("6", "Solution provided", "Resolved.")
        await connector.reopen(make_job("Back."), made)
        assert record["state"] == "2"
        await connector.close(make_job(state=AssignmentState.DISMISSED), made)
        assert record["close_code"] == "No resolution provided"
        assert record["notes"] == ["Escalated."]

    asyncio.run(within(CASE, monkeypatch, body))


def test_a_missing_right_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        fake.faults.append(Fault(403, body='{"error":{"message":"Operation Failed","detail":"ACL Exception"}}'))
        with pytest.raises(Refused, match=f"does not allow it with the password in {VARIABLE}: .*ACL Exception"):
            await connector.create(make_job())

    asyncio.run(within(CASE, monkeypatch, body))


def test_an_id_that_would_change_the_query_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        with pytest.raises(Refused, match="its id holds more than letters"):
            await connector.find(make_job(marker="gs-x^ORactive=true"))
        assert fake.asked == []

    asyncio.run(within(CASE, monkeypatch, body))


def test_without_a_user_the_secret_is_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, _connector: Connector) -> None:
        bearer = ServiceNowConfig(name="snow", url=fake.url, secret_env=VARIABLE).connector(
            fake.http({VARIABLE: CASE.secret})
        )
        with pytest.raises(Refused, match="does not accept"):
            await bearer.create(make_job())
        assert fake.asked[-1].headers["authorization"] == f"Bearer {CASE.secret}"

    asyncio.run(within(CASE, monkeypatch, body))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": "http://bank.service-now.com"}, "url: is not encrypted"),
        ({"table": "incident/../user"}, "table: expected the name"),
        ({"secret_env": ""}, "secret_env: is missing"),
        ({"state_resolved": "9"}, "over: expected"),
    ],
)
def test_a_wrong_configuration_is_told_by_key(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        ServiceNowConfig(**{"name": "snow", "url": "https://bank.service-now.com", "secret_env": "A", **fields})
