"""Deliveries that are counted: a flush knows what it waits for, and one failure stops every later commit."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from streams.shell.lease import Lease

Headers = Sequence[tuple[str, bytes | None]]
OnDelivery = Callable[[Message], None]

_TURN_S = 0.001
_FULL_QUEUE_TRIES = 3000


class DeliveryFailed(RuntimeError):
    """A message could not be delivered, or not even taken; its offsets must not be committed."""


class Deliveries:
    """A confluent-kafka producer whose delivery reports are counted.

    What is produced while a delivery report is handled belongs to the message reported: a flush
    that waits for a checkpoint also waits for the signal that leaves after it.

    Args:
        lease: asked before anything is handed over.

    Attributes:
        failure: the first delivery that failed, or what came of one; None so far.
    """

    def __init__(self, config: dict[str, Any], lease: Lease) -> None:
        self.failure: str | None = None
        self._client = Client(config)
        self._lease = lease
        self._epoch = 0
        self._cause: int | None = None
        self._in_flight: dict[int, int] = {0: 0}

    def produce(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Headers | None = None,
        timestamp_ms: int | None = None,
        on_delivery: OnDelivery | None = None,
    ) -> None:
        """Hand a message over; :meth:`flush` waits for its delivery.

        Args:
            on_delivery: called once the broker has acknowledged it.

        Raises:
            DeliveryFailed: if it cannot be taken at all (too large, or the queue stays full).
            StaleWorker: if this process stood still so long that its partitions are somebody else's.
        """
        self._lease.check()
        epoch = self._epoch if self._cause is None else self._cause

        def delivered(error: KafkaError | None, message: Message) -> None:
            try:
                if error is not None:
                    self._fail(f"delivery failed: {message.topic()}: {error.str()}")
                elif on_delivery is not None:
                    self._cause = epoch
                    on_delivery(message)
            except Exception as refused:
                # What was to follow from the delivery has not happened: no commit may pass it.
                self._fail(str(refused))
            finally:
                self._cause = None
                self._in_flight[epoch] -= 1

        extra: dict[str, Any] = {} if partition is None else {"partition": partition}
        if timestamp_ms is not None:
            extra["timestamp"] = timestamp_ms
        pairs: Any = None if headers is None else list(headers)
        for _ in range(_FULL_QUEUE_TRIES):
            try:
                self._client.produce(topic, value, key, headers=pairs, on_delivery=delivered, **extra)
            except BufferError:
                self._client.poll(0.01)
            except KafkaException as error:
                self._fail(f"delivery failed: {topic}: {error.args[0].str()}")
                raise DeliveryFailed(self.failure) from error
            else:
                self._in_flight[epoch] += 1
                return
        self._fail(f"delivery failed: {topic}: the queue of outgoing messages stays full")
        raise DeliveryFailed(self.failure)

    def poll(self) -> None:
        """Handle the delivery reports that have come."""
        self._client.poll(0)

    @property
    def undelivered(self) -> int:
        """Messages handed over and not yet acknowledged."""
        return sum(self._in_flight.values())

    async def flush(self) -> None:
        """Wait until everything handed over before this call, and what follows from it, is acknowledged.

        Raises:
            DeliveryFailed: if any delivery failed, ever.
        """
        mine = list(self._in_flight)
        self._epoch += 1
        self._in_flight[self._epoch] = 0
        while self.failure is None and any(self._in_flight.get(epoch) for epoch in mine):
            self.poll()
            await asyncio.sleep(_TURN_S)
        for epoch in mine:
            if not self._in_flight.get(epoch):
                self._in_flight.pop(epoch, None)
        self.check()

    def check(self) -> None:
        """Raises DeliveryFailed if any delivery has failed, ever, or what was to follow from one."""
        if self.failure is not None:
            raise DeliveryFailed(self.failure)

    def _fail(self, what: str) -> None:
        if self.failure is None:
            self.failure = what
