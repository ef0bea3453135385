"""What a worker is measured against in Python, each a process that reads the topic, parses with orjson and counts.

``limit`` is a Faust agent over record batches on our transport, ``bare`` a confluent-kafka ``consume(1000)``
loop, ``faust`` a stock Faust agent: Faust's own transport and an agent that is handed one event at a time.
Each counts into a dict, and none keeps it anywhere: that is the cheapest that each can do.

    python -m tests.bench.baselines limit|bare|faust BOOTSTRAP TOPIC COUNT
"""

import sys
import time
from typing import Any

import faust
from confluent_kafka import Consumer

from streams.clients import Clients
from streams.clock import SystemClock
from streams.settings import Kafka, Settings
from streams.shell.app import StreamApp
from streams.shell.lease import Lease
from streams.shell.transport import PassThrough
from tests.bench.meter import Meter, tell


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

    def read(records: Any) -> bool:
        return meter.add([record.value for record in records])

    return _agent(app, app.topic(topic, schema=PassThrough()), read, meter)


def stock(bootstrap: str, topic: str, count: int) -> float:
    """A Faust agent as its documentation has it; raw values and orjson, since its own JSON codec is slower."""
    app = faust.App(
        f"faust-{time.time_ns()}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=16_384,
    )
    meter = Meter(count)
    source = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    return _agent(app, source, lambda value: meter.add([value]), meter)


def _agent(app: Any, topic: Any, read: Any, meter: Meter) -> float:
    """Run an agent until ``read`` says that all is read."""
    found: list[float] = []

    async def agent(stream: Any) -> None:
        async for item in stream:
            if read(item):
                found.append(meter.rate)
                host._starting_fut.cancel()

    app.agent(topic, name="count")(agent)
    host = faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True)
    try:
        host.execute_from_commandline()
    except (SystemExit, BaseException):
        if not found:
            raise
    return found[0]


if __name__ == "__main__":
    kind, bootstrap, topic, count = sys.argv[1:5]
    tell({"bare": bare, "limit": limit, "faust": stock}[kind](bootstrap, topic, int(count)))
