"""A real Apache Kafka for the tests: a given one, else a container, else a server on the local Java."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.support import kafka_container, kafka_jars
from tests.support.brokers import Broker
from tests.support.local_kafka import LocalKafka
from tests.support.readiness import answers
from tests.support.unavailable import RealKafkaUnavailable

__all__ = ["GIVEN", "LocalKafka", "RealKafkaUnavailable", "local_kafka", "prepare", "real_kafka"]

GIVEN = "KAFKA_BOOTSTRAP_SERVERS"

_GIVEN_SECONDS = 20.0


def prepare() -> None:
    """Fetches beforehand what the first use would have to download, outside the time limit of any one test."""
    if os.environ.get(GIVEN):
        return
    if kafka_container.why_not() is None:
        return
    kafka_jars.java_version()
    kafka_jars.jars()


@contextmanager
def real_kafka(data: Path) -> Iterator[Broker]:
    """The first of the three that works; ``data`` is where a local server keeps its files."""
    given = os.environ.get(GIVEN)
    if given:
        # Whoever names a broker wants that one tested, so nothing else takes its place.
        if not answers(given, within=_GIVEN_SECONDS):
            raise RealKafkaUnavailable(f"{GIVEN}={given} does not answer within {_GIVEN_SECONDS:.0f} s")
        yield Broker(given, "real", f"given by {GIVEN}")
        return
    ways: dict[str, Callable[[], AbstractContextManager[Broker]]] = {
        "container": kafka_container.container,
        "local server": lambda: _local(data),
    }
    reasons = [f"{GIVEN} is not set"]
    with ExitStack() as running:
        for name, way in ways.items():
            try:
                broker = running.enter_context(way())
            except RealKafkaUnavailable as unavailable:
                reasons.append(f"{name}: {unavailable.reason}")
            else:
                yield broker
                return
    raise RealKafkaUnavailable("; ".join(reasons))


def local_kafka(data: Path, properties: dict[str, str] | None = None) -> LocalKafka:
    """A server of a test's own, not started yet, to be killed and paused at will."""
    kafka_jars.java_version()
    return LocalKafka(kafka_jars.jars(), data, properties)


@contextmanager
def _local(data: Path) -> Iterator[Broker]:
    java = kafka_jars.java_version()
    server = local_kafka(data)
    began = time.monotonic()
    with server:
        took = time.monotonic() - began
        yield Broker(server.bootstrap, "real", f"Apache Kafka {kafka_jars.VERSION} on Java {java}, up in {took:.1f} s")
