"""Reads assignments, and says how long each probe took to its owner."""

import threading
import time
from collections.abc import Mapping, Sequence

import orjson
from confluent_kafka import Consumer

RULE = """
[[rules]]
name = "probes"
detector = "count"
themes = ["probe-*"]
window = "5h"
levels = { low = 3 }
"""
"""What makes a signal of the third complaint of a probe."""


class Probes:
    """Reads a topic of assignments in a thread, and notes when each theme's first one came."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.arrived: dict[str, float] = {}
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"probes-{time.time_ns()}",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
            }
        )
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.05)
            if message is not None and message.error() is None:
                now = time.monotonic()
                self.arrived.setdefault(orjson.loads(message.value() or b"{}")["theme"], now)
        self._consumer.close()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(timeout=10)

    def waits_ms(self, sent: Mapping[str, float]) -> list[float]:
        """Milliseconds from sending to the assignment of those that have arrived, shortest first."""
        return sorted(1000 * (self.arrived[theme] - at) for theme, at in sent.items() if theme in self.arrived)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of the values do not exceed; None of nothing.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5), quantile([1.0], 0.99), quantile([], 0.5)
    (2.0, 1.0, None)
    """
    if not ordered:
        return None
    return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)], 1)
