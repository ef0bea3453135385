"""Judges a detector of counts: what it finds, how soon, and what it spends of its budget of false alerts.

python -m tests.bench.detection [--world sim shapes ...] [--budget 0.5 0.1 0.02] [--seeds 101 102 103] [--quick]

Prints tables, and one JSON object as the last line. Nothing is chosen here: seeds given are seeds reported. A world
whose data are not on this machine is skipped, and says so.
"""

import argparse
import sys
import time
from typing import Any

import orjson

from tests.judges.asking import asker
from tests.judges.interface import JudgeError
from tests.judges.rivals import RIVALS
from tests.judges.shared import MissingData
from tests.judges.worlds import WORLDS, Plan


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return "..".join(f"{each:g}" for each in value)
    if isinstance(value, dict):
        return "/".join(_cell(each) for each in value.values())
    return value if isinstance(value, str) else f"{value:g}"


def write(name: str, rows: dict[str, dict[str, Any]]) -> None:
    """One table, aligned."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [[name, *columns]]
    lines += [[row, *(_cell(cells.get(column)) for column in columns)] for row, cells in rows.items()]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        first, *rest = (text.rjust(width) for text, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join([line[0].ljust(len(first)), *rest]).rstrip() + "\n")
    sys.stdout.write("\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", nargs="+", choices=WORLDS, default=list(WORLDS), metavar="W", help=", ".join(WORLDS))
    parser.add_argument("--budget", nargs="+", type=float, default=[0.5, 0.1, 0.02], help="false alerts a week")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103])
    parser.add_argument("--detector", choices=["groundswell", *RIVALS], default="groundswell")
    parser.add_argument("--per-rate", type=int, default=10, help="themes of each rate of the simulator")
    parser.add_argument("--per-shape", type=int, default=1, help="series of each shape in each source")
    parser.add_argument("--copies", type=int, default=20, help="series of each weekly scenario")
    parser.add_argument("--no-incidents", action="store_true", help="what is spent of the budget where nothing happens")
    parser.add_argument("--zone-unknown", action="store_true", help="the detector is told UTC whatever the zone is")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a few series, one seed, one budget: does it run at all")
    return parser.parse_args()


def main() -> None:
    """Judge in every world that was asked for."""
    args = _options()
    plan = Plan(
        args.seeds,
        args.budget,
        args.per_rate,
        args.per_shape,
        not args.no_incidents,
        detector=args.detector,
        copies=args.copies,
    )
    if args.zone_unknown:
        plan = plan._replace(options={"zone": "UTC"})
    if args.quick:
        plan = plan._replace(seeds=args.seeds[:1], budgets=[0.1], per_rate=1, quick=True)
    asked = asker(args.detector, args.jobs)
    told: dict[str, Any] = {"bench": "detection", **plan._asdict(), "worlds": {}}
    for name in args.world:
        began = time.perf_counter()
        try:
            tables = WORLDS[name](asked, plan)
        except MissingData as missing:
            sys.stdout.write(f"{name}: skipped: {missing}\n\n")
            told["worlds"][name] = {"skipped": str(missing)}
            continue
        except JudgeError as broken:
            sys.exit(f"{name}: {args.detector} breaks the interface: {broken}")
        seconds = round(time.perf_counter() - began, 1)
        sys.stdout.write(f"== {name}: {args.detector}, seeds {' '.join(map(str, plan.seeds))}, {seconds} s\n")
        for title, rows in tables.items():
            write(title, rows)
        told["worlds"][name] = tables | {"seconds": seconds}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    main()
