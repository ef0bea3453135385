"""The topic of controls: read from its beginning before the agents start, and followed from then on.

Every worker needs all of them whatever its partitions, so it belongs to no group and commits nothing.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.triage_codec import decode_control
from streams.log_reading import PASSING, LogUnreadable

_TURN_S = 0.2


class ControlLog:
    """Controls by key, as the topic tells them.

    Args:
        config: of the consumer.
        partitions: of the topic.
        refused: told, in words, of a record that is no control.

    Attributes:
        known: what has been taken in by :meth:`news` and was not let go since.
    """

    def __init__(self, config: dict[str, Any], topic: str, partitions: int, refused: Callable[[str], None]) -> None:
        self._config = {**config, "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        self._topic, self._partitions, self._refused = topic, partitions, refused
        self._came: deque[tuple[str, bytes | None, str]] = deque()
        self._missing = set(range(partitions))
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failed: LogUnreadable | None = None
        self.known: dict[str, bytes] = {}

    async def read(self, wanted: Callable[[], bool]) -> None:
        """Wait until all that is there has been read, as long as it is ``wanted``.

        Raises:
            LogUnreadable: naming the topic.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="controls", daemon=True)
            self._thread.start()
        while self._missing and wanted():
            self._check()
            await asyncio.sleep(_TURN_S / 10)
        self._check()

    def news(self) -> Iterator[tuple[str, bytes | None]]:
        """What has come since, oldest first; None lets a control go.

        Raises:
            LogUnreadable: naming the topic.
        """
        self._check()
        while self._came:
            key, value, where = self._came.popleft()
            try:
                if value is not None:
                    decode_control(value)
            except msgspec.DecodeError as error:
                self._refused(f"{where}: no control, passed over: {error}")
                continue
            if value is None:
                self.known.pop(key, None)
            else:
                self.known[key] = value
            yield key, value

    def stop(self) -> None:
        """End following."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _follow(self) -> None:
        try:
            consumer = Consumer(self._config)
            try:
                numbers = range(self._partitions)
                consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in numbers])
                while not self._stopping.is_set():
                    for message in consumer.consume(1000, _TURN_S):
                        self._take(message)
            finally:
                consumer.close()
        except LogUnreadable as error:
            self._failed = error
        except KafkaException as error:
            self._failed = LogUnreadable(f"{self._topic}: {error.args[0].str()}")

    def _take(self, message: Any) -> None:
        error, where = message.error(), f"{self._topic}, partition {message.partition()}"
        if error is None:
            key = (message.key() or b"").decode(errors="replace")
            self._came.append((key, message.value(), f"{where}, offset {message.offset()}"))
        elif error.code() == KafkaError._PARTITION_EOF:
            self._missing.discard(message.partition())
        elif error.code() not in PASSING:
            raise LogUnreadable(f"{where}: {error.str()}")
