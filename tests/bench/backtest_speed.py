"""Events a second of ``groundswell backtest``, from the command line to its last line of output.

    python -m tests.bench.backtest_speed [--events N] [--runs N] [--quick]

The same number of events in two shapes: ``cells``, a table of 330 themes in panes of five minutes over
four weeks whose counts come to it, and ``rows``, a row for each event, of five themes. The time is the wall clock of
the command, start of the interpreter included. The last line is one JSON object.
"""

import argparse
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.bench import telling

PANE_S, DAYS, THEMES, ROW_THEMES = 300, 28, 330, 5
_START = 1_767_225_600.0
_DAY_S = 86_400.0


def cells(path: Path, events: int, days: int) -> int:
    """Write a table of counts with the rhythm of a day, rates from rare to frequent; how many events it holds."""
    draw = np.random.default_rng(3)
    panes = int(days * _DAY_S // PANE_S)
    rates = draw.lognormal(0.0, 1.5, THEMES)
    day = 1.0 + 0.6 * np.sin(2 * np.pi * np.arange(panes) * PANE_S / _DAY_S)
    expected = np.outer(day, rates)
    counts = draw.poisson(expected * (events / expected.sum()))
    with path.open("w") as file:
        file.write(",".join(["timestamp", *(f"theme-{n}" for n in range(THEMES))]) + "\n")
        for number, row in enumerate(counts.tolist()):
            file.write(f"{_stamp(_START + number * PANE_S)},{','.join(map(str, row))}\n")
    return int(counts.sum())


def rows(path: Path, events: int, days: int) -> int:
    """Write a row an event, evenly over the days; how many they are."""
    themes = np.random.default_rng(4).integers(0, ROW_THEMES, events).tolist()
    lines = [",".join("1" if n == one else "0" for n in range(ROW_THEMES)) for one in range(ROW_THEMES)]
    step = days * _DAY_S / events
    with path.open("w") as file:
        file.write(",".join(["timestamp", *(f"theme-{n}" for n in range(ROW_THEMES))]) + "\n")
        for number, theme in enumerate(themes):
            file.write(f"{_stamp(_START + number * step)},{lines[theme]}\n")
    return events


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def timed(path: Path) -> float:
    """Seconds that the command takes."""
    command = [
        sys.executable,
        "-m",
        "streams.cli.main",
        "backtest",
        str(path),
        "--out",
        str(path.with_suffix(".jsonl")),
    ]
    began = time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.PIPE, timeout=3600)
    return time.monotonic() - began


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="twenty thousand events of a day")
    options = parser.parse_args()
    asked, days = (20_000, 1) if options.quick else (options.events, DAYS)
    found: dict[str, Any] = {}
    with TemporaryDirectory(prefix="groundswell-bench-") as folder:
        for name, make in (("cells", cells), ("rows", rows)):
            path = Path(folder) / f"{name}.csv"
            events = make(path, asked, days)
            took = statistics.median(timed(path) for _ in range(options.runs))
            found[name] = {
                "events": events,
                "file_bytes": path.stat().st_size,
                "seconds": round(took, 2),
                "events_per_second": round(events / took),
            }
            path.unlink()
    columns = ("shape", "events", "file bytes", "seconds", "events/s")
    telling.table("groundswell backtest", columns, [(name, *point.values()) for name, point in found.items()])
    telling.result({"backtest_events_per_second": found["cells"]["events_per_second"], **found})


if __name__ == "__main__":
    main()
