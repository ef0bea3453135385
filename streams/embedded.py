"""A Kafka cluster inside this process, for the demo and for fast tests.

It is the mock cluster that librdkafka brings: real sockets and the real protocol (produce, fetch, groups, commits),
but memory only, so whatever is in it is gone when it closes. It knows no CreateTopics: a topic appears, with
``PARTITIONS`` partitions, when a client first names it.
"""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

PARTITIONS: Final = 4
"""How many partitions every topic gets: librdkafka's own number for a mock cluster."""

_START_TIMEOUT = 10.0
_POLL_SECONDS = 0.2


class EmbeddedBroker:
    """One mock broker on a free port of the loopback address, alive between ``start`` and ``close``."""

    def __init__(self) -> None:
        self._producer: Producer | None = None
        self._bootstrap = ""
        self._closing = Event()
        self._poller: Thread | None = None

    @property
    def bootstrap(self) -> str:
        """``host:port`` for ``bootstrap.servers``; refused while the broker is not running."""
        if self._producer is None:
            raise RuntimeError("the embedded broker is not running: use it as a context manager, or call start()")
        return self._bootstrap

    @property
    def partitions(self) -> int:
        return PARTITIONS

    def start(self) -> Self:
        if self._producer is not None:
            raise RuntimeError("the embedded broker is already running")
        # Warnings and worse only: librdkafka greets each mock cluster on stderr.
        producer = Producer({"test.mock.num.brokers": 1, "log_level": 4})
        brokers = producer.list_topics(timeout=_START_TIMEOUT).brokers.values()
        self._bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self._producer = producer
        self._closing.clear()
        self._poller = Thread(target=self._poll, args=(producer,), name="embedded-broker", daemon=True)
        self._poller.start()
        return self

    def close(self) -> None:
        """Ends the broker and forgets every record; harmless when it does not run."""
        self._closing.set()
        if self._poller is not None:
            self._poller.join()
            self._poller = None
        # The cluster lives exactly as long as the producer that owns it.
        self._producer = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _poll(self, producer: Producer) -> None:
        while not self._closing.is_set():
            producer.poll(_POLL_SECONDS)
