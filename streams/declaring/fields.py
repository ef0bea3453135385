"""The fields of one declared event, as they stand in a TOML table or in a row of a CSV file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

from detectors.declared import EFFECTS, KINDS, REPEATS, Entry, Scope
from detectors.local_time import LocalTime
from schemas.duration import parse_duration
from streams.declaring.section import EventFile

FIELDS = (
    "start", "end", "for", "name", "kind", "zone", "themes", "tenants", "effect", "multiplier", "learn", "after",
    "repeats", "until",
)  # fmt: skip

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_WRITTEN = "expected a date or a time, such as 2026-07-04, 2026-07-04 09:30 or 2026-07-04T09:30:00+02:00"
_DAY = timedelta(days=1)

Word = TypeVar("Word", bound=str)


class FieldError(ValueError):
    """A field that cannot be used.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field


def entry(fields: Mapping[str, Any], defaults: EventFile) -> Entry:
    """The event that the fields declare.

    A date as the end is the last day; a time as the end is excluded. A time without an offset is local. What is
    text in a CSV file (a number, a list, true) may be text here.

    Args:
        fields: those that are given.
        defaults: for those that are not.

    Raises:
        FieldError: naming the field.

    >>> found = entry({"name": "sale", "start": "2026-07-01", "end": "2026-07-03", "multiplier": "3"},
    ...               EventFile(file="", kind="campaign"))
    >>> found.end, found.multiplier, found.scope.themes
    (datetime.datetime(2026, 7, 4, 0, 0), 3.0, ('*',))
    """
    for field in fields:
        if field not in FIELDS:
            raise FieldError(field, f"unknown field{_alike(field, FIELDS)}")
    if (name := _text(fields, "name")) is None:
        raise FieldError("name", "is missing")
    kind = choice(fields, "kind", KINDS) or defaults.kind
    if kind is None:
        raise FieldError("kind", f"is missing; there are {', '.join(KINDS)}")
    start, end, zone = _stretch(fields, instant=kind == "deploy")
    repeats = choice(fields, "repeats", REPEATS) or ""
    if repeats and zone == "UTC" and "zone" not in fields:
        raise FieldError("repeats", "needs a local time; write start and end without an offset, and a zone")
    effect, multiplier = choice(fields, "effect", EFFECTS), _number(fields, "multiplier")
    # One of the two says what is meant: the other's default would contradict it.
    if effect is None and multiplier is None:
        effect, multiplier = defaults.effect, defaults.multiplier
    elif multiplier is None and effect == "expect":
        multiplier = defaults.multiplier
    return made(
        name=name,
        kind=kind,
        start=start,
        end=end,
        zone=zone,
        scope=scope(_names(fields, "themes"), _names(fields, "tenants"), defaults),
        effect=effect,
        multiplier=multiplier,
        learn=_truth(fields, "learn"),
        after_s=_duration(fields, "after"),
        repeats=repeats,
        until=_date(fields, "until"),
    )


def made(**attributes: Any) -> Entry:
    """An entry.

    Raises:
        FieldError: what was wrong with the attributes.
    """
    try:
        return Entry(**attributes)
    except ValueError as error:
        field, _, what = str(error).partition(": ")
        raise FieldError(field, what) from None


def scope(themes: tuple[str, ...] | None, tenants: tuple[str, ...] | None, defaults: EventFile) -> Scope:
    """The series that are meant."""
    everything = Scope()
    return Scope(
        themes or defaults.themes or everything.themes,
        tenants or defaults.tenants or everything.tenants,
    )


def choice(fields: Mapping[str, Any], field: str, words: Sequence[Word]) -> Word | None:
    """A field that is one of some words.

    Raises:
        FieldError: it is none of them.
    """
    value = _text(fields, field)
    if value is None:
        return None
    for word in words:
        if word == value:
            return word
    raise FieldError(field, f'"{value}" is none of {", ".join(words)}{_alike(value, words)}')


def checked_zone(name: str, field: str) -> str:
    """A time zone.

    Raises:
        FieldError: there is none of that name.
    """
    try:
        LocalTime(name)
    except ValueError as error:
        raise FieldError(field, str(error)) from None
    return name


def _stretch(fields: Mapping[str, Any], *, instant: bool) -> tuple[datetime, datetime, str]:
    """Start, end and zone; the end of what may take no time is its start."""
    start = _moment(fields, "start")
    if start is None:
        raise FieldError("start", f"is missing; {_WRITTEN}")
    end, lasts = _moment(fields, "end"), _duration(fields, "for")
    if end is not None and lasts is not None:
        raise FieldError("for", "is of no use with an end")
    whole_days = not isinstance(start, datetime)
    begun = datetime.combine(start, time()) if not isinstance(start, datetime) else start
    if end is None:
        if lasts is None and not whole_days and not instant:
            raise FieldError("end", "is missing; write when it ends, or how long it lasts, as in for 2h")
        try:
            over = begun + (timedelta(seconds=lasts) if lasts is not None else _DAY if whole_days else timedelta())
        except OverflowError:
            raise FieldError("for", "is too long") from None
    elif isinstance(end, datetime):
        if whole_days:
            raise FieldError("end", "is a time, but the start is a date; expected both alike")
        over = end
    elif not whole_days:
        raise FieldError("end", "is a date, but the start is a time; expected both alike")
    elif end < start:
        raise FieldError("end", f"{end} is before the start, {start}")
    else:
        over = datetime.combine(end, time()) + (_DAY if end < date.max else timedelta())
    return _clocked(fields, begun, over)


def _clocked(fields: Mapping[str, Any], start: datetime, end: datetime) -> tuple[datetime, datetime, str]:
    zone = _text(fields, "zone")
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise FieldError("end", "has an offset where the start has none, or the other way round; expected both alike")
    if start.tzinfo is None:
        return start, end, checked_zone(zone, "zone") if zone is not None else ""
    if zone is not None:
        raise FieldError("zone", "is of no use with a time that has an offset")
    try:
        return start.astimezone(UTC).replace(tzinfo=None), end.astimezone(UTC).replace(tzinfo=None), "UTC"
    except OverflowError:
        raise FieldError("start", "is no time that can be told in UTC") from None


def _moment(fields: Mapping[str, Any], field: str) -> datetime | date | None:
    value = fields.get(field)
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise FieldError(field, f"{_WRITTEN}; got {_shown(value)}")
    try:
        return date.fromisoformat(value) if len(value) == len("2026-07-04") else datetime.fromisoformat(value)
    except ValueError as error:
        raise FieldError(field, f"{_shown(value)}: {error}") from None


def _date(fields: Mapping[str, Any], field: str) -> date | None:
    value = _moment(fields, field)
    if isinstance(value, datetime):
        raise FieldError(field, f"expected a date, such as 2026-12-31, got {value}")
    return value


def _text(fields: Mapping[str, Any], field: str) -> str | None:
    value = fields.get(field)
    if value is not None and not isinstance(value, str):
        raise FieldError(field, f"expected text, got {_shown(value)}")
    return value


def _names(fields: Mapping[str, Any], field: str) -> tuple[str, ...] | None:
    value = fields.get(field)
    if value is None:
        return None
    many = value.split(";") if isinstance(value, str) else value
    if not isinstance(many, list) or not many or not all(isinstance(one, str) and one.strip() for one in many):
        raise FieldError(field, f"expected patterns, such as login-*, got {_shown(value)}")
    return tuple(one.strip() for one in many)


def _number(fields: Mapping[str, Any], field: str) -> float | None:
    value = fields.get(field)
    if value is None:
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise FieldError(field, f"expected a number, such as 2.5, got {_shown(value)}") from None


def _truth(fields: Mapping[str, Any], field: str) -> bool | None:
    value = fields.get(field)
    if value is None or isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise FieldError(field, f"expected true or false, got {_shown(value)}")
    return bool(value == "true")


def _duration(fields: Mapping[str, Any], field: str) -> float | None:
    value = fields.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, f'expected a duration, such as "2h", got {_shown(value)}')
    try:
        return parse_duration(value)
    except ValueError as error:
        raise FieldError(field, str(error)) from None


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _alike(word: str, words: Sequence[str]) -> str:
    found = get_close_matches(word.lower(), words, n=1)
    return f"; did you mean {found[0]}?" if found else ""
