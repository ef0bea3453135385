"""Events a second from the topic to merged panes and verdicts, one worker, beside what it is measured against.

    python -m tests.bench.throughput [--events N] [--runs N]

Everything runs on this machine and its loopback: an Apache Kafka, the same topic of 8 partitions
for every contender, one after the other in a fixed order, medians of the runs. The last line is
one JSON object.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from tests.bench.load import fill
from tests.support.brokers import Broker
from tests.support.real_kafka import real_kafka
from tests.support.workers import OWNERS, WorkerProcess

PARTITIONS = 8
SERIES = 1000
RULES = """
[[rules]]
name = "complaints"
detector = "count"
window = "5h"
levels = { low = 3, critical = 15 }
usual_below = 1.0
usual = "12h"

[[rules]]
name = "surge"
detector = "velocity"
window = "1h"
levels = { medium = 3.0, high = 6.0 }

[[rules]]
name = "mood"
detector = "sentiment"
window = "1h"
drop = { medium = 0.4 }

[[rules]]
name = "slow-calls"
detector = "metric"
of = "handle_s"
window = "1h"
move = { medium = 1.5 }
"""


def baseline(kind: str, broker: Broker, topic: str, count: int) -> float:
    """Events a second of a contender in its own process."""
    command = [sys.executable, "-m", "tests.bench.baselines", kind, broker.bootstrap, topic, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return float(next(line for line in done.stdout.splitlines() if line.startswith("RATE ")).split()[1])


def pipeline(broker: Broker, directory: Path, prefix: str, count: int, run: int, processes: int) -> dict[str, float]:
    """Events a second of one worker on the filled topic, from 5% to the last event merged."""
    group, name = f"{prefix}{run}", f"w{run}"
    body = f"{RULES}{OWNERS}\n[ingest]\nprocesses = {processes}\n"
    with WorkerProcess(broker, directory, prefix, body, name=name, group=group, partitions=PARTITIONS) as worker:
        worker.create_topics().start()
        began, first = 0.0, 0.0
        while (merged := worker.metric("groundswell_mentions_total")) < count:
            if not began and merged >= 0.05 * count:
                began, first = time.monotonic(), merged
            if worker.returncode is not None:
                raise RuntimeError(worker.log_end())
            time.sleep(0.1)
        took = time.monotonic() - began
        if worker.metric("groundswell_mentions_total") != count:
            raise RuntimeError("counted more than there was")
        return {
            "rate": (count - first) / took,
            "updates": worker.metric("groundswell_pane_updates_total") / count,
            "rss": worker.memory(),
        }


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only-pipeline", action="store_true")
    parser.add_argument("--processes", type=int, default=0, help="that count, beside the worker's own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, real_kafka(Path(folder) / "kafka") as broker:
        directory, size = Path(folder), 0
        found: dict[str, list[float]] = {"limit": [], "bare": [], "pipeline": []}
        last: dict[str, float] = {}
        for run in range(options.runs):
            # Topics of its own for each run: the next worker must not find what the last one left on theme-panes.
            prefix = f"bench{run}."
            WorkerProcess(broker, directory, prefix, partitions=PARTITIONS).create_topics()
            topic = f"{prefix}interactions"
            size = fill(broker.bootstrap, topic, options.events, SERIES, PARTITIONS)
            if not options.only_pipeline:
                for kind in ("limit", "bare"):
                    found[kind].append(baseline(kind, broker, topic, options.events))
            last = pipeline(broker, directory, prefix, options.events, run, options.processes)
            found["pipeline"].append(last["rate"])
            sys.stderr.write(
                f"run {run + 1}: " + ", ".join(f"{k} {v[-1]:,.0f}" for k, v in found.items() if v) + f" {last}\n"
            )
    medians = {kind: statistics.median(rates) if rates else 0.0 for kind, rates in found.items()}
    result = {
        "events": options.events,
        "event_bytes": size,
        "series": SERIES,
        "partitions": PARTITIONS,
        "events_per_second": round(medians["pipeline"]),
        "limit_events_per_second": round(medians["limit"]),
        "bare_loop_events_per_second": round(medians["bare"]),
        "ratio_to_limit": round(medians["pipeline"] / (medians["limit"] or 1), 3),
        "ratio_to_bare_loop": round(medians["pipeline"] / (medians["bare"] or 1), 3),
        "updates_per_event": round(last["updates"], 4),
        "rss_bytes": int(last["rss"]),
        "runs": found,
    }
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
