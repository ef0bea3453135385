"""Writes actions, and says when the broker has them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from confluent_kafka import KafkaException, Message, Producer

from schemas.action import Action
from schemas.codec import encode_json

DELIVERY_MS = 10_000
"""How long the producer itself tries."""

# Slack waits three seconds for an answer.
_WAIT_S = 2.5
_POLL_S = 0.05
_FLUSH_S = 5.0


class NotWritten(Exception):
    """The broker has not acknowledged it, or not in time; whoever sent it should send it again."""


class ActionWriter:
    """Writes actions keyed by signal id. A repeat has the same id, so writing it again does no harm.

    Attributes:
        trouble: why the last write failed; empty once one succeeds.
    """

    def __init__(self, producer: Producer, topic: str, wait_s: float = _WAIT_S) -> None:
        self._producer, self._topic, self._wait_s = producer, topic, wait_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="inbound-producer", daemon=True)
        self._thread.start()
        self.trouble = ""

    async def write(self, listed: Sequence[Action]) -> None:
        """Return once the broker has them all.

        Raises:
            NotWritten: it has not.
        """
        loop = asyncio.get_running_loop()
        waiting = [self._produced(action, loop) for action in listed]
        try:
            async with asyncio.timeout(self._wait_s):
                await asyncio.gather(*waiting)
        except TimeoutError:
            self.trouble = f"no answer from the broker in {self._wait_s:g} s"
            raise NotWritten(self.trouble) from None
        except (KafkaException, BufferError) as error:
            self.trouble = str(error.args[0]) if error.args else str(error)
            raise NotWritten(self.trouble) from None
        self.trouble = ""

    def close(self) -> None:
        """Wait for what is under way."""
        self._producer.flush(_FLUSH_S)
        self._ending.set()
        self._thread.join(_FLUSH_S)

    def _produced(self, action: Action, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: object) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(KafkaException(error))

        def delivered(error: object, _message: Message) -> None:
            # In the polling thread; the loop may be gone by then.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, error)

        try:
            self._producer.produce(self._topic, encode_json(action), key=action.signal_id, on_delivery=delivered)
        except (KafkaException, BufferError) as error:
            done.set_exception(error)
        return done

    def _poll(self) -> None:
        while not self._ending.is_set():
            self._producer.poll(_POLL_S)
