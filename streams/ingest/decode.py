"""From a record to an event, or to the reason why not. Nothing here raises for bad input."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.cloudevents import from_record
from schemas.event import SCHEMA_VERSION, Event
from sinks.dead_letters import Reason

Headers = Sequence[tuple[str, bytes]]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event may be.

    Attributes:
        max_text: characters of text.
        max_record: bytes of a record.
        max_future_s: how far an event's time may lie after the record's.
        max_past_s: how far before.
    """

    max_text: int = 20_000
    max_record: int = 262_144
    max_future_s: float = 300.0
    max_past_s: float = 20 * 365 * 86_400.0


class Rejected(NamedTuple):
    """Why a record is no event: a stable reason, and a sentence that names the field."""

    reason: Reason
    message: str


class EventDecoder:
    """Decodes and validates.

    Args:
        dimensions: dimension names; those that are no field of an event and that producers put at
            the top level (``os_version``) are decoded as if they were.

    >>> decoder = EventDecoder(Limits(), ())
    >>> decoder.decode(b'{"id": "1", "time": "2026-01-01T00:00:00Z", "theme": "login"}', (), 1.8e9).theme
    'login'
    >>> decoder.decode(b'{"id": "1", "theme": "login"}', (), 1.8e9).message
    'Object missing required field `time`'
    """

    def __init__(self, limits: Limits, dimensions: Sequence[str]) -> None:
        self.limits = limits
        extra = [
            (name, str | int | float | bool | None, None) for name in dimensions if name not in Event.__struct_fields__
        ]
        self.event_type = msgspec.defstruct("Event", extra, bases=(Event,), kw_only=True, gc=False) if extra else Event
        self._decode = msgspec.json.Decoder(self.event_type).decode

    def decode(self, value: bytes | None, headers: Headers, recorded_at: float) -> Event | Rejected:
        """An event, or why the record is none.

        Args:
            recorded_at: the record's own timestamp, epoch seconds; the event's time is held against it.
        """
        if value is None:
            return Rejected(Reason.NULL_VALUE, "the record has no value")
        if len(value) > self.limits.max_record:
            return Rejected(Reason.TOO_LARGE, f"{len(value)} bytes, at most {self.limits.max_record} are taken")
        try:
            event = self._decode(from_record(value, headers) if headers else value)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            return _why(value, error)
        return self._check(event, recorded_at)

    def _check(self, event: Event, recorded_at: float) -> Event | Rejected:
        limits = self.limits
        if event.schema_version != SCHEMA_VERSION:
            message = f"`$.schema_version` is {event.schema_version}, this build knows {SCHEMA_VERSION}"
            return Rejected(Reason.UNKNOWN_SCHEMA_VERSION, message)
        ahead = event.time.timestamp() - recorded_at
        if ahead > limits.max_future_s:
            return Rejected(
                Reason.FAR_FUTURE, f"`$.time` {event.time.isoformat()} is {ahead:.0f} s after the record's own"
            )
        if -ahead > limits.max_past_s:
            return Rejected(Reason.TOO_OLD, f"`$.time` {event.time.isoformat()} is absurdly old")
        text = event.text
        if text is not None and len(text) > limits.max_text:
            return Rejected(
                Reason.TEXT_TOO_LONG, f"`$.text` has {len(text)} characters, at most {limits.max_text} are taken"
            )
        if not event.theme and not event.themes and not text:
            return Rejected(Reason.NO_THEME_OR_TEXT, "an event needs `$.theme`, `$.themes` or `$.text`")
        if "\0" in event.id or "\0" in event.tenant or (event.theme and "\0" in event.theme):
            return Rejected(Reason.NULL_BYTES, "`$.id`, `$.tenant` or `$.theme` holds a null byte")
        return event


def _why(value: bytes, error: Exception) -> Rejected:
    if isinstance(error, msgspec.ValidationError):
        message = str(error)
        reason = Reason.MISSING_FIELD if "missing required field" in message else Reason.WRONG_TYPE
        return Rejected(Reason.BAD_TIME if "$.time" in message else reason, message)
    if b"\0" in value[:4096]:
        return Rejected(Reason.NULL_BYTES, "the value holds null bytes and is not JSON")
    return Rejected(Reason.NOT_JSON, f"not JSON: {error}")
