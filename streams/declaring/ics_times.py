"""Times and repetition rules of iCalendar (RFC 5545, 3.3.4, 3.3.5 and 3.3.10), the part that is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from detectors.declared import Repeats
from detectors.local_time import LocalTime
from streams.declaring.fields import FieldError, checked_zone

_DATE = re.compile(r"\d{8}", re.ASCII)
_TIME = re.compile(r"(\d{8}T\d{6})(Z?)", re.ASCII)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UTC = "UTC"


class Moment(NamedTuple):
    """The value of DTSTART or DTEND.

    Attributes:
        wall: local time.
        zone: whose; empty for the calendar's.
        whole_day: a date, without a time.
    """

    wall: datetime
    zone: str
    whole_day: bool


class Stretch(NamedTuple):
    """From when to when, by the clock of the start; the end is excluded."""

    start: datetime
    end: datetime
    zone: str
    whole_days: bool

    @classmethod
    def between(cls, start: Moment, end: Moment | None) -> Stretch:
        """Without an end, a date lasts a day and a time no time.

        Raises:
            FieldError: one is a date and the other a time, or only one has a zone.
        """
        if end is None:
            lasts = timedelta(days=1) if start.whole_day else timedelta()
            return cls(start.wall, start.wall + lasts, start.zone, start.whole_day)
        if start.whole_day != end.whole_day:
            raise FieldError("DTEND", "expected a date if DTSTART is one, and a time if it is one")
        over = end.wall
        if end.zone != start.zone:
            if not start.zone or not end.zone:
                raise FieldError("DTEND", "expected a zone if DTSTART has one, and none if it has none")
            over = LocalTime(start.zone).wall(LocalTime(end.zone).moment(end.wall))
        return cls(start.wall, over, start.zone, start.whole_day)


class Repetition(NamedTuple):
    """One start that may repeat; see :class:`detectors.declared.Entry`."""

    start: datetime
    end: datetime
    repeats: Repeats
    until: date | None


def moment(name: str, value: str, parameters: Mapping[str, str]) -> Moment:
    """The value of a property that is a date or a time.

    Raises:
        FieldError: it is neither, or has a parameter that is not understood.

    >>> moment("DTSTART", "20260704T093000", {"TZID": "America/New_York"})
    Moment(wall=datetime.datetime(2026, 7, 4, 9, 30), zone='America/New_York', whole_day=False)
    """
    for parameter in parameters:
        if parameter not in ("VALUE", "TZID") and not parameter.startswith("X-"):
            raise FieldError(name, f"{parameter} is not supported")
    kind = parameters.get("VALUE", "DATE-TIME").upper()
    if kind not in ("DATE", "DATE-TIME"):
        raise FieldError(name, f"VALUE={kind} is not supported; expected DATE or DATE-TIME")
    zone = parameters.get("TZID", "")
    try:
        if kind == "DATE":
            if zone:
                raise FieldError(name, "TZID is of no use with a date")
            return Moment(datetime.combine(_date(value), time()), "", True)
        found = _TIME.fullmatch(value)
        if found is None:
            raise ValueError("expected a time, such as 20260704T093000Z")
        wall = datetime.fromisoformat(found[1])
    except FieldError:
        raise
    except ValueError as error:
        raise FieldError(name, f"{error}; got {value[:40]}") from None
    if found[2] and zone:
        raise FieldError(name, "has both Z and TZID")
    return Moment(wall, _UTC if found[2] else checked_zone(zone, name) if zone else "", False)


def repetitions(rule: str | None, stretch: Stretch) -> list[Repetition]:
    """What a rule makes of a stretch: several days of a week are so many weekly repetitions.

    Raises:
        FieldError: the rule is not of those that are read.
    """
    if rule is None:
        return [Repetition(stretch.start, stretch.end, "", None)]
    parts = _parts(rule)
    how = parts.pop("FREQ", "")
    if how not in ("WEEKLY", "YEARLY"):
        raise _not_read(f"FREQ={how}" if how else "without FREQ", "FREQ=WEEKLY or FREQ=YEARLY")
    # Where the week starts matters only with a longer interval.
    parts.pop("WKST", None)
    if (interval := parts.pop("INTERVAL", "1")) != "1":
        raise _not_read(f"INTERVAL={interval}", "INTERVAL=1")
    until, count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    if until is not None and count is not None:
        raise _not_read("UNTIL with COUNT", "one of them")
    last = None if until is None else _until(until, stretch)
    if how == "YEARLY":
        return [_yearly(stretch, parts, last, count)]
    days = _weekdays(parts.pop("BYDAY", None), stretch.start)
    _check_no_more(parts)
    if count is not None:
        if len(days) > 1:
            raise _not_read("COUNT with several days", "UNTIL")
        last = stretch.start.date() + timedelta(weeks=_count(count) - 1)
    found = []
    for day in days:
        shift = timedelta(days=(day - stretch.start.weekday()) % 7)
        if last is None or (stretch.start + shift).date() <= last:
            found.append(Repetition(stretch.start + shift, stretch.end + shift, "weekly", last))
    if not found:
        raise FieldError("RRULE", f"UNTIL is before DTSTART: {rule[:80]}")
    return found


def _yearly(stretch: Stretch, parts: dict[str, str], last: date | None, count: str | None) -> Repetition:
    start = stretch.start
    for name, own in (("BYMONTH", start.month), ("BYMONTHDAY", start.day)):
        if (value := parts.pop(name, str(own))) != str(own):
            raise _not_read(f"{name}={value}", f"that of DTSTART, {own}")
    _check_no_more(parts)
    if count is not None:
        if (start.month, start.day) == (2, 29):
            raise _not_read("COUNT from 29 February", "UNTIL")
        last = start.date().replace(year=start.year + _count(count) - 1)
    return Repetition(start, stretch.end, "yearly", last)


def _parts(rule: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in rule.upper().split(";"):
        name, equals, value = part.partition("=")
        if not (name and equals and value) or name in found:
            raise FieldError("RRULE", f'expected NAME=VALUE, each once, got "{part[:40]}"')
        found[name] = value
    return found


def _until(text: str, stretch: Stretch) -> date:
    """The last local date on which a repetition may start."""
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            return _date(text)
        wall = datetime.fromisoformat(found[1])
    except ValueError as error:
        raise FieldError("RRULE", f"UNTIL: {error}; got {text[:40]}") from None
    if found[2] and stretch.zone not in ("", _UTC):
        wall = LocalTime(stretch.zone).wall(LocalTime(_UTC).moment(wall))
    if stretch.whole_days:
        return wall.date()
    return wall.date() if stretch.start.time() <= wall.time() else wall.date() - timedelta(days=1)


def _weekdays(text: str | None, start: datetime) -> list[int]:
    if text is None:
        return [start.weekday()]
    if not all(day in _DAYS for day in text.split(",")):
        raise _not_read(f"BYDAY={text[:40]}", "days such as MO,TH")
    days = sorted({_DAYS.index(day) for day in text.split(",")})
    if start.weekday() not in days:
        raise _not_read(f"BYDAY={text} without the day of DTSTART, {_DAYS[start.weekday()]}", "it among them")
    return days


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII):
        raise _not_read(f"COUNT={text[:40]}", "1 to 999")
    return int(text)


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("expected a date, such as 20260704")
    return date.fromisoformat(text)


def _check_no_more(parts: Mapping[str, str]) -> None:
    for name, value in parts.items():
        raise _not_read(f"{name}={value[:40]}", "it left out")


def _not_read(what: str, expected: str) -> FieldError:
    return FieldError("RRULE", f"{what} is not supported; expected {expected}")
