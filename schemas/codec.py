"""Structs to bytes and back: JSON for what others read, MessagePack for what only workers read."""

from typing import TypeVar

import msgspec

from schemas.action import Action
from schemas.assignment import Assignment
from schemas.event import Event
from schemas.panes import WIRE_VERSION, Flush
from schemas.signal import Signal

Shape = TypeVar("Shape")

_event = msgspec.json.Decoder(Event)
_signal = msgspec.json.Decoder(Signal)
_assignment = msgspec.json.Decoder(Assignment)
_action = msgspec.json.Decoder(Action)
_flush = msgspec.msgpack.Decoder(Flush)
_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()


def decode_event(data: bytes) -> tuple[Event, dict[str, object]]:
    """An event and the fields this build does not know, which :func:`encode_event` writes back.

    Raises:
        msgspec.DecodeError: naming the field, if it is no event.
    """
    event = _decoded(_event, data)
    known = set(Event.__struct_fields__)
    return event, {name: value for name, value in msgspec.json.decode(data).items() if name not in known}


def encode_event(event: Event, unknown: dict[str, object] | None = None) -> bytes:
    """An event as JSON, defaults left out."""
    fields = {
        name: value
        for name in Event.__struct_fields__
        if (value := getattr(event, name)) not in (None, [], {}) or name in ("id", "time")
    }
    return _json.encode({**fields, **(unknown or {})})


def decode_signal(data: bytes) -> Signal:
    """A signal from JSON; raises msgspec.DecodeError."""
    return _decoded(_signal, data)


def decode_assignment(data: bytes) -> Assignment:
    """An assignment from JSON; raises msgspec.DecodeError."""
    return _decoded(_assignment, data)


def decode_action(data: bytes) -> Action:
    """An action from JSON; raises msgspec.DecodeError."""
    return _decoded(_action, data)


def _decoded(decoder: msgspec.json.Decoder[Shape], data: bytes) -> Shape:
    try:
        return decoder.decode(data)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None


def encode_json(thing: Signal | Assignment | Action) -> bytes:
    """JSON, as it stands on the public topics."""
    return _json.encode(thing)


def encode_flush(flush: Flush) -> bytes:
    """MessagePack, as it stands on theme-panes."""
    return _msgpack.encode(flush)


def decode_flush(data: bytes) -> Flush:
    """The inverse of :func:`encode_flush`.

    Raises:
        ValueError: if a newer build wrote it; msgspec.DecodeError if it is no flush.
    """
    flush = _flush.decode(data)
    if flush.version != WIRE_VERSION:
        raise ValueError(f"theme-panes record of version {flush.version}, this build knows {WIRE_VERSION}")
    return flush
