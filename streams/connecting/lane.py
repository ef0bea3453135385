"""One connector's own way through the assignments: its consumer group, its position, its pace."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from schemas.codec import decode_assignment
from schemas.digest import Digest
from sinks.dead_letters import Reason
from sinks.delivery.courier import Courier
from sinks.delivery.patience import BreakerState
from streams.connecting.links import Links
from streams.connecting.mailbox import Letters, Mailbox, place_of
from streams.connecting.metrics import ConnectMetrics
from streams.connecting.positions import Place, Positions
from streams.connecting.starting import first_offsets
from streams.log_reading import PASSING

_log = logging.getLogger(__name__)
_NAP_S, _BATCH, _COMMIT_S = 0.01, 100, 0.5
MOST_UNDER_WAY = 1000
"""Records taken and not finished; then nothing more is read until half of them are."""
_BACKLOG_S = 5.0
_GRACE_S = 5.0
_STATES = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}


class LaneFailed(RuntimeError):
    """The broker cannot be read or written any more; the message says why."""


class Lane:
    """Reads, hands each signal's revisions to the courier in order, and commits what is finished.

    Args:
        config: of a consumer, with the lane's own group.
        topics: what is read: owner-assignments, and digests if the connector takes them.
        begin_ms: wall time, epoch milliseconds: what is older is skipped where the group has no position yet.

    Attributes:
        ready: set once it has partitions, or knows that others have them all.
    """

    def __init__(
        self,
        name: str,
        courier: Courier,
        links: Links,
        letters: Letters,
        metrics: ConnectMetrics,
        config: dict[str, Any],
        topics: tuple[str, ...],
        begin_ms: int,
        now: Callable[[], float],
    ) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self._courier, self._links, self._letters, self._metrics, self._now = courier, links, letters, metrics, now
        self._topics, self._begin_ms = topics, begin_ms
        self._digests = msgspec.json.Decoder(Digest)
        self._consumer = Consumer(config)
        self._positions = Positions()
        self._boxes: dict[str, Mailbox] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[Place, int] = {}
        self._held: set[Place] = set()
        self._backlog_read = asyncio.Event()
        self._paused = False
        self._joining: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop.

        Raises:
            LaneFailed: the broker is lost, or refuses.
        """
        self._consumer.subscribe(
            list(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        committed_at = 0.0
        try:
            while not stopping.is_set():
                messages = self._consumer.consume(_BATCH, 0)
                for message in messages:
                    await self._take(message)
                self._check()
                self._press()
                if self._now() - committed_at >= _COMMIT_S:
                    committed_at = self._now()
                    self._commit(asynchronous=True)
                    self._report()
                await asyncio.sleep(0 if messages else _NAP_S)
            await self._finish()
        except KafkaException as error:
            raise LaneFailed(f"{self.name}: {error.args[0].str()}") from None
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def close(self) -> None:
        """Commit what is finished, and leave the group."""
        self._commit(asynchronous=False)
        await asyncio.to_thread(self._consumer.close)

    async def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            if error.code() in PASSING:
                return
            raise LaneFailed(f"{self.name}: {error.str()}")
        place, offset = place_of(message)
        self._positions.take(place, offset)
        if self._ends.get(place, offset + 2) <= offset + 1:
            del self._ends[place]
        if not self._ends or self._positions.under_way >= MOST_UNDER_WAY:
            self._backlog_read.set()
        value = message.value()
        if not isinstance(value, bytes):
            self._positions.finish(place, offset)
            return
        try:
            if place.topic == self._topics[0]:
                assignment = decode_assignment(value)
                self._post(assignment.signal_id, place).add(assignment, message)
            else:
                digest = self._digests.decode(value)
                self._post(digest.id, place, digest).add(None, message)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            await self._letters.send(message, str(wrong), type(wrong).__name__, Reason.WRONG_TYPE)
            self._positions.finish(place, offset)

    def _post(self, key: str, place: Place, digest: Digest | None = None) -> Mailbox:
        box = self._boxes.get(key)
        if box is None:
            box = self._boxes[key] = Mailbox(self.name, place, self._letters, self._metrics, self._now)
            self._tasks[key] = asyncio.create_task(self._deliver(key, box, digest))
        return box

    async def _deliver(self, key: str, box: Mailbox, digest: Digest | None) -> None:
        try:
            # What has piled up is read first: of a signal that is over by now, nothing is created.
            await self._backlog_read.wait()
            if digest is None:
                await self._courier.deliver(key, box.pending, box)
            else:
                await self._courier.tell(digest, box)
            for offset in box.offsets:
                self._positions.finish(box.place, offset)
        except Exception as error:
            self._failure = self._failure or error
        finally:
            if self._boxes.get(key) is box:
                del self._boxes[key], self._tasks[key]

    def _check(self) -> None:
        if self._failure is not None:
            raise LaneFailed(f"{self.name}: {self._failure}") from self._failure

    def _press(self) -> None:
        """Read no more while too much is under way; read on when half of it is done."""
        joining = self._joining is not None and not self._joining.done()
        full = self._positions.under_way >= (MOST_UNDER_WAY // 2 if self._paused else MOST_UNDER_WAY)
        if self._paused != (joining or full) and self._held:
            self._paused = joining or full
            turn = self._consumer.pause if self._paused else self._consumer.resume
            turn([TopicPartition(*place) for place in self._held])

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        starts = first_offsets(consumer, partitions, self._begin_ms)
        consumer.incremental_assign(starts)
        consumer.pause(starts)
        self._paused = True
        self._backlog_read.clear()
        self._held |= {Place(each.topic, each.partition) for each in partitions}
        if self._joining is not None:
            self._joining.cancel()
        self._joining = asyncio.create_task(self._join(starts))

    async def _join(self, starts: list[TopicPartition]) -> None:
        """What was done with these partitions before us is known before anything is done with them."""
        try:
            ends = await asyncio.to_thread(self._backlog, starts)
            await self._links.caught_up()
        except Exception as error:
            self._failure = self._failure or error
            return
        self._ends.update({place: end for place, end in ends.items() if place in self._held})
        if not self._ends:
            self._backlog_read.set()
        self.ready.set()
        # A record may be missing before the end, so it is not waited for without limit.
        asyncio.get_running_loop().call_later(_BACKLOG_S, self._backlog_read.set)

    def _backlog(self, starts: list[TopicPartition]) -> dict[Place, int]:
        ends = {}
        for each in starts:
            marks: Any = self._consumer.get_watermark_offsets(each, timeout=10.0, cached=False)
            if marks is not None and marks[1] > max(each.offset, 0):
                ends[Place(each.topic, each.partition)] = int(marks[1])
        return ends

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._commit(asynchronous=False)
        self._lost(consumer, partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {Place(each.topic, each.partition) for each in partitions}
        for key, box in list(self._boxes.items()):
            if box.place in gone:
                self._tasks.pop(key).cancel()
                del self._boxes[key]
        for place in gone:
            self._positions.forget(place)
            self._ends.pop(place, None)
        self._held -= gone
        consumer.incremental_unassign(partitions)

    def _commit(self, *, asynchronous: bool) -> None:
        ready = [TopicPartition(*place, offset) for place, offset in self._positions.to_commit().items()]
        if not ready:
            return
        try:
            if asynchronous:
                self._consumer.commit(offsets=ready, asynchronous=True)
            else:
                self._consumer.commit(offsets=ready, asynchronous=False)
        except KafkaException as error:
            # Somebody else has the partition, or will do the same again: nothing is lost by it.
            _log.info("%s: not committed: %s", self.name, error.args[0].str())

    async def _finish(self) -> None:
        """Let what is being done come to an end; what waits for another try is left for the next start."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_S)

    def _report(self) -> None:
        lag = 0
        for place in self._held:
            marks: Any = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)
            low = self._positions.low(place)
            if marks is not None and low is not None:
                lag += max(int(marks[1]) - low, 0)
        self._metrics.lag.labels(self.name).set(lag)
        self._metrics.under_way.labels(self.name).set(self._positions.under_way)
        self._metrics.breaker.labels(self.name).set(_STATES[self._courier.breaker.state])
