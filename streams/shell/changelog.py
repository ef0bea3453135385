"""A compacted changelog: claimed, read back before the agents start, and written with a delivery report.

Faust's Tables are not used. Their recovery hands over one record at a time, hangs without a word
when the broker stays away, only logs what it could not apply, and has no notion of a writer that
should have stopped.
"""

import asyncio
from collections.abc import Callable, Iterable

from confluent_kafka import Message

from streams.claims import EPOCH_HEADER, Claim, Fenced, Replayed, claim_key
from streams.log_reading import Cancelled, read_range, replay
from streams.shell.app import StreamApp

_GAP_TRIES = 50

Acknowledged = Callable[[Message], None]


class Changelog:
    """Plain bytes by key, partitioned like the topic they belong to.

    Args:
        topic: its name.
        owner: who writes, for people who read the topic.

    Attributes:
        on_stale: told (partition, keys) upon which a stale record has come to lie.
    """

    def __init__(self, app: StreamApp, topic: str, owner: str) -> None:
        self.app, self.topic, self._owner = app, topic, owner.encode()
        self.on_stale: Callable[[int, set[bytes]], None] = lambda *_: None
        self._claims: dict[int, Claim] = {}
        self._term = 0

    def release(self) -> None:
        """The partitions are being shared out: what is still being read is of no use."""
        self._term += 1
        self._claims = {}

    async def claim(
        self, partitions: Iterable[int], progressed: Callable[[int], None] = lambda _: None
    ) -> dict[int, Replayed] | None:
        """Claim partitions and read them; None if they are shared out anew meanwhile.

        Raises:
            LogUnreadable, DeliveryFailed: naming the topic.
        """
        term = self._term
        held = await asyncio.gather(*(self._claim(partition) for partition in partitions))
        ends = {claim.partition: claim.epoch for claim in held}

        def cancelled() -> bool:
            return self._term != term or bool(self.app.should_stop)

        config = self.app.client_settings.consumer(self.app.conf.id)
        try:
            logs = await asyncio.to_thread(replay, config, self.topic, ends, cancelled=cancelled, progressed=progressed)
        except Cancelled:
            return None
        if cancelled():
            return None
        self._claims = {claim.partition: claim for claim in held}
        return logs

    async def _claim(self, partition: int) -> Claim:
        done: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()

        def acknowledged(message: Message) -> None:
            if not done.done():
                done.set_result(Claim(self.topic, partition, message.offset() or 0))

        key = claim_key(partition)
        self.app.deliveries.produce(self.topic, self._owner, key=key, partition=partition, on_delivery=acknowledged)
        while not done.done():
            # A failed delivery is not reported here; whoever notices it stops the worker.
            await asyncio.wait([done], timeout=0.2)
            self.app.deliveries.check()
        return done.result()

    def write(self, partition: int, key: bytes, value: bytes | None, acknowledged: Acknowledged | None = None) -> None:
        """Write a record, or a tombstone.

        Args:
            acknowledged: called once the broker has it, and nobody else has claimed the partition before it.
        """
        claim = self._claims.get(partition)
        if claim is None:
            raise Fenced(f"{self.topic}, partition {partition}: it is not ours to write to")

        def delivered(message: Message) -> None:
            gap = claim.gap(message.offset() or 0)
            if gap is not None:
                self._look_into(claim, *gap)
            if acknowledged is not None:
                acknowledged(message)

        epoch = claim.epoch.to_bytes(8, "big", signed=True)
        self.app.deliveries.produce(
            self.topic, value, key=key, partition=partition, headers=[(EPOCH_HEADER, epoch)], on_delivery=delivered
        )

    def _look_into(self, claim: Claim, first: int, end: int) -> None:
        """Somebody else has written here. It is rare, so it may block: nothing may leave before it is clear."""
        config = self.app.client_settings.consumer(self.app.conf.id)
        keys = claim.judge(read_range(config, self.topic, claim.partition, first, end, _GAP_TRIES))
        if self._claims.get(claim.partition) is claim:
            self.on_stale(claim.partition, keys)
