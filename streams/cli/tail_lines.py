"""What ``groundswell tail`` shows of each record, for a person and for a program. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET
from rich.text import Text

from schemas.codec import decode_action, decode_assignment, decode_flush, decode_signal
from schemas.signal import Signal
from schemas.times import instant
from sinks.dead_letters import REASON_HEADER
from sinks.impact.in_words import short
from sinks.in_words import bars, more

STYLES: Final = {"low": "cyan", "medium": "yellow", "high": "dark_orange", "critical": "bold red"}
_CONNECT: Final = "__connect.errors."
_TEXT: Final = 160
_INDENT: Final = 21


class Record(NamedTuple):
    """A record as it was read; ``at`` is its own timestamp, epoch seconds."""

    value: bytes
    headers: Sequence[tuple[str, str | bytes | None]]
    at: float


def line(kind: str, record: Record) -> Text:
    """A record in a line, a signal in up to two; what cannot be read says so."""
    try:
        return _LINES[kind](record)
    except (msgspec.DecodeError, ValueError) as error:
        return Text(f"{shown_time(record.at)}  cannot be read: {error}", style="red")


def json_line(kind: str, record: Record) -> str:
    """A record as one JSON object in one line."""
    if kind == "dead-letters":
        return msgspec.json.encode(_dead_letter(record)).decode()
    try:
        thing = (
            msgspec.to_builtins(decode_flush(record.value), builtin_types=(bytes,))
            if kind == "panes"
            else msgspec.json.decode(record.value)
        )
    except (msgspec.DecodeError, ValueError) as error:
        thing = {"error": str(error), "value": record.value.decode(errors="replace")}
    return msgspec.json.encode(thing).decode()


def _signal(record: Record) -> Text:
    signal = decode_signal(record.value)
    return joined(
        (shown_time(signal.at.timestamp()), "dim"),
        (f"{signal.severity.value:<8}", STYLES[signal.severity.value]),
        (f"{signal.state.value:<12}", "bold"),
        (signal.theme, "bold"),
        (signal.reason, ""),
        (f"[{signal.id} r{signal.revision}]", "dim"),
    ) + _more(signal)


def _assignment(record: Record) -> Text:
    one = decode_assignment(record.value)
    by_signal = one.changed_by == "signal"
    why = one.reason if by_signal else f"{one.changed_by}: {one.note}"
    return joined(
        (shown_time(one.signal.at.timestamp()), "dim"),
        (f"{one.severity.value:<8}", STYLES[one.severity.value]),
        (f"{one.state.value.replace('_', ' '):<12}", "bold"),
        (one.theme, "bold"),
        (f"-> {one.owner}", "green"),
        (f"due {shown_time(one.due_at.timestamp())}", "dim"),
        ("" if one.impact is UNSET else short(one.impact), "magenta"),
        (why, ""),
        (f"[{one.signal_id} r{one.revision}]", "dim"),
    ) + (_more(one.signal) if by_signal else Text())


def _more(signal: Signal) -> Text:
    """A second line: how it rose, how unusual that is, and what may come."""
    row = "" if signal.sparkline is UNSET else bars(signal.sparkline)
    said = joined((row, "cyan"), (more(signal), "dim"))
    return Text(f"\n{' ' * _INDENT}") + said if said else Text()


def _action(record: Record) -> Text:
    action = decode_action(record.value)
    return joined(
        (shown_time(action.at.timestamp()), "dim"),
        (action.kind.value.replace("_", " "), "bold"),
        (f"by {action.by}", "green"),
        (action.note, ""),
        (f"[{action.signal_id}]", "dim"),
    )


def _panes(record: Record) -> Text:
    flush = decode_flush(record.value)
    mentions = sum(cell.count for update in flush.updates for cell in update.cells)
    known = [state.watermark for state in flush.sources if state.watermark is not None]
    return joined(
        (shown_time(record.at), "dim"),
        (f"{len(flush.updates)} updates of {len({update.theme for update in flush.updates})} themes", ""),
        (f"{mentions} mentions in their chunks so far", ""),
        (f"slowest source at {shown_time(min(known))}" if known else "no event yet", "dim"),
    )


def _event(record: Record) -> Text:
    event = msgspec.json.decode(record.value)
    if not isinstance(event, dict):
        raise ValueError("no JSON object")
    text = event.get("text") or ""
    return joined(
        (str(event.get("time", ""))[:19].replace("T", " "), "dim"),
        (str(event.get("theme") or "-"), "bold"),
        (str(event.get("channel") or ""), "green"),
        (str(text)[:_TEXT], ""),
        (f"[{event.get('id')}]", "dim"),
    )


def _letter(record: Record) -> Text:
    letter = _dead_letter(record)
    place = f"{letter['topic']}/{letter['partition']}@{letter['offset']}"
    return joined(
        (shown_time(record.at), "dim"),
        (str(letter["reason"]), "bold red"),
        (place, "green"),
        (str(letter["message"]), ""),
    )


def _dead_letter(record: Record) -> dict[str, object]:
    found = {name: _words(value) for name, value in record.headers}
    return {
        "reason": found.get(REASON_HEADER, "unknown"),
        "message": found.get(f"{_CONNECT}exception.message", ""),
        "topic": found.get(f"{_CONNECT}topic", ""),
        "partition": _whole(found.get(f"{_CONNECT}partition", "")),
        "offset": _whole(found.get(f"{_CONNECT}offset", "")),
        "value": record.value.decode(errors="replace"),
    }


def _words(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def shown_time(seconds: float) -> str:
    """Epoch seconds as a person reads them, UTC."""
    return f"{instant(seconds):%Y-%m-%d %H:%M:%S}"


def joined(*parts: tuple[str, str]) -> Text:
    """(words, style) side by side; empty ones are left out."""
    # Customers' words may hold escape sequences; a terminal must not obey them.
    shown = [("".join(c if c.isprintable() else " " for c in words), style) for words, style in parts if words]
    return Text("  ").join(Text(words, style=style) for words, style in shown)


_LINES: Final[dict[str, Callable[[Record], Text]]] = {
    "signals": _signal,
    "assignments": _assignment,
    "actions": _action,
    "dead-letters": _letter,
    "panes": _panes,
    "interactions": _event,
    "feedback": _event,
}
