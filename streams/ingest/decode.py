"""From a record to an event, or to the reason why not. Nothing here raises for bad input."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas.cloudevents import CloudEventError, UnknownVersionError, from_record
from schemas.event import SCHEMA_VERSION, Event, Scalar, Theme
from schemas.panes import VALUES
from sinks.dead_letters import MAX_HEADER_BYTES, MAX_HEADERS, Reason, header_size

Headers = Sequence[tuple[str, bytes]]

_MAX_METRIC = 1e15
"""A larger number is a mistake, and its square would spoil every sum it enters."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_RANGE = re.compile(r"[<>]=? |of length|out of range").search


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event may be.

    Attributes:
        max_text: characters of text.
        max_record: bytes of a record's value.
        max_headers, max_header_bytes: of a record; bytes of all names and values together.
        max_future_s: how far an event's time may lie after the record's.
        max_past_s: how far before.
    """

    max_text: int = 20_000
    max_record: int = 262_144
    max_headers: int = MAX_HEADERS
    max_header_bytes: int = MAX_HEADER_BYTES
    max_future_s: float = 300.0
    max_past_s: float = 20 * 365 * 86_400.0

    def __post_init__(self) -> None:
        for name in ("max_text", "max_record"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("max_headers", "max_header_bytes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: expected 0 or more, got {getattr(self, name)}")


class Rejected(NamedTuple):
    """Why a record is no event: a stable reason, and a sentence that names the field."""

    reason: Reason
    message: str


class EventDecoder:
    """Decodes and validates.

    Args:
        dimensions: dimension names; one that is no field of an event (``os_version``) is read from its
            attributes, and from the top level, where producers like to put it.

    Attributes:
        paths: where an event has its dimensions: attribute names, dotted for those in ``attributes``.

    >>> decoder = EventDecoder(Limits(), ())
    >>> decoder.decode(b'{"id": "1", "time": "2026-01-01T00:00:00Z", "theme": "login"}', (), 1.8e9).theme
    'login'
    >>> decoder.decode(b'{"id": "1", "theme": "login"}', (), 1.8e9).message
    'Object missing required field `time`'
    """

    def __init__(self, limits: Limits, dimensions: Sequence[str]) -> None:
        self.limits = limits
        free = [name for name in dimensions if name not in Event.__struct_fields__]
        self.paths = (*dimensions, *(f"attributes.{name}" for name in free))
        fields: list[Any] = [(name, Scalar, None) for name in free]
        # A struct, not a dict: attributes that are no dimension are passed over unread, however many there are.
        attributes = msgspec.defstruct("Attributes", fields, frozen=True, gc=False)
        fields = [*fields, ("attributes", attributes, attributes())]
        event_type: type[Event] = msgspec.defstruct("Event", fields, bases=(Event,), kw_only=True, gc=False)  # type: ignore[assignment]
        self.parse: Callable[[bytes], Event] = msgspec.json.Decoder(event_type).decode

    def decode(self, value: bytes | None, headers: Headers, recorded_at: float) -> Event | Rejected:
        """An event, or why the record is none.

        Args:
            recorded_at: the record's own timestamp, epoch seconds; the event's time is held against it.
        """
        if value is None:
            return Rejected(Reason.NULL_VALUE, "the record has no value")
        if len(value) > self.limits.max_record:
            return Rejected(Reason.TOO_LARGE, f"{len(value)} bytes, at most {self.limits.max_record} are taken")
        if headers and (excess := self._excess(headers)):
            return Rejected(Reason.TOO_LARGE, excess)
        try:
            event = self.parse(from_record(value, headers) if headers else value)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            return why_not(value, error)
        return self.check(event, event.time.timestamp() - recorded_at) or event

    def _excess(self, headers: Headers) -> str:
        """What of the headers is too much, in words; empty if nothing is."""
        limits = self.limits
        if len(headers) > limits.max_headers:
            return f"{len(headers)} headers, at most {limits.max_headers} are taken"
        size = sum(header_size(name, content) for name, content in headers)
        if size > limits.max_header_bytes:
            return f"{size} bytes of headers, at most {limits.max_header_bytes} are taken"
        return ""

    def plain(self, event: Event, ahead: float) -> bool:
        """Whether an event that parsed is so ordinary that :meth:`check` has nothing to say; the quick way past it."""
        theme, limits = event.theme, self.limits
        for number in event.metrics.values():
            if not -_MAX_METRIC <= number <= _MAX_METRIC:
                return False
        return (
            -limits.max_past_s < ahead < limits.max_future_s
            and event.schema_version == SCHEMA_VERSION
            and event.text is None
            and theme is not None
            and theme[0] != VALUES
            and theme.isprintable()
            and event.tenant.isprintable()
            and event.id.isprintable()
            and not event.themes
        )

    def check(self, event: Event, ahead: float) -> Rejected | None:
        """Why an event that parsed is none all the same; None if it is one.

        Args:
            ahead: the event's time less the record's, seconds.
        """
        limits = self.limits
        if event.schema_version != SCHEMA_VERSION:
            message = f"`$.schema_version` is {event.schema_version}, this build knows {SCHEMA_VERSION}"
            return Rejected(Reason.UNKNOWN_SCHEMA_VERSION, message)
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
        for name, number in event.metrics.items():
            if not -_MAX_METRIC <= number <= _MAX_METRIC:
                message = f"`$.metrics.{name[:50]}` is {number:g}, at most {_MAX_METRIC:g} is taken"
                return Rejected(Reason.OUT_OF_RANGE, message)
        theme = event.theme
        plain = event.id.isprintable() and event.tenant.isprintable() and (theme is None or theme.isprintable())
        ours = theme is not None and theme.startswith(VALUES)
        return _bad_name(event) if not plain or ours or event.themes else None


def _bad_name(event: Event) -> Rejected | None:
    """Names are parts of keys, which a control character takes apart; themes that begin with ``*`` are our own."""
    themes = [theme.name if isinstance(theme, Theme) else theme for theme in event.themes]
    names = [("id", event.id), ("tenant", event.tenant), ("theme", event.theme or ""), *(("themes", t) for t in themes)]
    for field, name in names:
        if "\0" in name:
            return Rejected(Reason.NULL_BYTES, f"`$.{field}` holds a null byte")
        if field != "id" and _CONTROL(name):
            return Rejected(Reason.OUT_OF_RANGE, f"`$.{field}` holds a control character")
        if field in ("theme", "themes") and name.startswith(VALUES):
            return Rejected(Reason.OUT_OF_RANGE, f"`$.{field}` begins with `{VALUES}`, as only names of our own do")
    return None


def why_not(value: bytes, error: Exception) -> Rejected:
    """The reason and the sentence for a value that did not parse."""
    if isinstance(error, msgspec.ValidationError):
        message = str(error)
        if "`$.time`" in message:
            return Rejected(Reason.BAD_TIME, message)
        if "missing required field" in message:
            return Rejected(Reason.MISSING_FIELD, message)
        return Rejected(Reason.OUT_OF_RANGE if _RANGE(message) else Reason.WRONG_TYPE, message)
    if isinstance(error, CloudEventError):
        reason = Reason.UNKNOWN_SCHEMA_VERSION if isinstance(error, UnknownVersionError) else Reason.WRONG_TYPE
        return Rejected(reason, str(error))
    if isinstance(error, RecursionError):
        return Rejected(Reason.NOT_JSON, "nested too deeply")
    try:
        value.decode()
    except UnicodeDecodeError as broken:
        return Rejected(Reason.NOT_UTF8, f"not UTF-8: {broken.reason} at byte {broken.start}")
    if b"\0" in value:
        return Rejected(Reason.NULL_BYTES, "the value holds null bytes and is not JSON")
    return Rejected(Reason.NOT_JSON, f"not JSON: {error}")
