"""Faust's producer interface on counted deliveries.

Faust's own producer hands messages over when it gets round to it and forgets failures; the
offsets are committed all the same. Here every message is handed over at once, and
:meth:`GuardedProducer.flush`, which Faust awaits before each commit, raises if one failed.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Message
from faust.exceptions import ProducerSendError
from faust.transport.drivers.aiokafka import Producer as FaustProducer
from faust.types import TP
from faust.types.tuples import FutureMessage, RecordMetadata
from mode import Service

from streams.shell.delivery import Deliveries, DeliveryFailed

_POLL_S = 0.002
_STOP_S = 10.0


class GuardedProducer(FaustProducer):
    """What Faust's app, channels and Tables send through."""

    app: Any
    _deliveries: Deliveries | None = None

    @property
    def deliveries(self) -> Deliveries:
        """Where messages are handed over.

        Raises:
            ProducerSendError: before the start and after the stop.
        """
        if self._deliveries is None:
            raise ProducerSendError("the producer is not running")
        return self._deliveries

    async def on_start(self) -> None:
        """Create the client; nothing connects before the first message."""
        self._deliveries = Deliveries(self.app.client_settings.producer(), self.app.lease)
        await self.add_runtime_dependency(self.buffer)

    async def on_stop(self) -> None:
        """Deliver what is still on its way, within the time a shutdown has."""
        if self._deliveries is not None:
            with suppress(TimeoutError, DeliveryFailed):
                async with asyncio.timeout(_STOP_S):
                    await self._deliveries.flush()
            self._deliveries = None

    @Service.task
    async def _polling(self) -> None:
        while not self.should_stop:
            if self._deliveries is not None:
                self._deliveries.poll()
                self._deliveries.check()
            await asyncio.sleep(_POLL_S)

    async def flush(self) -> None:
        """Wait for every delivery so far; a commit follows only if none failed."""
        if self._deliveries is not None:
            try:
                await self._deliveries.flush()
            except DeliveryFailed as error:
                await self.app.crash(error)
                raise ProducerSendError(str(error)) from error

    def send_soon(self, fut: FutureMessage) -> None:
        """What Faust's channels and Tables call: nothing is buffered, the message is handed over."""
        message: Any = fut.message
        topic = message.topic or message.channel.get_topic_name()
        self._hand_over(fut, topic, message.key, message.value, message.partition, message.headers)

    def _hand_over(self, fut: Any, topic: str, key: Any, value: Any, partition: int | None, headers: Any) -> None:
        def done(message: Message) -> None:
            if not fut.done():
                offset, where = message.offset() or 0, TP(topic, message.partition() or 0)
                fut.set_result(RecordMetadata(topic, where.partition, where, offset, None, None))

        pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
        self.deliveries.produce(topic, value, key=key, partition=partition, headers=pairs, on_delivery=done)

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
        return await (await self.send(topic, *args, **kwargs))

    def key_partition(self, topic: str, key: bytes) -> TP:
        """Not used: partitions are given, or chosen by the client."""
        raise ProducerSendError(f"{topic}: the partition of {key!r} is chosen by the client")
