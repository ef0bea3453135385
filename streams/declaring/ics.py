"""Events of an iCalendar file (RFC 5545), as far as they can be meant here.

Read are once-only events, and those that repeat each week or on the same date each year; times in UTC, in a zone of
the IANA database, or without a zone; whole days. What would change when something takes place and is not understood
is refused, and never left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from detectors.declared import KINDS, Entry
from streams.declaring.fields import FieldError, made, scope
from streams.declaring.ics_times import Stretch, moment, repetitions
from streams.declaring.section import EventFile
from streams.declaring.tables import FileError

_LINE = re.compile(
    r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(.*)", re.S
)
_PARAMETER = re.compile(r";([A-Za-z0-9-]+)=((?:\"[^\"]*\"|[^\";])*)")
_ESCAPED = re.compile(r"\\(.)", re.S)

_READ = frozenset({"DTSTART", "DTEND", "SUMMARY", "RRULE", "CATEGORIES", "STATUS"})
# They say nothing about when it takes place.
_PASSED_OVER = frozenset(
    {
        "ATTACH", "ATTENDEE", "CLASS", "COLOR", "COMMENT", "CONFERENCE", "CONTACT", "CREATED", "DESCRIPTION", "DTSTAMP",
        "GEO", "IMAGE", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "RELATED-TO", "REQUEST-STATUS",
        "RESOURCES", "SEQUENCE", "TRANSP", "UID", "URL",
    }
)  # fmt: skip
# Zones go by their names; an alarm is somebody's reminder.
_SKIPPED = frozenset({"VTIMEZONE", "VALARM"})
_WITHIN = {"": {"VCALENDAR"}, "VCALENDAR": {"VEVENT", "VTIMEZONE"}, "VEVENT": {"VALARM"}}
_FIELDS = {"name": "SUMMARY", "start": "DTSTART", "end": "DTEND", "until": "RRULE", "kind": "CATEGORIES"}


class Property(NamedTuple):
    """One content line, unfolded.

    Attributes:
        line: the number of its first line in the file.
        parameters: by their names in capitals, quotes removed.
    """

    line: int
    name: str
    parameters: dict[str, str]
    value: str


def read_ics(text: str, defaults: EventFile) -> list[Entry]:
    """The events of an iCalendar file; a cancelled one is none.

    The kind of an event is the first of its categories that is one, or the default.

    Raises:
        FileError: with the line, and the property.
    """
    found: list[Entry] = []
    inside: list[Property] = []
    event: list[Property] = []
    last = 0
    for one in _properties(text):
        last = one.line
        if one.name == "BEGIN":
            _check_begin(one, inside)
            inside.append(one._replace(value=one.value.upper()))
            event = [] if one.value.upper() == "VEVENT" else event
            continue
        if not inside:
            raise FileError(one.line, f"expected BEGIN:VCALENDAR, got {one.name}")
        if one.name == "END":
            begun = inside.pop()
            if one.value.upper() != begun.value:
                raise FileError(one.line, f"expected END:{begun.value}, got END:{one.value}")
            if begun.value == "VEVENT":
                found += _entries(begun.line, event, defaults)
        elif inside[-1].value == "VEVENT":
            event.append(one)
        elif inside[-1].value == "VCALENDAR" and one.name == "CALSCALE" and one.value.upper() != "GREGORIAN":
            raise FileError(one.line, f"CALSCALE: expected GREGORIAN, got {one.value}")
    if inside:
        raise FileError(last, f"ends within {inside[-1].value}, begun in line {inside[-1].line}")
    if not last:
        raise FileError(1, "is empty; expected BEGIN:VCALENDAR")
    return found


def _check_begin(one: Property, inside: list[Property]) -> None:
    within = inside[-1].value if inside else ""
    name = one.value.upper()
    if any(outer.value in _SKIPPED for outer in inside):
        return
    if name in _WITHIN.get(within, ()):
        return
    where = f"within {within}" if within else "at the start"
    raise FileError(one.line, f"BEGIN:{one.value} {where} is not supported; only VEVENT within VCALENDAR is read")


def _properties(text: str) -> Iterator[Property]:
    """The content lines; one that begins with white space goes on where the one before it ended."""
    whole, first = "", 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and first:
            whole += line[1:]
            continue
        if whole:
            yield _property(whole, first)
        whole, first = line, number
    if whole:
        yield _property(whole, first)


def _property(whole: str, line: int) -> Property:
    parts = _LINE.fullmatch(whole)
    if parts is None:
        shown = whole if len(whole) <= 40 else f"{whole[:37]}..."
        raise FileError(line, f'expected NAME:VALUE, got "{shown}"')
    parameters = {name.upper(): value.replace('"', "") for name, value in _PARAMETER.findall(parts[2])}
    return Property(line, parts[1].upper(), parameters, parts[3].strip())


def _entries(line: int, event: list[Property], defaults: EventFile) -> list[Entry]:
    known: dict[str, Property] = {}
    for one in event:
        if one.name in _PASSED_OVER or one.name.startswith("X-"):
            continue
        if one.name not in _READ:
            raise FileError(one.line, f"{one.name}: is not supported")
        if one.name in known:
            if one.name == "CATEGORIES":
                known["CATEGORIES"] = one._replace(value=f"{known['CATEGORIES'].value},{one.value}")
                continue
            raise FileError(one.line, f"{one.name}: stands twice in one event")
        known[one.name] = one
    if "STATUS" in known and known["STATUS"].value.upper() == "CANCELLED":
        return []
    for name in ("DTSTART", "SUMMARY"):
        if name not in known:
            raise FileError(line, f"{name}: is missing in the event that begins here")
    try:
        return _made(known, defaults)
    except FieldError as error:
        field = _FIELDS.get(error.field, error.field)
        what = str(error).partition(": ")[2]
        raise FileError(known[field].line if field in known else line, f"{field}: {what}") from None


def _made(known: dict[str, Property], defaults: EventFile) -> list[Entry]:
    wanted = [word.strip().lower() for word in known["CATEGORIES"].value.split(",")] if "CATEGORIES" in known else []
    kind = next((kind for word in wanted for kind in KINDS if kind == word), defaults.kind)
    if kind is None:
        raise FieldError("kind", f"name none of {', '.join(KINDS)}, and the configuration names no kind for the file")
    start, end = known["DTSTART"], known.get("DTEND")
    stretch = Stretch.between(
        moment(start.name, start.value, start.parameters),
        moment(end.name, end.value, end.parameters) if end else None,
    )
    rule = known["RRULE"].value if "RRULE" in known else None
    name = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], known["SUMMARY"].value).strip()
    return [
        made(
            name=name,
            kind=kind,
            start=one.start,
            end=one.end,
            zone=stretch.zone,
            scope=scope(None, None, defaults),
            effect=defaults.effect,
            multiplier=defaults.multiplier,
            repeats=one.repeats,
            until=one.until,
        )
        for one in repetitions(rule, stretch)
    ]
