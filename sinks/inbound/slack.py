"""Buttons in Slack's messages: block actions, signed with the app's signing secret (version v0)."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from msgspec import Struct

from schemas.action import ActionKind
from sinks.connectors.common import check_secret
from sinks.connectors.secrets import Secrets
from sinks.inbound.base import Denied, Incoming, Told, document, part, text
from sinks.inbound.making import actions
from sinks.inbound.signatures import check_stamped, hex_hmac

_WINDOW_S = 300.0
_MOST_FIELDS = 20
_BUTTONS = {
    "gs_ack": ActionKind.ACKNOWLEDGED,
    "gs_fix_shipped": ActionKind.FIX_SHIPPED,
    "gs_resolved": ActionKind.RESOLVED,
    "gs_dismiss": ActionKind.DISMISSED,
}


class SlackSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slack", tag_field="kind"):
    """The app whose bot writes the messages; its interactivity URL is ours.

    Raises:
        ValueError: naming the key.
    """

    name: str = "slack"
    signing_secret_env: str = ""
    signing_secret_file: str = ""

    def __post_init__(self) -> None:
        check_secret("signing_secret", self.signing_secret_env, self.signing_secret_file)

    def source(self, secrets: Secrets) -> Slack:
        """The source; raises ValueError, naming the key, if the secret is not where it should be."""
        return Slack(self, secrets.get("signing_secret", self.signing_secret_env, self.signing_secret_file))


class Slack:
    """Buttons that were pressed."""

    def __init__(self, config: SlackSource, secret: str) -> None:
        self.name, self._key = config.name, secret

    def take(self, incoming: Incoming) -> Told:
        """The action of a button; raises Denied."""
        stamp, header = "x-slack-request-timestamp", "x-slack-signature"
        check_stamped(incoming, stamp, header, lambda at: signature(self._key, at, incoming.body), _WINDOW_S)
        payload = document(_payload(incoming.body))
        kind = text(payload, "type")
        if kind != "block_actions":
            return Told([], f"nothing is done about {kind or 'what has no type'}")
        by = text(payload, "user", "name") or text(payload, "user", "username") or text(payload, "user", "id")
        pressed = part(payload, "actions")
        for button in pressed if isinstance(pressed, list) else ():
            meaning = _BUTTONS.get(text(button, "action_id"))
            signal_id, stamp = text(button, "value"), text(button, "action_ts")
            if meaning is None:
                continue
            if not signal_id:
                raise Denied(400, "the button holds no signal id")
            event = (text(payload, "user", "id"), text(button, "action_id"), stamp)
            return actions(self.name, event, [signal_id], meaning, _at(stamp), by)
        return Told([], "none of the buttons is one of ours")


def signature(key: str, at: str, body: bytes) -> str:
    """What Slack signs a request with.

    Args:
        at: epoch seconds, as the request's header has them.
    """
    return f"v0={hex_hmac(key, f'v0:{at}:'.encode(), body)}"


def _payload(body: bytes) -> bytes:
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS, strict_parsing=True)
        return form["payload"][0].encode()
    except (ValueError, KeyError):
        raise Denied(400, "the body is no form with a payload") from None


def _at(stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise Denied(400, "action_ts is no time") from None
