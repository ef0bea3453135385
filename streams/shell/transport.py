"""Our transport in a Faust app: batches in, guarded output, and a check that Faust is what we rely on."""

from typing import Any

import faust
from faust.serializers.schemas import Schema
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread as FaustThread
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.transport.drivers.aiokafka import Producer as FaustProducer
from faust.transport.drivers.aiokafka import Transport as FaustTransport

from streams.shell.consumer import BatchConsumer
from streams.shell.producer import GuardedProducer

FAUST_VERSION = "0.15.3"
_RELIED_ON = {
    FaustConsumer: (
        "_getmany", "_add_gap", "ack", "_filter_tps_with_pending_acks", "_new_offset", "_should_commit",
        "_commit_offsets", "force_commit", "highwater", "perform_seek", "_new_consumer_thread", "seek_wait",
        "on_partitions_revoked", "on_partitions_assigned", "_reset_state",
    ),
    FaustProducer: ("send", "send_soon", "send_and_wait", "flush", "on_start", "on_stop"),
    FaustThread: ("_create_worker_consumer",),
    faust.App: (
        "_new_transport", "_new_producer_transport", "on_rebalance_complete", "_on_partitions_revoked",
        "_create_directories", "_crash",
    ),
}  # fmt: skip


class FaustMismatch(RuntimeError):
    """The installed Faust is not the one this transport was written for."""


def check_faust() -> None:
    """Refuse to start on a Faust whose inner workings may have moved.

    Raises:
        FaustMismatch: naming what is missing.
    """
    if faust.__version__ != FAUST_VERSION:
        raise FaustMismatch(f"faust-streaming {faust.__version__} is installed, {FAUST_VERSION} is required")
    for owner, names in _RELIED_ON.items():
        for name in names:
            if not hasattr(owner, name):
                raise FaustMismatch(f"faust-streaming {faust.__version__} has no {owner.__name__}.{name}")


class BatchTransport(FaustTransport):
    """Consumer and producer of this package."""

    Consumer = BatchConsumer
    Producer = GuardedProducer


class PassThrough(Schema[Any, Any]):
    """Hands values to the agent as they are: a batch's list of records, or a changelog's bytes."""

    def compile(self, app: Any, **_kwargs: Any) -> Any:
        """The decode function Faust calls for each message."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            del propagate
            return create_event(message.key, message.value, message.headers, message)

        return decode
