"""Events for the benches: seeded, 200 to 500 bytes, written once to a topic."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
from confluent_kafka import Producer

LIVE_RATE = 100_000
"""Events a second of event time: as if the topic had been filled live at the rate it is to be read."""
TIERS = ("free", "plus", "business", "enterprise")
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "apac")
CHANNELS = ("chat", "call", "review", "post", "email")
VERSIONS = ("17.0", "17.1", "16.4", "16.2", "15.9")
SYSTEMS = ("iOS 17", "iOS 16", "Android 14", "Android 13")


def events(count: int, series: int, start: datetime, seconds: float, seed: int = 7) -> Iterator[bytes]:
    """``count`` events of ``series`` themes, spread evenly over ``seconds`` from ``start``."""
    draw = random.Random(seed)
    step = seconds / count
    for n in range(count):
        at = start + timedelta(seconds=n * step)
        yield orjson.dumps(
            {
                "id": f"e-{n:09d}",
                "time": at.isoformat().replace("+00:00", "Z"),
                "theme": f"theme-{draw.randrange(series):04d}",
                "customer": f"c-{draw.randrange(500_000):07d}",
                "sentiment": round(draw.uniform(-1, 1), 2),
                "channel": draw.choice(CHANNELS),
                "region": draw.choice(REGIONS),
                "tier": draw.choice(TIERS),
                "product": "mobile-app",
                "version": draw.choice(VERSIONS),
                "metrics": {"handle_s": float(draw.randrange(30, 900))},
                "attributes": {"os_version": draw.choice(SYSTEMS)},
            }
        )


def fill(bootstrap: str, topic: str, count: int, series: int = 1000, partitions: int = 8) -> int:
    """Write ``count`` events round the partitions; returns the mean size in bytes."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 500_000,
        }
    )
    span = count / LIVE_RATE
    start = datetime.now(UTC) - timedelta(seconds=span)
    size = 0
    for n, value in enumerate(events(count, series, start, span)):
        size += len(value)
        while True:
            try:
                producer.produce(topic, value, partition=n % partitions)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()
    return size // count
