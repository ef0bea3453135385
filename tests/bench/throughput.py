"""Events a second from the topic to merged panes and verdicts, one worker, beside what a user would pick instead.

    python -m tests.bench.throughput [--events N] [--runs N] [--only NAME ...] [--processes 2 0] [--quick]

Everything runs on this machine and its loopback: an Apache Kafka, topics of 8 partitions that hold
the same events, one contender after the other in a fixed order, medians of the runs. Each is timed by the
wall clock from 5 % of the events to the last one. What each does is said where it stands: baselines,
quix, kafka_streams. A worker decodes, validates, counts slices and distinct customers, judges by four rules
and writes checkpoints; the others parse each event and count it.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from tests.bench import contenders, telling
from tests.bench.load import Event, evenly, mean_bytes, recent, write
from tests.bench.measuring import PARTITIONS, arena, body, drained_by_one
from tests.bench.rivals import Unavailable
from tests.support.brokers import Broker

EVENTS, SERIES, RUNS = 2_000_000, 1000, 3
QUICK_EVENTS, QUICK_ONLY = 40_000, ("limit", "bare", "worker")
NAMES = (*contenders.CONTENDERS, "worker")


def worker_name(processes: int) -> str:
    """What a worker is called in the results."""
    return f"worker_{processes}_processes" if processes else "worker"


class Bench:
    """What was found so far: events a second of each run, the last worker's other numbers, and what was skipped."""

    def __init__(self, broker: Broker, directory: Path, prefix: str, load: list[Event]) -> None:
        self.broker, self.directory, self.prefix, self.load = broker, directory, prefix, load
        self.rates: dict[str, list[float]] = {}
        self.skipped: dict[str, str] = {}
        self.workers: dict[str, dict[str, float]] = {}

    def contend(self, names: list[str]) -> None:
        """The others, on one topic."""
        topic = f"{self.prefix}contenders"
        self.broker.create_topics(topic, partitions=PARTITIONS)
        write(self.broker.bootstrap, topic, self.load, PARTITIONS)
        for name in [name for name in names if name not in self.skipped]:
            folder = self.directory / f"{name}-{len(self.rates.get(name, []))}"
            try:
                rate = contenders.rate(name, self.broker.bootstrap, topic, len(self.load), folder)
            except Unavailable as unavailable:
                self.skipped[name] = str(unavailable)
                telling.note(f"{name}: skipped: {unavailable}")
                continue
            self._note(name, rate)

    def work(self, run: int, processes: int) -> None:
        """A worker, on topics of its own: it must not find what another one left on theme-panes."""
        name = worker_name(processes)
        prefix = f"{self.prefix}{run}-{processes}."
        found = drained_by_one(self.broker, self.directory, prefix, self.load, body(f"processes = {processes}"))
        self.workers[name] = {"cpu_us": found.cpu_us, "updates_per_event": found.updates, "rss_bytes": found.rss}
        self._note(name, found.rate)

    def _note(self, name: str, rate: float) -> None:
        self.rates.setdefault(name, []).append(rate)
        telling.note(f"{name}: {rate:,.0f} events/s")


def results(bench: Bench, processes: list[int]) -> dict[str, Any]:
    """The JSON object: rates and ratios by their medians; None for what did not run."""
    medians = {name: statistics.median(rates) for name, rates in bench.rates.items()}
    first = worker_name(processes[0])
    ours = medians.get(first)

    def ratio(name: str) -> float | None:
        return round(ours / medians[name], 3) if ours and name in medians else None

    return {
        "events": len(bench.load),
        "event_bytes": mean_bytes(bench.load),
        "series": SERIES,
        "partitions": PARTITIONS,
        "events_per_second": round(ours) if ours else None,
        "ratio_to_limit": ratio("limit"),
        "ratio_to_bare_loop": ratio("bare"),
        "ratio_to_quix": ratio("quix"),
        "ratio_to_kafka_streams": ratio("kafka_streams"),
        "ratio_to_stock_faust": ratio("faust"),
        "medians": {name: round(rate) for name, rate in medians.items()},
        "runs": {name: [round(rate) for rate in rates] for name, rates in bench.rates.items()},
        "workers": bench.workers,
        "skipped": bench.skipped,
    }


def show(found: dict[str, Any]) -> None:
    """Print the table."""
    labels = {name: contender.label for name, contender in contenders.CONTENDERS.items()}
    ours, rows = found["events_per_second"], []
    for name, rate in found["medians"].items():
        label = labels.get(name) or f"Groundswell: {name.replace('_', ' ')}"
        runs = found["runs"][name]
        rows.append((label, rate, f"{min(runs):,} - {max(runs):,}", ours / rate if ours else None))
    rows += [(f"{labels[name]}: skipped: {why}"[:80], None, None, None) for name, why in found["skipped"].items()]
    title = f"{found['events']:,} events of {found['event_bytes']} bytes, {PARTITIONS} partitions, {SERIES:,} themes"
    telling.table(title, ("what", "events/s, median", "runs", "worker is x times it"), rows)


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=" ".join(NAMES))
    parser.add_argument("--processes", nargs="+", type=int, default=[2, 0], help="of [ingest], one worker for each")
    parser.add_argument("--quick", action="store_true", help="few events, one run, and only what needs no download")
    options = parser.parse_args()
    count, runs, only = options.events, options.runs, options.only or list(NAMES)
    if options.quick:
        count, runs, only = QUICK_EVENTS, 1, options.only or list(QUICK_ONLY)
    load = recent(count, evenly(SERIES))
    with arena() as (broker, directory, prefix):
        bench = Bench(broker, directory, prefix, load)
        for run in range(runs):
            bench.prefix = f"{prefix}{run}."
            bench.contend([name for name in contenders.CONTENDERS if name in only])
            for processes in options.processes if "worker" in only else []:
                bench.work(run, processes)
    found = results(bench, options.processes)
    show(found)
    telling.result(found)


if __name__ == "__main__":
    main()
