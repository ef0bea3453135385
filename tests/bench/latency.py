"""Event to owner-assignment, while 2,000 events a second pass: how long until the owner knows.

    python -m tests.bench.latency [--rate N] [--seconds N]

One worker and an Apache Kafka on this machine, 8 partitions. Beside the ordinary traffic, probe
themes get three complaints each; the time counts from handing the third to the producer until its
assignment is read. The last line is one JSON object.
"""

import argparse
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
from confluent_kafka import Consumer, Producer

from tests.bench.load import events
from tests.support.brokers import Broker
from tests.support.real_kafka import real_kafka
from tests.support.workers import OWNERS, WorkerProcess

PARTITIONS = 8
PROBES_PER_SECOND = 10
RULES = """
[[rules]]
name = "complaints"
detector = "count"
themes = ["probe-*"]
window = "5h"
levels = { low = 3 }

[[rules]]
name = "surge"
detector = "velocity"
window = "1h"
levels = { medium = 3.0, high = 6.0 }
"""


class Probes:
    """Reads assignments in a thread, and notes when each probe's first one came."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.arrived: dict[str, float] = {}
        self.stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "latency",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
            }
        )
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.stop.is_set():
            message = self._consumer.poll(0.05)
            if message is not None and message.error() is None:
                now = time.monotonic()
                self.arrived.setdefault(orjson.loads(message.value() or b"{}")["theme"], now)
        self._consumer.close()

    def close(self) -> None:
        """Stop reading."""
        self.stop.set()
        self._thread.join(timeout=10)


def drive(broker: Broker, topic: str, rate: int, seconds: int) -> dict[str, float]:
    """Send traffic and probes at a steady pace; returns when each probe's third complaint was sent."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 1})
    traffic = events(rate * seconds, 1000, datetime.now(UTC), float(seconds))
    sent: dict[str, float] = {}
    began = time.monotonic()
    step = 1 / 100
    for turn in range(seconds * 100):
        for _ in range(rate // 100):
            producer.produce(topic, next(traffic))
        if turn % (100 // PROBES_PER_SECOND) == 0:
            theme, now = f"probe-{seconds}-{turn}", datetime.now(UTC).isoformat()
            for n in range(3):
                sent[theme] = time.monotonic()
                producer.produce(topic, orjson.dumps({"id": f"{theme}-{n}", "time": now, "theme": theme}))
        producer.poll(0)
        time.sleep(max(0.0, began + (turn + 1) * step - time.monotonic()))
    producer.flush()
    return sent


def main() -> None:
    """Run, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, real_kafka(Path(folder) / "kafka") as broker:
        worker = WorkerProcess(broker, Path(folder), "lat.", RULES + OWNERS, partitions=PARTITIONS)
        with worker.create_topics().start():
            probes = Probes(broker.bootstrap, worker.topics.assignments)
            drive(
                broker, worker.topics.interactions, options.rate, 5
            )  # Warm: groups formed, first checkpoints written.
            sent = drive(broker, worker.topics.interactions, options.rate, options.seconds)
            time.sleep(3)
            probes.close()
    waits = sorted(1000 * (probes.arrived[theme] - at) for theme, at in sent.items() if theme in probes.arrived)
    result = {
        "events_per_second": options.rate,
        "probes": len(sent),
        "answered": len(waits),
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 1),
        "max_ms": round(waits[-1], 1),
    }
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
