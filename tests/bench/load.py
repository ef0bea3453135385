"""Events for the benches: seeded, 200 to 500 bytes, written to a topic of each contender's own."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
from confluent_kafka import Producer

LIVE_RATE = 100_000
"""Events a second of event time: as if the topic had been filled live at the rate it is to be read."""
TIERS = ("free", "plus", "business", "enterprise")
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "apac")
CHANNELS = ("chat", "call", "review", "post", "email")
VERSIONS = ("17.0", "17.1", "16.4", "16.2", "15.9")
SYSTEMS = ("iOS 17", "iOS 16", "Android 14", "Android 13")
Theme = Callable[[random.Random], int]
"""Draws the number of an event's theme."""


class Event(NamedTuple):
    """A record of an input topic: its key is the theme if it has one, its timestamp the event's time, milliseconds."""

    key: bytes | None
    value: bytes
    at_ms: int


def evenly(series: int) -> Theme:
    """Every theme as often as any other."""
    return lambda draw: draw.randrange(series)


def hot(series: int, share: float) -> Theme:
    """One theme has ``share`` of all events, the others have the rest evenly."""
    return lambda draw: 0 if draw.random() < share else draw.randrange(1, series)


def rest_of_event(draw: random.Random) -> dict[str, object]:
    """What an event says beside its id, time and theme."""
    return {
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


def events(count: int, theme: Theme, start: datetime, seconds: float, seed: int = 7) -> Iterator[Event]:
    """``count`` events, spread evenly over ``seconds`` from ``start``."""
    draw = random.Random(seed)
    step = seconds / count
    for n in range(count):
        at = start + timedelta(seconds=n * step)
        name = f"theme-{theme(draw)}"
        said = {"id": f"e-{n:09d}", "time": at.isoformat().replace("+00:00", "Z"), "theme": name}
        yield Event(name.encode(), orjson.dumps(said | rest_of_event(draw)), int(at.timestamp() * 1000))


def recent(count: int, theme: Theme, seed: int = 7) -> list[Event]:
    """``count`` events, the last of them from now."""
    span = count / LIVE_RATE
    return list(events(count, theme, datetime.now(UTC) - timedelta(seconds=span), span, seed))


def mean_bytes(load: list[Event]) -> int:
    """The mean size of a value."""
    return sum(len(event.value) for event in load) // len(load)


def write(bootstrap: str, topic: str, load: list[Event], partitions: int) -> None:
    """Deal the events out to the partitions in turn, so that each holds them in the order of their times."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 500_000,
        }
    )
    for n, (key, value, at_ms) in enumerate(load):
        while True:
            try:
                producer.produce(topic, value, key, n % partitions, timestamp=at_ms)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(120):
        raise RuntimeError(f"{topic}: not everything was delivered within two minutes")
