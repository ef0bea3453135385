"""The Faust app: group membership, assignment, recovery and commits; our transport does the rest."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Protocol

import faust
from faust.types import TP
from mode import ServiceT

from streams.counting.packed import Packed
from streams.shell.consumer import Progress
from streams.shell.delivery import Deliveries
from streams.shell.fetching import fetch_whole_batches
from streams.shell.lease import Lease
from streams.shell.sharing import ByNumber
from streams.shell.transport import BatchTransport, check_faust


class ClientSettings(Protocol):
    """What confluent-kafka's clients are made with."""

    def producer(self) -> dict[str, Any]:
        """Configuration of the producer."""

    def admin(self) -> dict[str, Any]:
        """Configuration of an admin client."""

    def consumer(self, group: str) -> dict[str, Any]:
        """Configuration of a plain consumer."""


class StreamApp(faust.App):
    """A Faust app on :class:`BatchTransport`.

    Attributes:
        progress: what may be committed; the agents say so.
        batched_topics: topics whose records arrive as batches.
        recall: topic -> offsets before the committed one that are read again at a start.
        on_revoked_hook, on_assigned_hook: called when partitions have gone, and awaited before others are worked on.
        on_crash_hook: called with the reason when anything in the app has failed.
        first_services: started before all others, and stopped after them.
        lease: asked before anything is sent.
        sharing: how the group shares its partitions out.
        client_settings: for the confluent-kafka producer.
    """

    def __init__(
        self,
        app_id: str,
        client_settings: ClientSettings,
        batched_topics: set[str],
        *,
        lease: Lease,
        packed_topics: Iterable[str] = (),
        sharing: type[ByNumber] = ByNumber,
        **options: Any,
    ) -> None:
        check_faust()
        fetch_whole_batches(batched_topics, packed_topics)
        self.lease, self.sharing = lease, sharing
        self.on_revoked_hook: Callable[[], None] = _nothing
        self.on_crash_hook: Callable[[BaseException], None] = _nothing_of
        self.on_assigned_hook: Callable[[set[TP]], Awaitable[None]] = _nothing_yet
        self.progress = Progress()
        self.batched_topics = batched_topics
        self.recall: dict[str, int] = {}
        self.first_services: list[ServiceT] = []
        self.client_settings = client_settings
        super().__init__(
            app_id,
            processing_guarantee="at_least_once",
            store="memory://",
            autodiscover=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            producer_acks=-1,
            stream_wait_empty=True,
            stream_buffer_maxsize=16,
            consumer_auto_offset_reset="earliest",
            web_enabled=False,
            **options,
        )
        self.on_rebalance_complete.connect(self._assigned, weak=False)

    def _create_directories(self) -> None:
        """Nothing is kept on disk, so no folder is made."""

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """What Faust starts with the app; it starts an app's own services only once the agents may begin."""
        return [*self.first_services, *super().on_init_dependencies()]

    @property
    def deliveries(self) -> Deliveries:
        """Where the agents hand their messages over."""
        producer: Any = self.producer
        deliveries: Deliveries = producer.deliveries
        return deliveries

    async def batches(self, stream: Any) -> AsyncIterator[tuple[TP, list[Any]]]:
        """The batches of a stream, each with its partition, none out of order and none left out."""
        async for records in stream:
            message = stream.current_event.message
            tp = TP(message.topic, message.partition)
            consumer: Any = self.consumer
            first = records[0]
            begin = first.first if isinstance(first, Packed) else first.offset
            if await consumer.in_order(tp, begin, records[-1].offset):
                yield tp, records

    def start_of(self, tp: TP) -> int:
        """The committed offset that a partition was resumed from; what lies before it is only recalled."""
        consumer: Any = self.consumer
        start: int = consumer.starts.get(tp, 0)
        return start

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_producer, self)

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super()._on_partitions_revoked(revoked)
        self.progress.forget(list(self.progress.offsets))
        self.on_revoked_hook()

    def _crash(self, reason: BaseException) -> None:
        # Called whichever service has failed.
        self.on_crash_hook(reason)
        super()._crash(reason)

    async def _assigned(self, *_args: Any, **_kwargs: Any) -> None:
        # Sent, and waited for, before any partition is resumed: there are no Tables to recover.
        await self.on_assigned_hook(self.consumer.assignment())


def _nothing_of(_reason: BaseException) -> None:
    """What happens until the worker says otherwise."""


def _nothing() -> None:
    """What happens until the worker says otherwise."""


async def _nothing_yet(_assigned: set[TP]) -> None:
    """What happens until the worker says otherwise."""
