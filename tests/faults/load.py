"""Seeded events at a steady rate, and an account of every one the broker has acknowledged."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from confluent_kafka import KafkaError, Message, Producer

RATE = 4000
THEMES = 20
CHANGE = 2000
"""Every so many events other themes come up, so that signals keep opening and growing all the time ..."""
GROUPS = 40
"""... until so many groups of themes have had their turn; then they grow, since every theme stays open."""


class Sent(NamedTuple):
    """One event to be sent.

    Attributes:
        counts: whether it is to be found in a pane; a repeat is not.
        stamp_ms: the record's own timestamp; None takes the time of sending.
    """

    value: bytes
    topic: str
    partition: int
    theme: str
    at: float
    counts: bool = True
    stamp_ms: int | None = None


class Load:
    """Sends from a thread of its own; whatever happens to the broker, everything is delivered in the end.

    Args:
        topics, partitions: the input topics, and how many partitions each has.
        events: how many; None goes on until :meth:`stop`.
        label: part of every theme and id.

    Attributes:
        expected: (theme, start of the pane) -> events that must be counted there.
        records: what was handed over, repeats and poison among them.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: tuple[str, ...],
        partitions: int,
        events: int | None = None,
        *,
        rate: float = RATE,
        seed: int = 1,
        label: str = "t",
        **config: Any,
    ) -> None:
        self.expected: Counter[tuple[str, int]] = Counter()
        self.records = 0
        self.failed: list[str] = []
        self._topics, self._partitions, self._events, self._rate = topics, partitions, events, rate
        self._seed, self._label = seed, label
        self._stop = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": 600_000,
                "log_level": 0,
                "queue.buffering.max.messages": 2_000_000,
                "on_delivery": self._delivered,
                **config,
            }
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Load":
        """Begin to send."""
        self._thread.start()
        return self

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self.failed.append(error.str())

    def _run(self) -> None:
        began = time.monotonic()
        for n, one in enumerate(self.make()):
            stamp = {} if one.stamp_ms is None else {"timestamp": one.stamp_ms}
            self._producer.produce(one.topic, one.value, partition=one.partition, **stamp)
            self.records += 1
            if one.counts:
                self.expected[one.theme, int(one.at) // 60 * 60] += 1
            if n % 100 == 0:
                self._producer.poll(0)
                time.sleep(max(0.0, began + n / self._rate - time.monotonic()))
            if self._stop.is_set():
                break
        self._producer.flush()

    def make(self) -> Iterator[Sent]:
        """The events, one after the other."""
        draw = random.Random(self._seed)
        n = 0
        while self._events is None or n < self._events:
            yield self.event(n, draw)
            n += 1

    def event(self, n: int, draw: random.Random, **more: Any) -> Sent:
        """The ``n``-th event, of a theme of its time, now."""
        theme = f"{self._label}{n // CHANGE % GROUPS}-{draw.randrange(THEMES)}"
        now = datetime.now(UTC)
        value = {
            "id": f"{self._label}{n}",
            "time": now.isoformat(),
            "theme": theme,
            "customer": f"c{draw.randrange(900)}",
            "region": draw.choice(("eu", "us")),
            **more,
        }
        topic, partition = self._topics[n % len(self._topics)], draw.randrange(self._partitions)
        return Sent(orjson.dumps(value), topic, partition, theme, now.timestamp())

    def stop(self) -> "Load":
        """Send no more; returns when all is delivered."""
        self._stop.set()
        return self.wait()

    def wait(self, timeout_s: float = 180.0) -> "Load":
        """Until all is sent and delivered."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "the load could not be delivered"
        assert not self.failed, f"{len(self.failed)} events were not delivered: {self.failed[0]}"
        return self

    @property
    def events(self) -> int:
        """That must be counted."""
        return sum(self.expected.values())
