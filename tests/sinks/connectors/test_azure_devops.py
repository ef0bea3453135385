"""What Azure DevOps is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sinks.connectors.azure_devops import AzureDevOpsConfig
from sinks.connectors.base import Connector, Refused
from tests.sinks.connectors.cases import TRACKED, within
from tests.support.jobs import MARKER, make_job

CASE = TRACKED[2]


def test_a_work_item_from_new_to_resolved_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        job = make_job(contact={"type": "Product Backlog Item", "area": "Mobile\\iOS"}, reason="a <b> & c")
        made = await connector.create(job)
        (item,) = fake.items
        fields = item["fields"]
        assert (made.key, made.place, item["type"]) == ("1", "Mobile App", "Product Backlog Item")
        assert made.url == f"{fake.url}/Mobile%20App/_workitems/edit/1"
        assert fields["System.Tags"] == f"groundswell; {MARKER}"
        assert (fields["Microsoft.VSTS.Common.Priority"], fields["System.AreaPath"]) == (1, "Mobile\\iOS")
        assert "A &lt;b&gt; &amp; c.<br>" in fields["System.Description"]
        await connector.comment(make_job("It is\nworse"), made)
        closed = await connector.close(make_job("Resolved."), made)
        assert (closed.open, fields["System.State"]) == (False, "Resolved")
        await connector.reopen(make_job("Back."), closed)
        assert fields["System.State"] == "Active"
        assert item["said"] == ["It is<br>worse"]
        # Tags that people have added stay.
        fields["System.Tags"] += "; theirs"
        await connector.update(make_job(revision=9), made)
        assert fields["System.Tags"].endswith("theirs")

    asyncio.run(within(CASE, monkeypatch, body))


def test_an_open_one_is_found_before_a_newer_closed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, connector: Connector) -> None:
        first = await connector.create(make_job())
        second = await connector.create(make_job())
        await connector.close(make_job(), second)
        found = await connector.find(make_job())
        assert found is not None
        assert found.key == first.key
        await connector.close(make_job(), first)
        found = await connector.find(make_job())
        assert found is not None
        assert found.key == second.key

    asyncio.run(within(CASE, monkeypatch, body))


def test_an_owner_without_a_project_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(fake: Any, _connector: Connector) -> None:
        bare = AzureDevOpsConfig(name="azure", url=fake.url, token_env="T").connector(fake.http({"T": CASE.secret}))
        with pytest.raises(Refused, match='no project of Azure DevOps for "product-mobile"'):
            await bare.create(make_job())
        with pytest.raises(Refused, match=r"answered 404.*Page not found"):
            await bare.create(make_job(contact={"project": "Nowhere"}))

    asyncio.run(within(CASE, monkeypatch, body))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": "dev.azure.com/bank"}, "url: expected an address"),
        ({"closed": "Fertig"}, "over: expected"),
        ({"tags": ("a;b",)}, "tags: "),
    ],
)
def test_a_wrong_configuration_is_told_by_key(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        AzureDevOpsConfig(**{"name": "azure", "url": "https://dev.azure.com/bank", "token_env": "A", **fields})
