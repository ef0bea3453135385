"""The customer's clock: UTC seconds to the local weekday and second of the day.

Offsets come from the IANA time zone database and are kept as stretches between clock changes, so that a
conversion is a comparison or, for an array, one binary search.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from math import floor
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

DAY_S = 86_400
_BLOCK_DAYS = 400
_BLOCK_S = _BLOCK_DAYS * DAY_S
# A block on either side must still be a date that Python can tell.
_FIRST, _END = -(2**35), 2**37
_THURSDAY = 3
"""Weekday of 1 January 1970."""


class Local(NamedTuple):
    """A moment by the local clock.

    Attributes:
        weekday: 0 is Monday.
        second: of the day, 0 to 86,399; a repeated hour has the same seconds twice.
    """

    weekday: int
    second: int


class LocalTime:
    """The clock of one time zone.

    A moment is epoch seconds, from the year 882 to 6325. On the day of 25 hours the hour that is repeated maps to
    the same local hour twice; on the day of 23 hours one local hour does not happen.

    Args:
        zone_name: of the IANA database, such as ``Europe/Berlin``.

    Raises:
        ValueError: the database has no such zone; the message names it, and those that are spelled alike.

    >>> berlin = LocalTime("Europe/Berlin")
    >>> berlin.at(1_774_742_400.0), berlin.at(1_774_746_000.0)
    (Local(weekday=6, second=3600), Local(weekday=6, second=10800))
    >>> berlin.near_change(1_774_746_000.0, within_s=3600.0)
    True
    """

    __slots__ = ("_blocks", "_end", "_first", "_offset", "_zone", "name")

    def __init__(self, zone_name: str) -> None:
        self.name = zone_name
        self._zone = _zone(zone_name)
        self._blocks: dict[int, tuple[list[int], list[int]]] = {}
        # The stretch of one offset that was asked for last.
        self._first, self._end, self._offset = 0, 0, 0

    def offset(self, at: float) -> int:
        """Seconds that the local clock is ahead of UTC.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        if not self._first <= at < self._end:
            starts, offsets = self._block(_number(at))
            found = bisect_right(starts, at) - 1
            self._first, self._offset = starts[found], offsets[found]
            self._end = starts[found + 1] if found + 1 < len(starts) else (_number(at) + 1) * _BLOCK_S
        return self._offset

    def at(self, at: float) -> Local:
        """The weekday and the second of the day.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        day, second = divmod(self.offset(at) + floor(at), DAY_S)
        return Local((day + _THURSDAY) % 7, second)

    def day(self, at: float) -> int:
        """The local date, as days since 1 January 1970.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        return (self.offset(at) + floor(at)) // DAY_S

    def arrays(self, at: Floats | Whole) -> tuple[Whole, Whole]:
        """Weekdays and seconds of the day, as :meth:`at`, of many moments in any order.

        Args:
            at: epoch seconds, of any shape.

        Returns:
            Two arrays of that shape.

        Raises:
            ValueError: one of them is no moment that has a date.

        >>> import numpy as np
        >>> weekday, second = LocalTime("Asia/Kolkata").arrays(np.array([0.0, 66_600.0]))
        >>> weekday.tolist(), second.tolist()
        ([3, 4], [19800, 0])
        """
        import numpy as np

        moments = np.asarray(at)
        if not moments.size:
            return np.zeros(moments.shape, np.int64), np.zeros(moments.shape, np.int64)
        for extreme in (moments.min(), moments.max()):
            _number(float(extreme))
        whole = np.floor(moments).astype(np.int64)
        starts: list[int] = []
        offsets: list[int] = []
        for number in np.unique(whole // _BLOCK_S).tolist():
            more_starts, more_offsets = self._block(number)
            starts += more_starts
            offsets += more_offsets
        if len(starts) == 1:
            local = whole + offsets[0]
        else:
            local = whole + np.array(offsets)[np.searchsorted(np.array(starts), whole, side="right") - 1]
        return (local // DAY_S + _THURSDAY) % 7, local % DAY_S

    def near_change(self, at: float, within_s: float) -> bool:
        """Whether the clock changes within so many seconds, before or after: the season may then be an hour off.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        self.offset(at)
        if self._first < at - within_s and at + within_s < self._end:
            return False
        return any(abs(change - at) <= within_s for change in self._changes(at - within_s, at + within_s))

    def moment(self, wall: datetime) -> int:
        """Epoch seconds of a local date and time.

        Of a time that happens twice it is the first; one that the clock skips is as long after midnight as it would
        be without the change, so it is told an hour later (RFC 5545, 3.3.5).

        >>> LocalTime("Europe/Berlin").moment(datetime(2026, 3, 29, 2, 30)) == 1_774_747_800
        True
        """
        return floor(wall.replace(tzinfo=self._zone, fold=0).timestamp())

    def wall(self, at: float) -> datetime:
        """The local date and time, without a zone.

        Raises:
            ValueError: ``at`` is no moment that has a date.
        """
        return datetime(1970, 1, 1) + timedelta(seconds=self.offset(at) + floor(at))  # noqa: DTZ001

    def _changes(self, first: float, last: float) -> list[int]:
        found: list[int] = []
        for number in range(_number(first), _number(last) + 1):
            starts, offsets = self._block(number)
            before = self._block(number - 1)[1][-1]
            found += starts[1:] if offsets[0] == before else starts
        return found

    def _block(self, number: int) -> tuple[list[int], list[int]]:
        """Where each stretch of one offset starts, and the offset; the first starts with the block."""
        known = self._blocks.get(number)
        if known is not None:
            return known
        day, end = number * _BLOCK_S, (number + 1) * _BLOCK_S
        starts, offsets = [day], [self._ask(day)]
        # No zone has changed its clock and changed it back within a day.
        while day < end:
            after = self._ask(day + DAY_S)
            if after != offsets[-1]:
                starts.append(self._change(day, day + DAY_S))
                offsets.append(after)
            day += DAY_S
        if starts[-1] == end:
            del starts[-1], offsets[-1]
        self._blocks[number] = starts, offsets
        return starts, offsets

    def _change(self, before: int, after: int) -> int:
        """The first second of the new offset."""
        old = self._ask(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._ask(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def _ask(self, at: int) -> int:
        offset = datetime.fromtimestamp(at, UTC).astimezone(self._zone).utcoffset()
        assert offset is not None
        return offset // timedelta(seconds=1)


def _number(at: float) -> int:
    if not _FIRST <= at < _END:
        raise ValueError(f"{at} is no moment that has a date: expected epoch seconds")
    return int(at // _BLOCK_S)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = {zone.lower(): zone for zone in sorted(available_timezones())}
    alike = [zone for zone in known if zone.rpartition("/")[2] == name.lower()]
    alike = alike or get_close_matches(name.lower(), known, n=3)
    asked = f"did you mean {' or '.join(known[zone] for zone in alike)}?" if alike else "write it as Europe/Berlin"
    raise ValueError(f'"{name}" is no time zone of the IANA database; {asked}')
