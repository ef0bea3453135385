"""The product's embedded broker, as the tests see a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streams.embedded import EmbeddedBroker
from tests.support.brokers import Broker


@contextmanager
def embedded() -> Iterator[Broker]:
    with EmbeddedBroker() as running:
        yield Broker(running.bootstrap, "embedded", "mock cluster of librdkafka", running.partitions)
