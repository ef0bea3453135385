"""What a load would take, by the costs that ``python -m tests.bench.scale`` measured. docs/scaling.md explains it.

    python -m tests.bench.model RESULT [--events N] [--series N] [--active N] [--partitions N] [--workers N]

RESULT is a file whose last line is the object of ``tests.bench.scale`` or of ``tests.bench``. The costs
are a line through the measured points, and the points of 1, 2 and 4 workers are not among them: they
are shown beside what the model says of them. The last line is one JSON object.
"""

import argparse
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from tests.bench import telling

_FLUSH_S, _CHECKPOINT_S = 1.0, 5.0


class Costs(NamedTuple):
    """Measured.

    Attributes:
        event_us: of a worker's processor for an event, without its updates.
        update_us: for a theme-panes update, both ends of it.
        broker_us: of the broker's processor for an event.
        asleep_bytes: of memory for a series asleep; None if that was not measured.
    """

    event_us: float
    update_us: float
    broker_us: float
    asleep_bytes: float | None


class Load(NamedTuple):
    """What is asked for: events a second, series tracked, series mentioned in a minute, partitions, workers."""

    events: float
    series: int
    active: int
    partitions: int
    workers: int


def fitted(scale: dict[str, Any]) -> Costs:
    """The costs behind the points of ``scale``: worker us = event_us + update_us * updates an event.

    Raises:
        ValueError: fewer than two points, or all with the same updates an event.
    """
    points = [
        point
        for part in (scale.get("hot"), scale.get("partitions"), (scale.get("cost") or {}).get("spread"))
        for point in (part or {}).values()
    ]
    updates = np.array([point["updates_per_event"] for point in points])
    if len(points) < 2 or float(np.ptp(updates)) < 0.01:
        raise ValueError("expected points with different updates an event: run scale with hot, partitions and cost")
    slope, base = np.polyfit(updates, [point["cpu_us_per_event"] for point in points], 1)
    broker = float(np.median([point["broker_us_per_event"] for point in points]))
    tracked = scale.get("series")
    asleep = tracked["rss_bytes"] / tracked["series"] if tracked else None
    return Costs(float(base), float(slope), broker, asleep)


def distinct(events: float, series: float) -> float:
    """How many of ``series`` are among ``events`` drawn evenly.

    >>> round(distinct(1000, 1000)), round(distinct(10, 1e9), 3), round(distinct(1e6, 10))
    (632, 10.0, 10)
    """
    return -series * math.expm1(events * math.log1p(-1 / series)) if series > 1 else min(events, series)


def updates_per_event(load: Load) -> float:
    """Theme-panes updates an event: in each flush, each partition tells once of each series it has heard of."""
    each = load.events * _FLUSH_S / load.partitions
    return distinct(each, load.active) / each


def foreseen(costs: Costs, load: Load, cores: float) -> dict[str, Any]:
    """What the load takes, and what is full first.

    Args:
        cores: processors of a worker's own; with fewer than workers they share them.
    """
    updates = updates_per_event(load)
    worker_us = costs.event_us + costs.update_us * updates
    share = load.events * worker_us / 1e6 / load.workers
    asleep = None if costs.asleep_bytes is None else round(costs.asleep_bytes * load.series / load.workers)
    changed = distinct(load.events * _CHECKPOINT_S, load.active) / _CHECKPOINT_S
    return {
        "updates_per_event": round(updates, 4),
        "worker_us_per_event": round(worker_us, 2),
        "worker_busy": round(share / min(1.0, cores / load.workers), 3),
        "workers_needed": math.ceil(load.events * worker_us / 1e6),
        "broker_cores": round(load.events * costs.broker_us / 1e6, 2),
        "pane_records_per_second": round(min(load.workers, load.partitions) * load.partitions / _FLUSH_S),
        "checkpoint_records_per_second": round(changed),
        "worker_asleep_bytes": asleep,
    }


def checked(costs: Costs, scale: dict[str, Any], cores: int) -> list[tuple[Any, ...]]:
    """(workers, measured events/s, foreseen events/s) where workers and broker share ``cores`` processors."""
    rows: list[tuple[Any, ...]] = []
    for number, point in (scale.get("workers") or {}).items():
        worker_us = costs.event_us + costs.update_us * point["updates_per_event"]
        most = min(int(number) * 1e6 / worker_us, cores * 1e6 / (worker_us + costs.broker_us))
        rows.append((number, point["events_per_second"], round(most), point["events_per_second"] / most))
    return rows


def main() -> None:
    """Print the costs, the check and what is foreseen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--events", type=float, default=1e6, help="a second")
    parser.add_argument("--series", type=int, default=10_000_000)
    parser.add_argument("--active", type=int, default=1_000_000, help="series mentioned in a minute")
    parser.add_argument("--partitions", type=int, default=64)
    parser.add_argument("--workers", type=int, default=32)
    options = parser.parse_args()
    told = orjson.loads(options.result.read_bytes().splitlines()[-1])
    scale = told.get("scale", told)
    costs = fitted(scale)
    telling.table("Costs", Costs._fields, [costs])
    columns = ("workers", "measured events/s", "foreseen events/s", "measured / foreseen")
    telling.table("Workers on this machine", columns, checked(costs, scale, os.cpu_count() or 1))
    load = Load(options.events, options.series, options.active, options.partitions, options.workers)
    found = foreseen(costs, load, load.workers)
    telling.table(f"{load}", ("what", "foreseen"), list(found.items()))
    telling.result({"costs": costs._asdict(), "load": load._asdict(), "foreseen": found})


if __name__ == "__main__":
    main()
