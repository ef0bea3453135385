"""Event to owner-assignment while other events pass: how long until the owner knows.

    python -m tests.bench.latency [--rate N] [--seconds N] [--processes N] [--quick]

One worker and an Apache Kafka on this machine, 8 partitions. Beside the ordinary traffic, probe
themes get three complaints each; the time counts from handing the third to the producer until its
assignment is read. The last line is one JSON object. What is asked of a worker is said of half the rate that it
sustains: ``python -m tests.bench`` passes that as ``--rate``.
"""

import argparse
import time

from tests.bench import telling
from tests.bench.measuring import PARTITIONS, arena, body
from tests.bench.probes import RULE, Probes, quantile
from tests.bench.rules import RULES
from tests.bench.traffic import Traffic
from tests.support.workers import WorkerProcess

WARM_S, QUICK_WARM_S = 10, 2
PROBES_PER_SECOND = 25
_LAST_S = 3.0


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, default=2, help="of [ingest]")
    parser.add_argument("--quick", action="store_true", help="three seconds")
    options = parser.parse_args()
    seconds, warm = (3, QUICK_WARM_S) if options.quick else (options.seconds, WARM_S)
    text = body(f"processes = {options.processes}", rules=RULE + RULES)
    with arena() as (broker, directory, prefix):
        worker = WorkerProcess(broker, directory, prefix, text, partitions=PARTITIONS)
        with worker.create_topics().start():
            probes = Probes(broker.bootstrap, worker.topics.assignments)
            # Warm: groups formed, first checkpoints written.
            phases = [(options.rate, warm), (options.rate, seconds)]
            traffic = Traffic(broker.bootstrap, worker.topics.interactions, phases, probes=PROBES_PER_SECOND)
            told = traffic.wait()
            time.sleep(_LAST_S)
            probes.close()
            counted = worker.metric("groundswell_mentions_total")
    measured = {theme: at for theme, at in told["probes"].items() if at >= told["phases"][1]}
    waits = probes.waits_ms(measured)
    found = {
        "events_per_second": round(told["sent"] / (told["phases"][-1] - told["phases"][0])),
        "asked_events_per_second": options.rate,
        "counted": int(counted),
        "probes": len(measured),
        "answered": len(waits),
        "p50_ms": quantile(waits, 0.5),
        "p99_ms": quantile(waits, 0.99),
        "p999_ms": quantile(waits, 0.999),
        "max_ms": quantile(waits, 1.0),
    }
    columns = ("events/s", "probes", "answered", "p50 ms", "p99 ms", "p99.9 ms", "longest ms")
    keys = ("events_per_second", "probes", "answered", "p50_ms", "p99_ms", "p999_ms", "max_ms")
    telling.table("Third complaint to assignment", columns, [[found[key] for key in keys]])
    telling.result(found)


if __name__ == "__main__":
    main()
