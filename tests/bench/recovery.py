"""Seconds from the start of a worker until it is ready, with many series in its changelog.

    python -m tests.bench.recovery [--series N]

Everything runs on this machine and its loopback, on an Apache Kafka. Every tenth series is busy
(a hundred mentions), one in a hundred has an open signal; the last line is one JSON object.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import orjson
from confluent_kafka import Producer

from schemas.ids import series_partition
from streams.memory import detector_with
from tests.support.brokers import Broker
from tests.support.real_kafka import real_kafka
from tests.support.workers import OWNERS, RULES, WorkerProcess

PARTITIONS = 8
_AT_ONCE = 200


def fill(broker: Broker, worker: WorkerProcess, count: int) -> int:
    """Write the checkpoints of so many series, as a worker would have; their bytes."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20, "compression.type": "lz4"})
    size = 0
    for first in range(0, count, _AT_ONCE):
        number = first // _AT_ONCE
        mentions = 100 if number % 10 == 0 else 2
        detector = detector_with(worker.settings, min(_AT_ONCE, count - first), mentions, first)
        for n, key in enumerate(list(detector.series)):
            # The open ones are those whose rule has tripped.
            if n % 10:
                detector.series[key].episodes.clear()
            detector.dirty.add(key)
        for key, value in detector.checkpoint():
            if value is None or key.startswith(b"\x1f"):
                continue
            tenant, _, theme = key.decode().partition("\x1f")
            size += len(value)
            producer.produce(
                worker.topics.series_log, value, key=key, partition=series_partition(tenant, theme, PARTITIONS)
            )
            producer.poll(0)
    producer.flush()
    return size


def main() -> None:
    """Run, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, real_kafka(Path(folder) / "kafka") as broker:
        body = RULES + OWNERS + f"[detect]\nmax_series = {options.series * 2}\n"
        with WorkerProcess(broker, Path(folder), "recovery.", body, partitions=PARTITIONS) as worker:
            worker.create_topics()
            size = fill(broker, worker, options.series)
            sys.stderr.write(f"{options.series} series, {size / 1e6:.0f} MB\n")
            began = time.monotonic()
            worker.start(wait_ready_s=300)
            took = time.monotonic() - began
            held = int(worker.metric("groundswell_series"))
            if held != options.series:
                raise RuntimeError(f"{held} series came back of {options.series}")
            result = {
                "series": held,
                "asleep": int(worker.metric("groundswell_series_asleep")),
                "open": int(worker.metric("groundswell_open_series")),
                "changelog_bytes": size,
                "ready_s": round(took, 2),
                "rss_bytes": worker.memory(),
            }
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
