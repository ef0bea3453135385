"""Seconds from the start of a worker until it is ready, with many series in its changelog.

    python -m tests.bench.recovery [--series N] [--busy SHARE] [--quick]

Everything runs on this machine and its loopback, on an Apache Kafka. One in ten series, or another
share, is busy: it holds a hundred mentions of a hundred minutes, and the others two; one in a hundred of the busy
ones has an open signal. The last line is one JSON object.
"""

import argparse
import time
from typing import Any

from confluent_kafka import Producer

from schemas.ids import series_partition
from streams.memory import detector_with
from tests.bench import telling
from tests.bench.measuring import PARTITIONS, arena, body, rss_bytes
from tests.support.brokers import Broker
from tests.support.workers import RULES, WorkerProcess

BUSY = 0.1
_AT_ONCE = 200
_BUSY_MENTIONS, _QUIET_MENTIONS = 100, 2
_OPEN = 100
_READY_S = 900.0


def fill(broker: Broker, worker: WorkerProcess, count: int, busy: float = BUSY, partitions: int = PARTITIONS) -> int:
    """Write the checkpoints of so many series, as a worker would have; their bytes.

    They say that they have read the first partition of interactions: what is sent to them afterwards goes to feedback.
    """
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20, "compression.type": "lz4"})
    most_quiet, size = round(count * (1 - busy)), 0
    for first in range(0, count, _AT_ONCE):
        # The busy ones are the last.
        mentions = _QUIET_MENTIONS if first < most_quiet else _BUSY_MENTIONS
        detector = detector_with(worker.settings, min(_AT_ONCE, count - first), mentions, first)
        for n, key in enumerate(list(detector.series)):
            # The open ones are those whose rule has tripped.
            if n % _OPEN:
                detector.series[key].episodes.clear()
            detector.dirty.add(key)
        for key, value in detector.checkpoint():
            if value is None or key.startswith(b"\x1f"):
                continue
            tenant, _, theme = key.decode().partition("\x1f")
            size += len(value)
            while True:
                try:
                    producer.produce(
                        worker.topics.series_log, value, key=key, partition=series_partition(tenant, theme, partitions)
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("the changelog was not delivered within two minutes")
    return size


def roomy(count: int) -> str:
    """What [detect] needs for so many series."""
    return f"max_series = {max(200_000, 2 * count)}"


def recovered(broker: Broker, worker: WorkerProcess, count: int, busy: float = BUSY) -> dict[str, Any]:
    """Fill the changelog, start the worker, and say how long it took and what it holds; it goes on running."""
    worker.create_topics()
    size = fill(broker, worker, count, busy)
    telling.note(f"{count:,} series, {size / 1e6:,.0f} MB in the changelog")
    began = time.monotonic()
    worker.start(wait_ready_s=_READY_S)
    took = time.monotonic() - began
    held = int(worker.metric("groundswell_series"))
    if held != count:
        raise RuntimeError(f"{held} series came back of {count}")
    return {
        "series": held,
        "asleep": int(worker.metric("groundswell_series_asleep")),
        "open": int(worker.metric("groundswell_open_series")),
        "changelog_bytes": size,
        "ready_s": round(took, 2),
        "rss_bytes": rss_bytes(worker.pid),
    }


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--busy", type=float, default=BUSY, help="share of the series")
    parser.add_argument("--quick", action="store_true", help="two thousand series")
    options = parser.parse_args()
    count = 2000 if options.quick else options.series
    with arena() as (broker, directory, prefix):
        text = body(rules=RULES, detect=roomy(count))
        with WorkerProcess(broker, directory, prefix, text, partitions=PARTITIONS) as worker:
            found = recovered(broker, worker, count, options.busy)
    telling.table("Ready again", list(found), [list(found.values())])
    telling.result(found)


if __name__ == "__main__":
    main()
