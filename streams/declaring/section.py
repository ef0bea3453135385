"""The table ``[calendar]`` of the configuration: whose clock, which holidays, and where events are declared."""

from typing import Literal

from msgspec import Struct

from detectors.declared import Effect, Kind

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class EventFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of events, and what holds for those in it that say nothing else.

    Attributes:
        file: a .toml, .csv or .ics file, relative to the configuration.
        kind, themes, tenants, effect, multiplier: see :class:`detectors.declared.Entry`.
    """

    file: str
    kind: Kind | None = None
    themes: tuple[str, ...] | None = None
    tenants: tuple[str, ...] | None = None
    effect: Effect | None = None
    multiplier: float | None = None


class TenantCalendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table ``[calendar.tenants.PATTERN]``; what is left out is as for the others."""

    zone: str | None = None
    holidays: tuple[str, ...] | None = None
    holiday_as: Weekday | None = None
    weekend: tuple[Weekday, ...] | None = None


class CalendarSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[calendar]``.

    Attributes:
        zone: time zone of the customers, of the IANA database.
        holidays: countries, parts of countries or markets, such as ``US``, ``DE-BY`` or ``XNYS``.
        holiday_as: the weekday that a holiday counts as.
        files: where events are declared.
        tenants: glob pattern -> what is different; the last that matches wins.
    """

    zone: str = "UTC"
    holidays: tuple[str, ...] = ()
    holiday_as: Weekday = "sunday"
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    files: tuple[str | EventFile, ...] = ()
    tenants: dict[str, TenantCalendar] = {}
