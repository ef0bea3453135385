"""The consumer: whole batches to the agents, and commits that only say what the agents have finished.

Stock Faust turns the event loop once for each message. Here each partition's fetched records
travel as one record whose value is the list of them; changelogs stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from faust.transport.consumer import ensure_TP
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.types import TP, Message

from streams.shell.continuity import Continuity

FETCH_MAX_WAIT_MS = 20


class BatchRecord(NamedTuple):
    """One partition's fetched records, in the shape of a single record; the offset is the last one's."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: None
    value: list[Any]
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0
    headers: tuple[()] = ()


class Progress:
    """What may be committed, set by the agents: the next offset to read after a crash."""

    def __init__(self) -> None:
        self.offsets: dict[TP, int] = {}

    def finished(self, tp: TP, next_offset: int) -> None:
        """Everything before ``next_offset`` has been dealt with, once what was produced is delivered."""
        self.offsets[tp] = next_offset

    def forget(self, tps: Iterable[TP]) -> None:
        """Partitions that are somebody else's now."""
        for tp in tps:
            self.offsets.pop(tp, None)


class PromptConsumerThread(AIOKafkaConsumerThread):
    """Asks the broker again soon: a fetch that waits long also delays records of other partitions."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        app: Any = self.consumer.app
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        consumer._partition_assignment_strategy = [app.sharing]
        # What a producer rolled back was never said.
        consumer._isolation_level = "read_committed"
        return consumer


class NoReadOffsets(dict[TP, int | None]):
    """Faust drops what lies below the offset it last handed on, even after it has sought back: it is never told."""

    def __getitem__(self, tp: TP) -> int | None:
        return None


class BatchConsumer(FaustConsumer):
    """Faust's consumer over record batches; ``app.progress`` decides what is committed.

    Attributes:
        starts: the committed offsets that were gone back to; what lies before is only recalled.
        committed: the offsets that the broker has; Faust also notes those that it did not take.
    """

    app: Any
    starts: dict[TP, int]
    committed: dict[TP, int]

    def _reset_state(self) -> None:
        super()._reset_state()
        self._read_offset: Any = NoReadOffsets()
        self.continuity = Continuity()
        self.starts, self.committed = {}, {}

    def _new_consumer_thread(self) -> PromptConsumerThread:
        return PromptConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:  # noqa: ASYNC109 - Faust's
        fetched = await super()._getmany(active_partitions, timeout)
        batched = self.app.batched_topics
        return {
            tp: [_batch(tp, list(chain.from_iterable(records)))] if tp.topic in batched else records
            for tp, records in fetched.items()
            if records
        }

    async def in_order(self, tp: TP, first: int, last: int) -> bool:
        """Whether a batch with these offsets may be worked on; if it leaves a gap, its partition is sought back."""
        if self.continuity.admit(tp, first, last):
            return True
        offset = self.continuity.gap(tp)
        if offset is not None:
            await self.seek_wait({tp: offset})
        return False

    async def perform_seek(self) -> None:
        """Go back to the committed offsets, and a little further where there is something to recall.

        From here on batches are let through.
        """
        self.continuity.close()
        await super().perform_seek()
        committed = {ensure_TP(tp): offset for tp, offset in self._committed_offset.items()}
        self.committed = {tp: offset for tp, offset in committed.items() if offset is not None}
        batched = [tp for tp in map(ensure_TP, self.assignment()) if tp.topic in self.app.batched_topics]
        self.starts = {tp: committed.get(tp) or 0 for tp in batched}
        begins = {tp: max(0, start - self.app.recall.get(tp.topic, 0)) for tp, start in self.starts.items()}
        again = self.continuity.open(begins)
        again |= {tp: begin for tp, begin in begins.items() if begin != self.starts[tp]}
        if again:
            await self.seek_wait(again)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The partitions are being shared out: nothing passes."""
        self.continuity.close()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Nothing passes until the committed offsets are found."""
        self.continuity.close()
        await super().on_partitions_assigned(assigned, generation_id)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        done: bool = await super()._commit(offsets)
        if done:
            self.committed.update(offsets)
        return done

    def fetch_state(self, tp: TP) -> Any:
        """What aiokafka notes of a partition while it fetches; None if it does not hold it."""
        subscription = self._thread._ensure_consumer()._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        return assignment.state_value(TopicPartition(tp.topic, tp.partition))

    def member_id(self) -> str:
        """What the group's coordinator calls this process; empty while it has no name."""
        found: str = self._thread._ensure_consumer()._coordinator.member_id
        return found

    def busy(self) -> set[TP]:
        """The partitions of which an agent, or its queue, has a batch of this assignment that is not done with."""
        generation = self.app.consumer_generation_id
        return {message.tp for message in list(self._unacked_messages) if message.generation_id == generation}

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Faust's bookkeeping of missing offsets: batches make it one a batch, and nothing needs it."""

    def ack(self, message: Message) -> bool:
        """Note that an agent is done with a message, for the wait at a rebalance; commits don't follow from it."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        if self._waiting_for_ack is not None and not self._waiting_for_ack.done():
            self._waiting_for_ack.set_result(None)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for tp in list(self.app.progress.offsets):
            if topics is None or tp in topics or tp.topic in topics:
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        offset: int | None = self.app.progress.offsets.get(tp)
        return offset or None


def _batch(tp: TP, records: list[Any]) -> BatchRecord:
    last = records[-1]
    return BatchRecord(tp.topic, tp.partition, last.offset, last.timestamp, last.timestamp_type, None, records)
