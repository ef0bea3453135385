"""The targets that are asked over HTTP, with what each needs, for the tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import pytest

from sinks.connectors.asana import AsanaConfig
from sinks.connectors.azure_devops import AzureDevOpsConfig
from sinks.connectors.base import Connector
from sinks.connectors.pagerduty import PagerDutyConfig
from sinks.connectors.servicenow import ServiceNowConfig
from sinks.connectors.slack import SlackConfig
from sinks.connectors.slack_webhook import SlackWebhookConfig
from sinks.connectors.teams import TeamsConfig
from tests.support.fake_targets import asana, azure_devops, pagerduty, servicenow, slack
from tests.support.fake_targets.faulty import FakeTarget

VARIABLE = "SECRET_OF_THE_TEST"
Body = Callable[[Any, Connector], Coroutine[Any, Any, None]]


class Case(NamedTuple):
    """A target.

    Attributes:
        secret: that the fake lets in; "" where the address is the secret.
        config: for an address.
        made: how many things of ours the fake has.
        wrong: a secret that the fake does not let in.
    """

    kind: str
    secret: str
    fake: Callable[[], FakeTarget]
    config: Callable[[str], Any]
    made: Callable[[Any], int]
    wrong: str = "not-the-secret"


def _teams() -> FakeTarget:
    return slack.FakeIncoming(202, "")


TRACKED = [
    Case(
        "slack",
        slack.TOKEN,
        slack.FakeSlack,
        lambda url: SlackConfig(name="slack", token_env=VARIABLE, channel=slack.CHANNEL, url=f"{url}/api"),
        lambda fake: len(fake.roots),
    ),
    Case(
        "servicenow",
        servicenow.PASSWORD,
        servicenow.FakeServiceNow,
        lambda url: ServiceNowConfig(name="snow", url=url, user=servicenow.USER, secret_env=VARIABLE),
        lambda fake: len(fake.records),
    ),
    Case(
        "azure-devops",
        azure_devops.TOKEN,
        azure_devops.FakeAzureDevOps,
        lambda url: AzureDevOpsConfig(name="azure", url=url, token_env=VARIABLE, project=azure_devops.PROJECT),
        lambda fake: len(fake.items),
    ),
    Case(
        "asana",
        asana.TOKEN,
        asana.FakeAsana,
        lambda url: AsanaConfig(name="asana", url=url, token_env=VARIABLE, project=asana.PROJECT),
        lambda fake: len(fake.tasks),
    ),
]
JOINED = Case(
    "pagerduty",
    pagerduty.ROUTING_KEY,
    pagerduty.FakePagerDuty,
    lambda url: PagerDutyConfig(name="pagerduty", url=url, routing_key_env=VARIABLE),
    lambda fake: len(fake.alerts),
    "W" * 32,
)
INCOMING = [
    Case(
        "slack-webhook",
        "",
        slack.FakeIncoming,
        lambda url: SlackWebhookConfig(name="hook", url_env=VARIABLE),
        lambda fake: len(fake.bodies),
    ),
    Case("teams", "", _teams, lambda url: TeamsConfig(name="teams", url_env=VARIABLE), lambda fake: len(fake.bodies)),
]
ALL = [*TRACKED, JOINED, *INCOMING]


async def within(
    case: Case, monkeypatch: pytest.MonkeyPatch, body: Body, secret: str | None = None, **environment: str
) -> None:
    """Run ``body`` with a fake and a connector to it; ``environment`` holds more secrets, with {url} for the fake's."""
    # A channel's messages a second apart would make the tests slow.
    monkeypatch.setattr("sinks.connectors.slack._INTERVAL_S", 0.0)
    async with case.fake() as fake:
        own = (secret or case.secret) or f"{fake.url}/services/T0/B0/secret-path"
        known = {name: value.replace("{url}", fake.url) for name, value in environment.items()}
        await body(fake, case.config(fake.url).connector(fake.http({VARIABLE: own, **known})))
