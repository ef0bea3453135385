"""Slack, by an incoming webhook: a message for each piece of news. It can look up nothing and change nothing.

Delivery is at least once: after a crash at the wrong moment a message may come twice.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from sinks.connectors.base import External, Job, Refused
from sinks.connectors.http import Http
from sinks.connectors.incoming import Incoming
from sinks.connectors.one_way import OneWay
from sinks.connectors.slack import escaped
from sinks.secrets import check_secret
from sinks.texts import slack_blocks, title

_GONE = {
    "no_service": "the webhook has been removed or turned off",
    "no_team": "the workspace is gone",
    "invalid_token": "the webhook's address is wrong",
    "channel_is_archived": "its channel is archived",
    "action_prohibited": "an administrator does not allow it",
}


class SlackWebhookConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slack-webhook", tag_field="kind"
):
    """An incoming webhook of Slack; its address is a secret. An owner's contact may name another with ``url_env``.

    Raises:
        ValueError: naming the key.
    """

    name: str = "slack-webhook"
    url_env: str = ""
    url_file: str = ""

    def __post_init__(self) -> None:
        check_secret(self, "url", needed=False)

    def connector(self, http: Http) -> SlackWebhook:
        """The connector; raises ValueError if the address is not where it should be."""
        return SlackWebhook(self, http)


class SlackWebhook(OneWay):
    """Messages to the channel of a webhook."""

    def __init__(self, config: SlackWebhookConfig, http: Http) -> None:
        self.name = config.name
        self._incoming = Incoming(config, http, "Slack")

    async def create(self, job: Job) -> External:
        """Send the whole message."""
        a = job.assignment
        await self._send(job, {"text": escaped(title(a)), "blocks": slack_blocks(a)})
        return External(key=job.marker)

    async def comment(self, job: Job, external: External) -> None:
        """Send the news, under the signal's title."""
        await self._send(job, {"text": f"*{escaped(title(job.assignment))}*\n{escaped(job.news)}"})

    async def _send(self, job: Job, body: dict[str, Any]) -> None:
        try:
            await self._incoming.post(job, body)
        except Refused as refused:
            known = next((words for error, words in _GONE.items() if error in refused.reason), None)
            raise Refused(f"Slack: {known} ({refused.reason})") if known else refused from None
