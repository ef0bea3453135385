"""A Faust Table used for what it is good at: a compacted changelog that is read back before the agents start.

Writes go to the changelog directly, so that they carry a delivery report and may happen outside
a stream; Faust reads them back at the next recovery.
"""

from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import Message

from streams.shell.app import StreamApp
from streams.shell.transport import PassThrough


class Changelog:
    """Plain bytes by key, partitioned like the topic they belong to.

    Args:
        name: the Table's name; its topic is ``<app id>-<name>-changelog``.
        partitions: of that topic.
    """

    def __init__(self, app: StreamApp, name: str, partitions: int) -> None:
        self.app = app
        table: Any = app.Table(name, partitions=partitions, schema=PassThrough(), recovery_buffer_size=1000)
        self.table = table
        self.topic: str = table.changelog_topic_name

    def write(
        self, partition: int, key: bytes, value: bytes, acknowledged: Callable[[Message], None] | None = None
    ) -> None:
        """Write a record; ``acknowledged`` is called once the broker has it."""
        self.app.deliveries.produce(self.topic, value, key=key, partition=partition, on_delivery=acknowledged)

    def recovered(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """What the last recovery read of one partition."""
        data: Any = self.table.data
        where: dict[bytes, int] = data._key_partition
        for key, value in data.data.items():
            if where.get(key) == partition:
                yield key, value
