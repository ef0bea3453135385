"""NYC 311 complaints by type, as far as the files hold them day by day."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.judges.reviews import LEAST_DAYS, Stamps
from tests.judges.shared import MissingData

ZONE = "America/New_York"
LEAST_A_DAY = 100
_STAMP = "%m/%d/%Y %I:%M:%S %p"


def longest_run(days: Counter[date]) -> tuple[date, int]:
    """(first day, length) of the longest run of days with at least 100 complaints."""
    best, run, last = (date.min, 0), 0, date.min
    for day in sorted(day for day, count in days.items() if count >= LEAST_A_DAY):
        run = run + 1 if day - last == timedelta(days=1) else 1
        best, last = max(best, (day - timedelta(days=run - 1), run), key=lambda each: each[1]), day
    return best


def read(path: Path, kind: int, header: bool) -> Stamps:
    """Complaints by type in the longest run of days; ``kind`` is the column of the type.

    Raises:
        MissingData: the run is shorter than four weeks.
    """
    zone, stamps = ZoneInfo(ZONE), defaultdict(list)
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        if header:
            next(rows)
        for row in rows:
            stamps["nyc311", row[kind]].append(datetime.strptime(row[1], _STAMP).replace(tzinfo=zone))
    first, run = longest_run(Counter(at.date() for some in stamps.values() for at in some))
    if run < LEAST_DAYS:
        raise MissingData(
            f"{path.name} holds {run} days in a row with {LEAST_A_DAY} complaints; {LEAST_DAYS} are needed"
        )
    last = first + timedelta(days=run)
    kept = {
        key: sorted(int(at.timestamp()) for at in some if first <= at.date() < last) for key, some in stamps.items()
    }
    return {key: some for key, some in sorted(kept.items()) if some}
