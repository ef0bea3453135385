"""The producer: confluent-kafka's, idempotent, and a commit never passes output it could not deliver.

Faust's own producer hands messages over when it gets round to it and forgets failures; the
offsets are committed all the same. Here every message is handed over at once, every delivery
report is counted, and :meth:`GuardedProducer.flush`, which Faust awaits before each commit,
raises if one failed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client
from faust.exceptions import ProducerSendError
from faust.transport.drivers.aiokafka import Producer as FaustProducer
from faust.types import TP
from faust.types.tuples import FutureMessage, RecordMetadata
from mode import Service

_POLL_S = 0.002
_FULL_QUEUE_TRIES = 3000


class GuardedProducer(FaustProducer):  # type: ignore[misc]
    """Faust's producer interface on a confluent-kafka client.

    Attributes:
        failure: the first delivery that failed; the worker must not commit past it.
    """

    failure: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._client: Client | None = None
        self._epoch = 0
        self._in_flight: dict[int, int] = {0: 0}

    async def on_start(self) -> None:
        """Create the client; nothing connects before the first message."""
        self._client = Client(self.app.client_settings.producer())
        await self.add_runtime_dependency(self.buffer)

    async def on_stop(self) -> None:
        """Deliver what is still on its way, within the time a shutdown has."""
        if self._client is not None:
            client = self._client
            await asyncio.get_running_loop().run_in_executor(None, client.flush, 10.0)
            self._client = None

    @Service.task  # type: ignore[untyped-decorator]
    async def _polling(self) -> None:
        while not self.should_stop:
            if self._client is not None:
                self._client.poll(0)
            await asyncio.sleep(_POLL_S)

    def produce(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        on_delivery: Callable[[Message], None] | None = None,
    ) -> None:
        """Hand a message over; its delivery is waited for by :meth:`flush`.

        Args:
            on_delivery: called in the event loop once the broker has acknowledged it.

        Raises:
            ProducerSendError: if it cannot be taken at all (too large, or the queue stays full).
            StaleWorker: if this process stood still so long that the partitions are somebody else's.
        """
        if self._client is None:
            raise ProducerSendError("producer is not running")
        self.app.lease.check()
        epoch = self._epoch

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._in_flight[epoch] -= 1
            if error is not None:
                self._fail(f"{message.topic()}: {error.str()}")
            elif on_delivery is not None:
                on_delivery(message)

        extra: dict[str, Any] = {} if partition is None else {"partition": partition}
        for _ in range(_FULL_QUEUE_TRIES):
            try:
                self._client.produce(topic, value, key, headers=headers, on_delivery=delivered, **extra)
            except BufferError:
                self._client.poll(0.01)
            except KafkaException as error:
                self._fail(f"{topic}: {error.args[0].str()}")
                raise ProducerSendError(self.failure) from error
            else:
                self._in_flight[epoch] += 1
                return
        self._fail(f"{topic}: the queue of outgoing messages stays full")
        raise ProducerSendError(self.failure)

    def _fail(self, what: str) -> None:
        if self.failure is None:
            self.failure = f"delivery failed: {what}"
            self.log.error("%s", self.failure)

    @property
    def undelivered(self) -> int:
        """Messages handed over and not yet acknowledged."""
        return sum(self._in_flight.values())

    async def flush(self) -> None:
        """Wait until everything handed over before this call is acknowledged.

        Raises:
            ProducerSendError: if any delivery failed, ever: the offsets must not be committed.
        """
        self._epoch += 1
        self._in_flight[self._epoch] = 0
        mine = [epoch for epoch in self._in_flight if epoch < self._epoch]
        while self.failure is None and any(self._in_flight[epoch] for epoch in mine):
            if self._client is None:
                raise ProducerSendError("producer stopped with messages on their way")
            self._client.poll(0)
            await asyncio.sleep(_POLL_S / 2)
        for epoch in mine:
            if not self._in_flight.get(epoch, 1):
                del self._in_flight[epoch]
        if self.failure is not None:
            raise ProducerSendError(self.failure)

    def send_soon(self, fut: FutureMessage) -> None:
        """What Faust's channels and Tables call: nothing is buffered, the message is handed over."""
        message = fut.message
        topic = message.topic or message.channel.get_topic_name()
        self._hand_over(fut, topic, message.key, message.value, message.partition, message.headers)

    def _hand_over(
        self,
        fut: "asyncio.Future[RecordMetadata]",
        topic: str,
        key: Any,
        value: Any,
        partition: int | None,
        headers: Any,
    ) -> None:
        def done(message: Message) -> None:
            if not fut.done():
                offset, where = message.offset() or 0, TP(topic, message.partition() or 0)
                fut.set_result(RecordMetadata(topic, where.partition, where, offset, None, None))

        pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
        self.produce(topic, value, key=key, partition=partition, headers=pairs, on_delivery=done)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Hand a message over; the returned future is done when it is delivered."""
        del timestamp, transactional_id
        fut: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        self._hand_over(fut, topic, key, value, partition, headers)
        return fut

    async def send_and_wait(self, topic: str, *args: Any, **kwargs: Any) -> RecordMetadata:
        """Hand a message over and wait for its delivery."""
        return cast(RecordMetadata, await (await self.send(topic, *args, **kwargs)))

    def key_partition(self, topic: str, key: bytes) -> TP:
        """Not used: partitions are given, or chosen by the client."""
        raise NotImplementedError(f"{topic}: partitions are given explicitly")
