"""From the rows of somebody's file to events. Pure: rows in, events or reasons out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from schemas.event import Event, Scalar
from schemas.ids import derived_id
from streams.cli.mapping import Columns, TimeColumn

_NUMBERS: Final = frozenset({"sentiment", "arr", "schema_version"})

Row = Mapping[str, Any]


class BadRow(ValueError):
    """A row that makes no event; the message says why."""


class Mapped(NamedTuple):
    """An event, the line of the file it comes from, and what it says beyond the fields of an event."""

    line: int
    event: Event
    unknown: Mapping[str, Any] = MappingProxyType({})


class Refused(NamedTuple):
    """A line that is no event, and why."""

    line: int
    why: str


def as_events(rows: Iterable[tuple[int, Row]], source: str) -> Iterator[Mapped | Refused]:
    """Each row, which has the shape of an event, as one; see :func:`to_events`."""
    known = set(Event.__struct_fields__)
    for line, row in rows:
        try:
            event = _checked({"id": derived_id("evt", source, line), **row})
        except BadRow as bad:
            yield Refused(line, str(bad))
            continue
        yield Mapped(line, event, {name: value for name, value in row.items() if name not in known})


def to_events(rows: Iterable[tuple[int, Row]], mapping: Columns, source: str) -> Iterator[Mapped | Refused]:
    """Each row as an event, or why it is none.

    Args:
        rows: (line, row).
        source: the file's name: with the line it makes the id of an event whose row has none.
    """
    zone = ZoneInfo(mapping.time.zone)
    for line, row in rows:
        try:
            yield Mapped(line, _event(row, mapping, zone, derived_id("evt", source, line)))
        except BadRow as bad:
            yield Refused(line, str(bad))


def _event(row: Row, mapping: Columns, zone: ZoneInfo, fallback_id: str) -> Event:
    fields: dict[str, Any] = {"id": fallback_id, **mapping.constants}
    for name, column in mapping.columns.items():
        value = _meant(row.get(column), mapping.values.get(name))
        if value is not None:
            fields[name] = _number(value, column) if name in _NUMBERS else str(value)
    fields["time"] = _time(row.get(mapping.time.column), mapping.time, zone)
    fields["metrics"] = {
        name: _number(value, column)
        for name, column in mapping.metrics.items()
        if (value := _meant(row.get(column), None)) is not None
    }
    fields["attributes"] = {
        name: value
        for name, column in mapping.attributes.items()
        if (value := _meant(row.get(column), None)) is not None
    }
    return _checked(fields)


def _checked(fields: Row) -> Event:
    try:
        event = msgspec.convert(fields, Event)
    except msgspec.ValidationError as error:
        raise BadRow(str(error).replace("`$.", "`")) from None
    if not event.theme and not event.themes and not event.text:
        raise BadRow("has neither a theme nor a text")
    return event


def _meant(value: Any, values: Mapping[str, Scalar] | None) -> Any:
    if value is None or (isinstance(value, str) and not (value := value.strip())):
        return None
    return values.get(str(value), value) if values else value


def _number(value: Any, column: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadRow(f'column "{column}": {str(value)[:40]!r} is no number') from None


def _time(value: Any, how: TimeColumn, zone: ZoneInfo) -> datetime:
    if value is None or value == "":
        raise BadRow(f'column "{how.column}" has no time')
    try:
        if how.format in ("epoch", "epoch_ms"):
            return datetime.fromtimestamp(float(value) / (1000 if how.format == "epoch_ms" else 1), UTC)
        text = str(value).strip()
        # Whichever it is, a time without an offset gets its zone below.
        at = datetime.fromisoformat(text) if how.format == "iso" else datetime.strptime(text, how.format)  # noqa: DTZ007
    except (TypeError, ValueError, OverflowError, OSError):
        raise BadRow(f'column "{how.column}": {str(value)[:40]!r} is no time ({how.format})') from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
