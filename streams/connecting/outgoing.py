"""Sends records, and waits until the broker has them."""

import asyncio
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sinks.dead_letters import Headers

_TURN_S = 0.002
_STOP_S = 5.0


class Undelivered(RuntimeError):
    """The broker has not taken a record; the message names the topic."""


class Outgoing:
    """A producer for an event loop: delivery reports are handled there, and only while something is under way."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._producer = Producer(config)
        self._under_way = 0
        self._poller: asyncio.Task[None] | None = None

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        """Returns once the record is acknowledged.

        Raises:
            Undelivered: it is not.
        """
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def delivered(error: KafkaError | None, _message: Message) -> None:
            self._under_way -= 1
            if acknowledged.done():
                return
            if error is None:
                acknowledged.set_result(None)
            else:
                acknowledged.set_exception(Undelivered(f"{topic}: {error.str()}"))

        pairs: Any = headers
        extra: dict[str, Any] = {} if timestamp_ms is None else {"timestamp": timestamp_ms}
        while True:
            try:
                self._producer.produce(topic, value, key, headers=pairs, on_delivery=delivered, **extra)
                break
            except BufferError:
                self._producer.poll(0)
                await asyncio.sleep(_TURN_S)
            except KafkaException as error:
                raise Undelivered(f"{topic}: {error.args[0].str()}") from None
        self._under_way += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        await acknowledged

    async def _poll(self) -> None:
        while self._under_way:
            self._producer.poll(0)
            await asyncio.sleep(_TURN_S)

    async def close(self) -> None:
        """Deliver what is still under way, within the time a shutdown has."""
        await asyncio.to_thread(self._producer.flush, _STOP_S)
