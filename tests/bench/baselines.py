"""What the worker is measured against, each a process that reads the topic and counts in a dict.

``limit`` is a Faust agent over record batches that only parses and counts; ``bare`` a
confluent-kafka consume loop doing the same. Each prints events a second in a line that begins with RATE.

    python -m tests.bench.baselines limit|bare BOOTSTRAP TOPIC COUNT
"""

import sys
import time
from typing import Any

import orjson
from confluent_kafka import Consumer

from streams.clients import Clients
from streams.clock import SystemClock
from streams.settings import Kafka, Settings
from streams.shell.app import StreamApp
from streams.shell.lease import Lease
from streams.shell.transport import PassThrough

WARM = 0.05
"""Share of the events read before the clock starts."""


class Meter:
    """Events a second from the first few percent to the last event."""

    def __init__(self, count: int) -> None:
        self.count, self.seen, self.began, self.from_ = count, 0, 0.0, 0
        self.themes: dict[str, int] = {}

    def add(self, values: list[bytes]) -> bool:
        """Parse and count; True once all events are read."""
        themes = self.themes
        for value in values:
            theme = orjson.loads(value)["theme"]
            themes[theme] = themes.get(theme, 0) + 1
        self.seen += len(values)
        if not self.began and self.seen >= WARM * self.count:
            self.began, self.from_ = time.monotonic(), self.seen
        return self.seen >= self.count

    @property
    def rate(self) -> float:
        """Events a second."""
        return (self.seen - self.from_) / (time.monotonic() - self.began)


def bare(bootstrap: str, topic: str, count: int) -> float:
    """A confluent-kafka loop over consume(1000)."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"bare-{time.time_ns()}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    meter = Meter(count)
    while not meter.add([message.value() for message in consumer.consume(1000, 1.0) if not message.error()]):
        pass
    rate = meter.rate
    consumer.close()
    return rate


def limit(bootstrap: str, topic: str, count: int) -> float:
    """A Faust agent over record batches on our transport."""
    import faust

    settings = Settings(kafka=Kafka(bootstrap=bootstrap, group=f"limit-{time.time_ns()}"))
    app = StreamApp(
        settings.kafka.group,
        Clients(settings),
        {topic},
        lease=Lease(SystemClock(), 1e9, 1.0),
        broker=f"aiokafka://{bootstrap}",
        stream_recovery_delay=0.0,
    )
    meter = Meter(count)
    found: list[float] = []

    async def agent(stream: Any) -> None:
        async for records in stream:
            if meter.add([record.value for record in records]):
                found.append(meter.rate)
                host._starting_fut.cancel()

    app.agent(app.topic(topic, schema=PassThrough()), name="limit")(agent)
    host = faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True)
    try:
        host.execute_from_commandline()
    except (SystemExit, BaseException):
        if not found:
            raise
    return found[0]


if __name__ == "__main__":
    kind, bootstrap, topic, count = sys.argv[1:5]
    rate = {"bare": bare, "limit": limit}[kind](bootstrap, topic, int(count))
    sys.stdout.write(f"\nRATE {rate:.0f}\n")
