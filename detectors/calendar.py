"""What is known about a moment beforehand: weekday, holiday, and what people have declared.

The detectors ask once a pane for each series; what is in force is found once a pane, and is shared by the series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from detectors.declared import Declared, Entry
from detectors.in_force import Block, Guidance, Pane
from detectors.local_time import DAY_S, LocalTime

__all__ = ["SUNDAY", "WEEKEND", "Calendar", "Calendars", "DayKind", "Guidance", "PublicHolidays"]

DayKind = Literal["workday", "weekend", "holiday", "bridge"]
PublicHolidays = Callable[[int], Mapping[date, str]]
"""The public holidays of a year and what they are called; empty where none are known."""

SUNDAY = 6
WEEKEND = frozenset({5, 6})
_BLOCK_S = 7 * DAY_S
_BLOCKS, _PANES = 4, 16
_LONGEST_PANE_S = DAY_S
_EPOCH = date(1970, 1, 1)


class Calendar:
    """The calendar of one time zone.

    Args:
        local: its clock.
        entries: what has been declared; what is declared twice counts once.
        public_holidays: by year; asked once for each.
        holiday_as: the weekday that holidays count as, 0 is Monday.
        weekend: weekdays without work.

    Raises:
        ValueError: the zone of an entry is unknown.

    >>> deploy = Entry(name="web 4.2", kind="deploy", start=datetime(2026, 7, 3, 9), end=datetime(2026, 7, 3, 9))
    >>> fourth = {date(2026, 7, 3): "Independence Day (US)"}
    >>> calendar = Calendar(LocalTime("America/New_York"), [deploy], lambda year: fourth if year == 2026 else {})
    >>> calendar.guidance(1_783_084_800.0, "bank", "login-failure")._asdict() == {
    ...     "mute": False, "multiplier": 1.0, "learn": False, "day_as": 6,
    ...     "context": ("public holiday: Independence Day (US)", "deploy web 4.2 20 minutes earlier")}
    True
    """

    def __init__(
        self,
        local: LocalTime,
        entries: Iterable[Entry] = (),
        public_holidays: PublicHolidays = lambda _: {},
        *,
        holiday_as: int = SUNDAY,
        weekend: frozenset[int] = WEEKEND,
    ) -> None:
        self.local, self.holiday_as, self.weekend = local, holiday_as, weekend
        self._public_holidays = public_holidays
        distinct = list(dict.fromkeys(entries))
        zones = {zone: LocalTime(zone) for zone in {entry.zone for entry in distinct} if zone}
        clocked = [(entry, zones.get(entry.zone, local)) for entry in distinct]
        everlasting = (float("-inf"), float("inf"))
        self._once = [
            one for entry, clock in clocked if not entry.repeats for one in entry.occurrences(clock, *everlasting)
        ]
        self._repeating = [(entry, clock) for entry, clock in clocked if entry.repeats]
        self._years: dict[int, Mapping[date, str]] = {}
        self._blocks: dict[int, Block] = {}
        self._panes: dict[tuple[float, float], Pane] = {}

    def guidance(self, at: float, tenant: str, theme: str, pane_s: float = 60.0) -> Guidance:
        """What to make of the pane ``[at, at + pane_s)`` of a series.

        A declaration is in force in every pane that it touches, a holiday in those that start within it.

        Args:
            at: start of the pane, epoch seconds.
            pane_s: above 0, at most a day.

        Raises:
            ValueError: ``at`` is no moment that has a date, or ``pane_s`` is out of range.
        """
        pane = self._panes.get((at, pane_s)) or self._pane(at, pane_s)
        return pane.guidance(tenant, theme)

    def events(self, at: float, tenant: str, theme: str, pane_s: float = 60.0) -> tuple[Declared, ...]:
        """What is in force for a series in the pane ``[at, at + pane_s)``, public holidays among it, by start.

        Raises:
            ValueError: as :meth:`guidance`.
        """
        pane = self._panes.get((at, pane_s)) or self._pane(at, pane_s)
        return pane.events(tenant, theme)

    def day_kind(self, at: float) -> DayKind:
        """What kind of day it is locally, for everybody: a holiday that not all series have is none.

        A bridge is a workday between two days without work.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        pane = self._pane(at, 1.0)
        if pane.holiday:
            return "holiday"
        if pane.weekday in self.weekend:
            return "weekend"
        return "bridge" if pane.bridging else "workday"

    def _pane(self, at: float, pane_s: float) -> Pane:
        known = self._panes.get((at, pane_s))
        if known is not None:
            return known
        if not 0 < pane_s <= _LONGEST_PANE_S:
            raise ValueError(f"pane_s: expected more than 0, at most {_LONGEST_PANE_S}, got {pane_s}")
        weekday = self.local.at(at).weekday
        bridging = "" if weekday in self.weekend else self._bridging(self.local.day(at), weekday)
        pane = Pane(self._block(at), at, pane_s, weekday, self.holiday_as, bridging)
        if len(self._panes) >= _PANES:
            del self._panes[next(iter(self._panes))]
        self._panes[at, pane_s] = pane
        return pane

    def _bridging(self, day: int, weekday: int) -> str:
        """Why a day is a bridge unless it is a holiday itself, in words; empty if it is none."""
        names = []
        for beside in (-1, 1):
            holiday = self._holiday(day + beside)
            if not holiday and (weekday + beside) % 7 not in self.weekend:
                return ""
            names.append(holiday or "the weekend")
        if names == ["the weekend", "the weekend"]:
            return ""
        return f"bridge day between {names[0]} and {names[1]}"

    def _holiday(self, day: int) -> str:
        """What everybody's holiday of a local date is called; empty if it is none."""
        noon = self.local.moment(datetime.combine(_EPOCH + timedelta(days=day), time(12)))
        for one, bit in self._block(noon).declared:
            if one.kind == "holiday" and not bit and one.start <= noon < one.end:
                return one.name
        return ""

    def _block(self, at: float) -> Block:
        number = int(at // _BLOCK_S)
        known = self._blocks.get(number)
        if known is not None:
            return known
        first, end = float(number * _BLOCK_S), float((number + 1) * _BLOCK_S + _LONGEST_PANE_S)
        declared = [one for one in self._once if one.start < end and max(one.end + one.after_s, one.start) >= first]
        for entry, clock in self._repeating:
            declared += entry.occurrences(clock, first, end)
        declared += self._public(first, end)
        if len(self._blocks) >= _BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        block = self._blocks[number] = Block(declared)
        return block

    def _public(self, first: float, end: float) -> Iterable[Declared]:
        day, last = self.local.wall(first).date(), self.local.wall(end).date()
        while day <= last:
            if day.year not in self._years:
                self._years[day.year] = self._public_holidays(day.year)
            if name := self._years[day.year].get(day):
                midnight = datetime.combine(day, time())
                start, over = self.local.moment(midnight), self.local.moment(midnight + timedelta(days=1))
                yield Declared(
                    name=name, kind="holiday", start=start, end=over, effect="note", learn=False, public=True
                )
            day += timedelta(days=1)


class Calendars:
    """A calendar for each tenant.

    Args:
        default: for those that no pattern matches.
        tenants: glob patterns and their calendars; the last that matches wins.

    >>> home, abroad = Calendar(LocalTime("Europe/Berlin")), Calendar(LocalTime("Asia/Tokyo"))
    >>> Calendars(home, [("acme-*", abroad)]).of("acme-jp").local.name
    'Asia/Tokyo'
    """

    def __init__(self, default: Calendar, tenants: Sequence[tuple[str, Calendar]] = ()) -> None:
        self.default, self._tenants = default, tenants
        self._known: dict[str, Calendar] = {}

    def of(self, tenant: str) -> Calendar:
        """The calendar of a tenant."""
        known = self._known.get(tenant)
        if known is None:
            fitting = [calendar for pattern, calendar in self._tenants if fnmatchcase(tenant, pattern)]
            known = self._known[tenant] = fitting[-1] if fitting else self.default
        return known

    def guidance(self, at: float, tenant: str, theme: str, pane_s: float = 60.0) -> Guidance:
        """See :meth:`Calendar.guidance`."""
        return self.of(tenant).guidance(at, tenant, theme, pane_s)
