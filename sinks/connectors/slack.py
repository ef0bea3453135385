"""Slack, as a bot: one message a signal, changed as it grows, and what happens told in its thread.

The message carries the marker in its metadata, by which it is found in the channel's history. The token needs the
scopes chat:write and channels:history (groups:history for private channels), and the bot is a member of the channel.
See the methods chat.postMessage, chat.update and conversations.history.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from schemas.digest import Digest
from schemas.signal import Attention
from sinks.connectors.asking import Target, contact, field, login_in
from sinks.connectors.base import Connector, External, Gone, Job, Later, Refused, Unauthorized
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.digest_text import heading, lines
from sinks.connectors.http import Http
from sinks.connectors.pacing import Pace
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
_LOGIN = {
    "invalid_auth": "is it right, and is the app still installed?",
    "not_authed": "is it right, and is the app still installed?",
    "token_revoked": "it has been revoked",
    "token_expired": "it has expired",
    "account_inactive": "its account is inactive",
    "missing_scope": "it lacks a scope: {needed}",
}
_TOLD = {
    "not_in_channel": "the bot is no member of {channel}: invite it with /invite",
    "channel_not_found": "there is no channel {channel}, or the bot may not see it: invite it with /invite",
    "is_archived": "the channel {channel} is archived",
}
_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
_DRY = {"ok": True, "ts": "0.0", "channel": "C00000000", "messages": []}


class SlackConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slack"):
    """A ``[[connectors]]`` table with ``kind = "slack"``.

    Attributes:
        token_env, token_file: where the bot's token (``xoxb-...``) is.
        channel: id of the channel for owners whose contact names none, such as ``C0123ABCD``.
        broadcast: whether what is told in a thread also shows in the channel.
        find_pages: how far back in the channel a lost message is looked for, in pages of 200.
        url: of the API; another for GovSlack.

    Raises:
        ValueError: naming the key.
    """

    token_env: str = ""
    token_file: str = ""
    channel: str = ""
    broadcast: bool = False
    find_pages: int = 5
    url: str = "https://slack.com/api"
    on: tuple[Attention, ...] = (Attention.NOW,)

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        check_secret("token", self.token_env, self.token_file)
        check_url("url", self.url)
        if self.channel and not _CHANNEL(self.channel):
            raise ValueError(f'channel: expected the id of a channel such as C0123ABCD, got "{self.channel}"')
        if self.find_pages < 1:
            raise ValueError(f"find_pages: expected 1 or more, got {self.find_pages}")

    def connector(self, http: Http) -> Connector:
        """Ready to tell it; raises ValueError, naming the key, if the token is not where it should be."""
        return Slack(self, http)


class Slack:
    """Messages and threads in Slack's channels."""

    tracks = True
    settle_s = 2.0

    def __init__(self, config: SlackConfig, http: Http, pace: Pace | None = None) -> None:
        self.name = config.name
        token = http.secrets.get("token", config.token_env, config.token_file)
        headers = {"Authorization": f"Bearer {token}"}
        login = login_in("token", config.token_env, config.token_file)
        self._target = Target(http, "Slack", login, config.url.rstrip("/"), headers)
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
        """Change the message; what happened has been said in its thread."""
        return await self.update(job, replace(external, open=False))

    async def reopen(self, job: Job, external: External) -> External:
        """Change the message; what happened will be said in its thread."""
        return await self.update(job, replace(external, open=True))

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Post the digest as one message."""
        channel = contact.get("channel") or contact.get("to") or self._config.channel
        self._check(channel, digest.owner)
        await self._post(channel, {"channel": channel, **digest_message(digest), **_QUIET})

    def _channel(self, job: Job) -> str:
        found = contact(job, self.name, "channel", self._config.channel, "Slack channel")
        self._check(found, job.assignment.owner)
        return found

    def _check(self, channel: str, owner: str) -> None:
        if not _CHANNEL(channel):
            raise Refused(f'[contacts.{owner}], {self.name}: "{channel}" is no id of a channel, such as C0123ABCD')

    def _message(self, job: Job, channel: str, *, is_open: bool) -> dict[str, Any]:
        payload = {"marker": job.marker, "signal_id": job.assignment.signal_id, "open": is_open}
        return {
            "channel": channel,
            "text": escaped(title(job.assignment))[:_LONGEST_TEXT],
            "blocks": slack_blocks(job.assignment, job.links),
            "metadata": {"event_type": _EVENT, "event_payload": payload},
            **_QUIET,
        }

    async def _post(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        await self._pace.turn(channel)
        return await self._call("chat.postMessage", channel, json=message)

    async def _call(self, method: str, channel: str, **more: Any) -> dict[str, Any]:
        said = await self._target.ask("GET" if "params" in more else "POST", f"/{method}", dry=_DRY, **more)
        found: dict[str, Any] = said if isinstance(said, dict) else {}
        if found.get("ok") is True:
            return found
        error = str(found.get("error") or "answers without ok")
        if error in _TRANSIENT:
            raise Later(f"Slack, {method}: {error}", unsure=False)
        if error in _LOGIN:
            why = _LOGIN[error].format(needed=found.get("needed", "unknown"))
            raise Unauthorized(f"Slack does not accept {self._target.login}: {why}")
        if error == "message_not_found":
            raise Gone("Slack: the message has been deleted")
        known = _TOLD.get(error)
        raise Refused(f"Slack: {known.format(channel=channel)}" if known else f"Slack refuses {method}: {error}")


def digest_message(digest: Digest) -> dict[str, Any]:
    """A digest as a message of Slack."""
    text = "\n".join(map(escaped, lines(digest)))
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT].rpartition(chr(10))[0]}\n..."
    return {"text": f"*{escaped(heading(digest))}*\n{text}"}


def escaped(text: str) -> str:
    """Plain words as Slack's mrkdwn, in which no mention can stand.

    >>> escaped("<!channel> A & B")
    '&lt;!channel&gt; A &amp; B'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
