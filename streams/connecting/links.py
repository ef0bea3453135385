"""The links of all connectors here, in memory and on their compacted topic."""

import asyncio
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from sinks.delivery.link import Link, Stage, decode_link, encode_link, link_key
from streams.connecting.outgoing import Outgoing
from streams.log_reading import PASSING, LogUnreadable

_NAP_S, _BATCH, _ANSWER_S = 0.02, 2000, 10.0
KEPT_S = 90 * 86_400.0
"""How long the link of what is over is kept, beyond the time in which it may be reopened: seconds."""


class Links:
    """A :class:`sinks.delivery.courier.Book`. Follows its topic, so that a partition can be taken over at any time.

    Args:
        config: of a consumer.
        names: of the connectors; the links of others are not kept.
    """

    def __init__(
        self, config: dict[str, Any], topic: str, partitions: int, outgoing: Outgoing, names: set[str]
    ) -> None:
        self._topic, self._partitions, self._outgoing, self._names = topic, partitions, outgoing, names
        self._consumer = Consumer(config)
        # Encoded, for most of them are never asked for again.
        self._held: dict[bytes, tuple[int, bytes]] = {}
        self._read = dict.fromkeys(range(partitions), 0)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, connector: str, signal_id: str) -> Link:
        """The link; an empty one if there is none."""
        held = self._held.get(link_key(connector, signal_id))
        return Link(connector=connector, signal_id=signal_id) if held is None else decode_link(held[1])

    async def put(self, link: Link) -> None:
        """Returns once the topic has it."""
        key, value = link_key(link.connector, link.signal_id), encode_link(link)
        self._held[key] = (link.seq, value)
        await self._outgoing.send(self._topic, key, value)

    async def follow(self) -> None:
        """Read the topic from its beginning, for ever.

        Raises:
            LogUnreadable: naming the topic.
        """
        self._consumer.assign([TopicPartition(self._topic, each, OFFSET_BEGINNING) for each in range(self._partitions)])
        while True:
            messages = self._consumer.consume(_BATCH, 0)
            for message in messages:
                error, partition, offset = message.error(), message.partition(), message.offset()
                if error is not None:
                    if error.code() in PASSING:
                        continue
                    raise LogUnreadable(f"{self._topic}, partition {partition}: {error.str()}")
                assert partition is not None
                assert offset is not None
                self._take(message.key(), message.value(), offset, partition)
                self._read[partition] = offset + 1
            await asyncio.sleep(0 if messages else _NAP_S)

    async def caught_up(self) -> None:
        """Returns once everything that is on the topic now has been read.

        Raises:
            LogUnreadable: the broker does not say where its end is.
        """
        ends = await asyncio.to_thread(self._ends)
        while any(self._read[each] < end for each, end in ends.items()):
            # What compaction has taken is never read, so the position counts as well.
            for place in self._consumer.position([TopicPartition(self._topic, each) for each in ends]):
                self._read[place.partition] = max(self._read[place.partition], place.offset)
            await asyncio.sleep(_NAP_S)

    async def forget(self, now: float, reopen_within_s: float) -> int:
        """Tombstones for what has been over for long; how many."""
        old = []
        for key, (_, value) in self._held.items():
            link = decode_link(value)
            over = link.stage not in (Stage.OPEN, Stage.CREATING)
            if over and link.at + reopen_within_s + KEPT_S < now:
                old.append(key)
        for key in old:
            await self._outgoing.send(self._topic, key, None)
            self._held.pop(key, None)
        return len(old)

    async def close(self) -> None:
        """Stop reading."""
        await asyncio.to_thread(self._consumer.close)

    def _ends(self) -> dict[int, int]:
        ends = {}
        for each in range(self._partitions):
            try:
                marks: Any = self._consumer.get_watermark_offsets(
                    TopicPartition(self._topic, each), timeout=_ANSWER_S, cached=False
                )
            except KafkaException as error:
                raise LogUnreadable(f"{self._topic}, partition {each}: {error.args[0].str()}") from None
            if marks is None:
                raise LogUnreadable(f"{self._topic}, partition {each}: no answer in {_ANSWER_S:.0f} s")
            ends[each] = int(marks[1])
        return ends

    def _take(self, key: Any, value: Any, offset: int, partition: int) -> None:
        if not isinstance(key, bytes) or key.partition(b"\x1f")[0].decode(errors="replace") not in self._names:
            return
        if value is None:
            self._held.pop(key, None)
            return
        try:
            seq = decode_link(value).seq
        except ValueError as error:
            raise LogUnreadable(f"{self._topic}, partition {partition}, offset {offset}: {error}") from None
        # Our own words come back as well, and later ones may be on their way.
        if key not in self._held or seq > self._held[key][0]:
            self._held[key] = (seq, value)
