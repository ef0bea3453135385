"""The calendars of a configuration: its keys checked, the files of events read, the holidays at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from detectors.calendar import Calendar, Calendars
from detectors.declared import Entry
from detectors.local_time import LocalTime
from streams.declaring.fields import FieldError, entry
from streams.declaring.ics import read_ics
from streams.declaring.public import check_code, public_holidays
from streams.declaring.section import CalendarSection, EventFile, TenantCalendar
from streams.declaring.tables import FileError, read_csv, read_toml

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_READERS: Mapping[str, Callable[[str, EventFile], list[Entry]]] = {
    ".toml": read_toml,
    ".csv": read_csv,
    ".ics": read_ics,
}


class CalendarError(ValueError):
    """A calendar that cannot be used; the message begins with the key path."""


def check_section(section: CalendarSection) -> None:
    """Refuse zones and holidays that there are not; no file is read.

    Raises:
        CalendarError: naming the key path.
    """
    _check_places("calendar", section)
    for pattern, tenant in section.tenants.items():
        _check_places(f"calendar.tenants.{pattern}", tenant)
    for index, given in enumerate(section.files):
        where = f"calendar.files[{index}]"
        file = _file(given)
        if Path(file.file).suffix.lower() not in _READERS:
            raise CalendarError(f'{where}: expected a file {", ".join(_READERS)}, got "{file.file}"')
        try:
            # What holds for a whole file must make sense for some event in it.
            own = {"multiplier": 2.0} if file.effect == "expect" and file.multiplier is None else {}
            entry({"name": "any", "kind": "campaign", "start": "2026-01-01", **own}, file)
        except FieldError as error:
            raise CalendarError(f"{where}.{error}") from None


def read_files(section: CalendarSection, directory: Path) -> dict[str, list[Entry]]:
    """What each file declares, by the name that the configuration gives it.

    Args:
        directory: that the names are relative to.

    Raises:
        CalendarError: naming the key path, the file, the line and the field.
    """
    found: dict[str, list[Entry]] = {}
    for index, given in enumerate(section.files):
        file = _file(given)
        path = directory / file.file
        where = f"calendar.files[{index}]: {path}"
        try:
            text = path.read_text(encoding="utf-8-sig")
            found.setdefault(file.file, []).extend(_READERS[path.suffix.lower()](text, file))
        except OSError as error:
            raise CalendarError(f"{where}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise CalendarError(f"{where}: not UTF-8: {error.reason} at byte {error.start}") from None
        except FileError as error:
            raise CalendarError(f"{where}:{f'{error.line}:' if error.line else ''} {error}") from None
    return found


def calendars(section: CalendarSection, directory: Path) -> Calendars:
    """The calendars of all tenants.

    Raises:
        CalendarError: as :func:`check_section` and :func:`read_files`.
    """
    check_section(section)
    entries = [one for declared in read_files(section, directory).values() for one in declared]
    return Calendars(
        _calendar(section, TenantCalendar(), entries),
        [(pattern, _calendar(section, tenant, entries)) for pattern, tenant in section.tenants.items()],
    )


def in_words(section: CalendarSection, declared: Mapping[str, list[Entry]]) -> Iterator[str]:
    """The calendars for a person, a line at a time.

    Args:
        declared: see :func:`read_files`.
    """
    yield f"calendar   {_place_in_words(section, TenantCalendar())}"
    for pattern, tenant in section.tenants.items():
        yield f"           of {pattern}: {_place_in_words(section, tenant)}"
    for name, entries in declared.items():
        kinds = sorted({one.kind for one in entries})
        yield f"           {len(entries)} declared in {name}{': ' if kinds else ''}{', '.join(kinds)}"


def _place_in_words(section: CalendarSection, tenant: TenantCalendar) -> str:
    zone, holidays, holiday_as, _ = _merged(section, tenant)
    if not holidays:
        return f"{zone}, no public holidays"
    return f"{zone}, public holidays of {', '.join(holidays)} count as a {holiday_as}"


def _merged(section: CalendarSection, tenant: TenantCalendar) -> tuple[str, tuple[str, ...], str, tuple[str, ...]]:
    return (
        section.zone if tenant.zone is None else tenant.zone,
        section.holidays if tenant.holidays is None else tenant.holidays,
        section.holiday_as if tenant.holiday_as is None else tenant.holiday_as,
        section.weekend if tenant.weekend is None else tenant.weekend,
    )


def _calendar(section: CalendarSection, tenant: TenantCalendar, entries: list[Entry]) -> Calendar:
    zone, holidays, holiday_as, weekend = _merged(section, tenant)
    return Calendar(
        LocalTime(zone),
        entries,
        public_holidays(holidays),
        holiday_as=_WEEKDAYS.index(holiday_as),
        weekend=frozenset(map(_WEEKDAYS.index, weekend)),
    )


def _check_places(where: str, table: CalendarSection | TenantCalendar) -> None:
    try:
        if table.zone is not None:
            LocalTime(table.zone)
    except ValueError as error:
        raise CalendarError(f"{where}.zone: {error}") from None
    for index, code in enumerate(table.holidays or ()):
        try:
            check_code(code)
        except ValueError as error:
            raise CalendarError(f"{where}.holidays[{index}]: {error}") from None


def _file(given: str | EventFile) -> EventFile:
    return EventFile(file=given) if isinstance(given, str) else given
