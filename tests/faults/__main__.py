"""The whole fault suite on a real Apache Kafka: a table, and one JSON object as the last line.

    python -m tests.faults [-k EXPRESSION] [--soak DURATION] [--jobs N] [--no-soak]

Most cases wait more than they work, so several run at a time, each with a broker of its own; the
soak runs alone, at the end.
"""

import argparse
import sys
import time
from typing import Any

import orjson
import pytest

from tests.faults.conftest import ROW
from tests.faults.oracle import Row

_COLUMNS = ("fault", "events in", "counted", "lost", "doubled", "signals", "two meanings", "seconds to recover")


class Collector:
    """Rows and failures out of pytest's reports, whichever process they come from."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.failed: list[str] = []
        self.ran = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each phase of each case."""
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped:
            self.failed.append(f"{report.nodeid} was skipped")
        if report.when == "call":
            self.ran += 1
            self.rows += [Row(**value) for name, value in report.user_properties if name == ROW]


def table(rows: list[Row]) -> str:
    """The rows in columns."""
    lines = [_COLUMNS] + [
        (
            row.fault,
            f"{row.events:,}",
            f"{row.counted:,}",
            str(row.lost),
            str(row.doubled),
            f"{row.signals:,}",
            str(row.two_meanings),
            "-" if row.recovery_s is None else f"{row.recovery_s:.1f}",
        )
        for row in sorted(rows, key=lambda row: row.fault)
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    return "\n".join("  ".join(_aligned(line, widths)) for line in lines)


def _aligned(line: tuple[str, ...], widths: list[int]) -> list[str]:
    name, *numbers = (f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
    return [name.lstrip().ljust(widths[0]), *numbers]


def summary(found: Collector, took_s: float) -> dict[str, Any]:
    """What a program wants to know."""
    rows = found.rows

    def longest(*, broker: bool) -> float:
        times = (row.recovery_s or 0.0 for row in rows if row.broker is broker and not row.named)
        return max(times, default=0.0)

    return {
        "cases": found.ran,
        "failed": sorted(set(found.failed)),
        "events": sum(row.events for row in rows),
        "counted": sum(row.counted for row in rows),
        "lost": sum(row.lost for row in rows),
        "doubled": sum(row.doubled for row in rows),
        "two_meanings": sum(row.two_meanings for row in rows),
        "signals": sum(row.signals for row in rows),
        "max_recovery_s": longest(broker=False),
        "max_broker_recovery_s": longest(broker=True),
        "soak_rss_bytes": [size for row in rows for size in row.rss],
        "duration_s": round(took_s),
    }


def main() -> int:
    """Run, print, and say whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("-k", default="", help="only the cases that match, as pytest's -k")
    parser.add_argument("--soak", default="15m", help="how long the soak takes")
    parser.add_argument("--no-soak", action="store_true", help="leave the soak out")
    parser.add_argument("--jobs", default="3", help="cases at a time")
    options = parser.parse_args()
    common = ["-q", "-p", "no:cacheprovider", "--long", "tests/faults", "--soak", options.soak]
    if options.k:
        common += ["-k", options.k]
    found, began = Collector(), time.monotonic()
    codes = [pytest.main([*common, "-m", "not soak", "-n", options.jobs, "--dist", "load"], plugins=[found])]
    if not options.no_soak:
        codes.append(pytest.main([*common, "-m", "soak"], plugins=[found]))
    good = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    sys.stdout.write(f"\n{table(found.rows)}\n\n")
    sys.stdout.write(orjson.dumps(summary(found, time.monotonic() - began)).decode() + "\n")
    return 0 if set(codes) <= good and not found.failed and found.ran else 1


if __name__ == "__main__":
    sys.exit(main())
