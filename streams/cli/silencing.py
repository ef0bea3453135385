"""Silences and snoozes as they are written down, asked for and shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import to_builtins

from schemas.control import Control, ControlKind, Match
from schemas.ids import derived_id
from schemas.times import instant
from schemas.triage_codec import decode_control, encode
from sinks.triage.matching import Globs, check_patterns

_LONGEST_S = 366 * 86_400.0


class ControlError(ValueError):
    """A silence that makes no sense; the message begins with the option."""


def silence(match: dict[str, list[str]], by: str, reason: str, now: float, starts: float, expires: float) -> Control:
    """A silence; its id follows from what is asked for and when.

    Raises:
        ControlError: naming the option.
    """
    try:
        check_patterns({key: patterns or None for key, patterns in match.items()})
    except ValueError as error:
        raise ControlError(f"--{error}") from None
    asked: dict[str, Any] = {"kind": ControlKind.SILENCE, "match": {key: each for key, each in match.items() if each}}
    return _control("sil", asked, by, reason, now, starts, expires)


def snooze(
    signal_id: str, mentions: int | None, by: str, reason: str, now: float, starts: float, expires: float
) -> Control:
    """A snooze of one signal.

    Raises:
        ControlError: naming the option.
    """
    asked: dict[str, Any] = {"kind": ControlKind.SNOOZE, "signal_id": signal_id, "mentions": mentions}
    return _control("snz", asked, by, reason, now, starts, expires)


def _control(
    prefix: str, asked: dict[str, Any], by: str, reason: str, now: float, starts: float, expires: float
) -> Control:
    if expires <= max(starts, now):
        raise ControlError("--until: lies before it would begin, or in the past")
    if expires - now > _LONGEST_S:
        raise ControlError("--until: is more than a year ahead; for what is never to be told, use a subscription")
    name = derived_id(prefix, by, round(now * 1000), msgspec.json.encode(asked, order="deterministic").decode())
    fields = {**asked, "id": name, "by": by, "reason": reason}
    moments = {"at": instant(now), "starts": instant(starts), "expires": instant(expires)}
    try:
        return msgspec.convert({**fields, **moments}, Control)
    except msgspec.ValidationError as error:
        # msgspec says "... - at `$.reason`"; people look for the option.
        what, _, where = str(error).partition(" - at `$.")
        raise ControlError(f"--{where.rstrip('`')}: {what}" if where else f"--{what}") from None


def ended(control: Control, by: str, now: float) -> Control:
    """The same control, ended now."""
    expires = max(instant(now), control.starts)
    return msgspec.structs.replace(control, at=instant(now), expires=min(expires, control.expires), ended_by=by)


def newest(records: Iterable[tuple[str, bytes | None]]) -> tuple[list[Control], list[str]]:
    """The controls that a topic's records come to, those that end first at the top; and what could not be read."""
    found, unread = [], []
    for key, value in sorted(dict(records).items()):
        if value is None:
            continue
        try:
            found.append(decode_control(value))
        except msgspec.DecodeError as error:
            unread.append(f"{key}: {error}")
    return sorted(found, key=lambda control: (control.expires, control.id)), unread


def in_words(control: Control, now: float) -> str:
    """A control in a line."""
    what = str(Globs(to_builtins(control.match))) if control.match != Match() else f"signal {control.signal_id}"
    more = f" or {control.mentions} more mentions" if control.mentions is not None else ""
    begins = f"from {_shown(control.starts)} " if control.starts.timestamp() > now else ""
    end = f"until {_shown(control.expires)}{more}"
    if control.expires.timestamp() <= now:
        end = f"ended {_shown(control.expires)}" + (f" by {control.ended_by}" if control.ended_by else "")
    return f"{control.id}  {control.kind.value} of {what}, {begins}{end}; {control.by}: {control.reason}"


def json_line(control: Control) -> str:
    """A control as one JSON object in one line."""
    return encode(control).decode()


def listed(controls: Iterable[Control], now: float, *, past: bool) -> Iterator[Control]:
    """Those that are in force or will be; with ``past`` all."""
    return (control for control in controls if past or control.expires.timestamp() > now)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
