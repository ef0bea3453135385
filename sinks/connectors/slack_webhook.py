"""Slack, by an incoming webhook: a message for each piece of news. It can look up nothing and change nothing.

Delivery is at least once: after a crash at the wrong moment a message may come twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.digest import Digest
from sinks.connectors.base import Connector, External, Job, Refused
from sinks.connectors.common import Common, check_secret
from sinks.connectors.http import Http
from sinks.connectors.incoming import Incoming
from sinks.connectors.one_way import OneWay
from sinks.connectors.slack import digest_message, escaped
from sinks.texts import slack_blocks, title

_GONE = {
    "no_service": "the webhook has been removed or turned off",
    "no_team": "the workspace is gone",
    "invalid_token": "the webhook's address is wrong",
    "channel_is_archived": "its channel is archived",
    "action_prohibited": "an administrator does not allow it",
}


class SlackWebhookConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slack-webhook"):
    """A ``[[connectors]]`` table with ``kind = "slack-webhook"``.

    Attributes:
        url_env, url_file: where the webhook's address is, which is a secret; an owner's contact may name another
            variable with ``url_env``.

    Raises:
        ValueError: naming the key.
    """

    url_env: str = ""
    url_file: str = ""
    rate: float = 1.0
    burst: int = 3

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_secret("url", self.url_env, self.url_file, needed=False)

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the address is not where it should be."""
        return SlackWebhook(self, http)


class SlackWebhook(OneWay):
    """Messages to the channel of a webhook."""

    def __init__(self, config: SlackWebhookConfig, http: Http) -> None:
        self.name = config.name
        self._incoming = Incoming(config, http)

    async def create(self, job: Job) -> External:
        """Send the whole message."""
        a = job.assignment
        await self._tell(job, {"text": escaped(title(a)), "blocks": slack_blocks(a, job.links, buttons=False)})
        return External(key=job.marker)

    async def comment(self, job: Job, external: External) -> None:
        """Send the news, under the signal's title."""
        await self._tell(job, {"text": f"*{escaped(title(job.assignment))}*\n{escaped(job.news)}"})

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Send the digest as one message."""
        await self._send(digest.id, digest.owner, contact, digest_message(digest))

    async def _tell(self, job: Job, body: dict[str, Any]) -> None:
        key = f"{job.marker}.{job.assignment.revision}"
        await self._send(key, job.assignment.owner, job.contact, body)

    async def _send(self, key: str, owner: str, contact: Mapping[str, str], body: dict[str, Any]) -> None:
        try:
            await self._incoming.post(key, owner, contact, body)
        except Refused as refused:
            known = next((words for error, words in _GONE.items() if error in refused.reason), None)
            raise Refused(f"Slack: {known} ({refused.reason})", refused.status) if known else refused from None
