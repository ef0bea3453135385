"""Slack, as a bot: one message a signal, changed as it grows, and what happens told in its thread.

The message carries the marker in its metadata, by which it is found in the channel's history. The token needs the
scopes chat:write and channels:history (groups:history for private channels), and the bot is a member of the channel.
See the methods chat.postMessage, chat.update and conversations.history.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sinks.connectors.asking import Target, contact, field
from sinks.connectors.base import External, Job, Later, Refused
from sinks.connectors.http import Http
from sinks.connectors.pacing import Pace
from sinks.secrets import check_secret, secret, told
from sinks.texts import slack_blocks, title

_EVENT = "groundswell_signal"
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{5,}").fullmatch
_PAGE = 200
_SKEW_S = 3600.0
_INTERVAL_S = 1.0
# Slack's limit for the text beside the blocks is 40,000; notifications show a line of it.
_LONGEST_TEXT = 3000
_TRANSIENT = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
    | {"team_added_to_org", "message_limit_exceeded"}
)
_TOLD = {
    "invalid_auth": "does not accept the token in {secret}: is it right, and is the app still installed?",
    "not_authed": "does not accept the token in {secret}: is it right, and is the app still installed?",
    "token_revoked": "says that the token in {secret} has been revoked",
    "token_expired": "says that the token in {secret} has expired",
    "account_inactive": "says that the account of the token in {secret} is inactive",
    "missing_scope": "says that the token in {secret} lacks a scope: {needed}",
    "not_in_channel": "says that the bot is no member of {channel}: invite it with /invite",
    "channel_not_found": "knows no channel {channel}, or the bot may not see it: invite it with /invite",
    "is_archived": "says that the channel {channel} is archived",
}


class SlackConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slack", tag_field="kind"):
    """Slack with a bot token (``xoxb-...``).

    Attributes:
        channel: id of the channel for owners whose contact names none, such as ``C0123ABCD``.
        broadcast: whether what is told in a thread also shows in the channel.
        find_pages: how far back in the channel a lost message is looked for, in pages of 200.
        base: of the API; another for GovSlack.

    Raises:
        ValueError: naming the key.
    """

    name: str = "slack"
    token_env: str = ""
    token_file: str = ""
    channel: str = ""
    broadcast: bool = False
    find_pages: int = 5
    base: str = "https://slack.com/api"

    def __post_init__(self) -> None:
        check_secret(self, "token")
        if self.channel and not _CHANNEL(self.channel):
            raise ValueError(f'channel: expected the id of a channel such as C0123ABCD, got "{self.channel}"')
        if self.find_pages < 1:
            raise ValueError(f"find_pages: expected 1 or more, got {self.find_pages}")

    def connector(self, http: Http) -> Slack:
        """The connector; raises ValueError if the token is not where it should be."""
        return Slack(self, http)


class Slack:
    """Messages and threads in Slack's channels."""

    tracks = True

    def __init__(self, config: SlackConfig, http: Http, pace: Pace | None = None) -> None:
        self.name = config.name
        token = secret(config, "token")
        headers = {"Authorization": f"Bearer {token}"}
        self._target = Target(http, "Slack", told(config, "token"), config.base.rstrip("/"), headers)
        self._config, self._pace = config, pace or Pace(_INTERVAL_S)

    async def find(self, job: Job) -> External | None:
        """The message with the marker, among the newest since the signal opened."""
        channel, cursor = self._channel(job), ""
        oldest = job.assignment.signal.opened_at.timestamp() - _SKEW_S
        for _ in range(self._config.find_pages):
            asked = {
                "channel": channel,
                "limit": str(_PAGE),
                "include_all_metadata": "true",
                "oldest": f"{max(oldest, 0.0):.6f}",
                **({"cursor": cursor} if cursor else {}),
            }
            page = await self._call("conversations.history", channel, params=asked)
            for message in page.get("messages") or ():
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("marker") == job.marker:
                    return External(key=field(message, "ts"), place=channel, open=bool(payload.get("open", True)))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    async def create(self, job: Job) -> External:
        """Post the message."""
        channel = self._channel(job)
        posted = await self._post(channel, self._message(job, channel, is_open=True))
        return External(key=field(posted, "ts"), place=field(posted, "channel"))

    async def update(self, job: Job, external: External) -> External:
        """Change the message to what is so now."""
        message = self._message(job, external.place, is_open=external.open)
        await self._call("chat.update", external.place, json={**message, "ts": external.key})
        return external

    async def comment(self, job: Job, external: External) -> None:
        """Answer in the message's thread."""
        said = {"channel": external.place, "thread_ts": external.key, "text": escaped(job.news), **_QUIET}
        if self._config.broadcast:
            said["reply_broadcast"] = True
        await self._post(external.place, said)

    async def close(self, job: Job, external: External) -> External:
        """Change the message, and say so in its thread."""
        return await self._turned(job, replace(external, open=False))

    async def reopen(self, job: Job, external: External) -> External:
        """Change the message, and say so in its thread."""
        return await self._turned(job, replace(external, open=True))

    async def _turned(self, job: Job, external: External) -> External:
        external = await self.update(job, external)
        if job.news:
            await self.comment(job, external)
        return external

    def _channel(self, job: Job) -> str:
        found = contact(job, "channel", self._config.channel, "the id of a Slack channel")
        if not _CHANNEL(found):
            raise Refused(f'{job.assignment.owner}: "{found}" is no id of a Slack channel, such as C0123ABCD')
        return found

    def _message(self, job: Job, channel: str, *, is_open: bool) -> dict[str, Any]:
        payload = {"marker": job.marker, "signal_id": job.assignment.signal_id, "open": is_open}
        return {
            "channel": channel,
            "text": escaped(title(job.assignment))[:_LONGEST_TEXT],
            "blocks": slack_blocks(job.assignment),
            "metadata": {"event_type": _EVENT, "event_payload": payload},
            **_QUIET,
        }

    async def _post(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        await self._pace.turn(channel)
        return await self._call("chat.postMessage", channel, json=message)

    async def _call(self, method: str, channel: str, **more: Any) -> dict[str, Any]:
        said = await self._target.read("GET" if "params" in more else "POST", f"/{method}", **more)
        found: dict[str, Any] = said if isinstance(said, dict) else {}
        if found.get("ok") is True:
            return found
        error = str(found.get("error") or "answers without ok")
        if error in _TRANSIENT:
            raise Later(f"Slack, {method}: {error}")
        words = _TOLD.get(error, f"refuses {method}: {error}")
        raise Refused(
            "Slack " + words.format(secret=self._target.secret, channel=channel, needed=found.get("needed", "unknown"))
        )


_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}


def escaped(text: str) -> str:
    """Plain words as Slack's mrkdwn, in which no mention can stand.

    >>> escaped("<!channel> A & B")
    '&lt;!channel&gt; A &amp; B'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
