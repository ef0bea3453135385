"""The customers' clock, pane by pane."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tests.judges.interface import Floats


class Clock(NamedTuple):
    """(T,) local hour 0..24, weekday 0..6 from Monday, day number since the start; panes at which the clock changes."""

    hour: Floats
    weekday: NDArray[np.int64]
    day: NDArray[np.int64]
    changes: list[int]

    @classmethod
    def of(cls, zone: str, start: int, panes: int, pane_s: int = 300) -> Clock:
        """Of regular panes from ``start``, epoch seconds."""
        stamps = start + pane_s * np.arange(panes, dtype=np.int64)
        hours = stamps // 3600
        info, first = ZoneInfo(zone), int(hours[0])
        offset = np.array([_offset(info, hour * 3600) for hour in range(first, int(hours[-1]) + 1)])
        local = stamps + offset[hours - first]
        day = local // 86_400
        changes = [int(at) + 1 for at in np.flatnonzero(np.diff(offset[hours - first]))]
        # 1 January 1970 was a Thursday.
        return cls(local % 86_400 / 3600, (day + 3) % 7, day - day[0], changes)


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
