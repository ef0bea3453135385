"""A burst of ten times the traffic for a minute: what it does to the lag, to memory and to the wait of a signal.

    python -m tests.bench.burst [--rate N] [--times N] [--seconds N] [--processes N] [--quick]

One worker and an Apache Kafka on this machine. Half a minute of steady traffic, a minute of the burst,
then steady traffic again until what the burst left is read. Probes run through all of it, see latency. What cannot be
taken in at once waits on the broker: the lag shows it, and memory must not. The last line is one JSON object.
"""

import argparse
import threading
import time
from typing import Any, NamedTuple

from tests.bench import telling
from tests.bench.measuring import PARTITIONS, arena, body, rss_bytes, until
from tests.bench.probes import RULE, Probes, quantile
from tests.bench.rules import RULES
from tests.bench.traffic import Traffic
from tests.support.workers import WorkerProcess

_EVERY_S = 0.5
_DRAINED = 2000
_DRAIN_S = 600.0
_SHOWN = 16


class Sample(NamedTuple):
    """At a time (monotonic seconds): records not read yet, bytes in memory."""

    at: float
    lag: float
    rss: int


class Watch:
    """Samples a worker in a thread."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.samples: list[Sample] = []
        self._worker = worker
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            lag = self._worker.metric("kafka_consumergroup_lag")
            self.samples.append(Sample(time.monotonic(), lag, rss_bytes(self._worker.pid)))

    def close(self) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join(timeout=10)

    def between(self, first: float, last: float) -> list[Sample]:
        """The samples of a stretch of time."""
        return [sample for sample in self.samples if first <= sample.at < last]


def main() -> None:
    """Run, print tables and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second before and after")
    parser.add_argument("--times", type=float, default=10.0, help="as much during the burst")
    parser.add_argument("--seconds", type=int, default=60, help="of the burst")
    parser.add_argument("--processes", type=int, default=2, help="of [ingest]")
    parser.add_argument("--quick", action="store_true", help="a burst of three seconds of little traffic")
    options = parser.parse_args()
    rate, burst, before, after = options.rate, options.seconds, 30, 60
    if options.quick:
        rate, burst, before, after = 500, 3, 2, 2
    text = body(f"processes = {options.processes}", rules=RULE + RULES)
    with arena() as (broker, directory, prefix):
        worker = WorkerProcess(broker, directory, prefix, text, partitions=PARTITIONS)
        with worker.create_topics().start():
            probes, watch = Probes(broker.bootstrap, worker.topics.assignments), Watch(worker)
            phases = [(float(rate), float(before)), (options.times * rate, float(burst)), (float(rate), float(after))]
            told = Traffic(broker.bootstrap, worker.topics.interactions, phases, probes=10).wait()
            until(lambda: worker.metric("kafka_consumergroup_lag") <= _DRAINED, "the burst read", _DRAIN_S, _EVERY_S)
            time.sleep(3.0)
            probes.close()
            watch.close()
            counted = int(worker.metric("groundswell_mentions_total"))
    found = _found(told, watch, probes, counted)
    _show(found, watch, told["phases"])
    telling.result(found)


def _found(told: dict[str, Any], watch: Watch, probes: Probes, counted: int) -> dict[str, Any]:
    began, burst, over, ended = told["phases"]
    drained = next((s.at for s in watch.samples if s.at >= over and s.lag <= _DRAINED), watch.samples[-1].at)
    calm = watch.between(began, burst)
    rough = watch.between(burst, drained + _EVERY_S)

    def waits(first: float, last: float) -> dict[str, Any]:
        ordered = probes.waits_ms({theme: at for theme, at in told["probes"].items() if first <= at < last})
        return {"probes": len(ordered), "p50_ms": quantile(ordered, 0.5), "p99_ms": quantile(ordered, 0.99)}

    return {
        "sent": told["sent"],
        "counted": counted,
        "probes": len(told["probes"]),
        "sender_behind_s": round(told["behind_s"], 2),
        "burst_s": round(over - burst, 1),
        "burst_events_per_second": round(told["counts"][1] / (over - burst)),
        "most_lag": int(max(sample.lag for sample in watch.samples)),
        "drained_after_s": round(drained - over, 1),
        "rss_before_bytes": max((sample.rss for sample in calm), default=0),
        "rss_most_bytes": max((sample.rss for sample in rough), default=0),
        "latency_before": waits(began, burst),
        "latency_burst": waits(burst, over),
        "latency_drain": waits(over, drained),
        "latency_after": waits(drained, ended),
    }


def _show(found: dict[str, Any], watch: Watch, phases: list[float]) -> None:
    every = max(1, len(watch.samples) // _SHOWN)
    rows = [(round(s.at - phases[1]), s.lag, round(s.rss / 1e6)) for s in watch.samples[::every]]
    telling.table("Seconds since the burst began", ("seconds", "lag, records", "RSS, MB"), rows)
    spans = ("before", "burst", "drain", "after")
    columns = ("sent", "probes", "p50 ms", "p99 ms")
    telling.table("Third complaint to assignment", columns, [(s, *found[f"latency_{s}"].values()) for s in spans])
    keys = ("burst_events_per_second", "most_lag", "drained_after_s", "rss_before_bytes", "rss_most_bytes")
    telling.table("Burst", keys, [[found[key] for key in keys]])


if __name__ == "__main__":
    main()
