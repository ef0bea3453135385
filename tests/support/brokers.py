"""What a test sees of a Kafka, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
"""The partitions of a topic, on every broker, unless a test asks for another number."""

_TIMEOUT = 30.0


@dataclass(frozen=True)
class Broker:
    """A running Kafka: ``kind`` says which, ``source`` where it came from."""

    bootstrap: str
    kind: Literal["embedded", "real"]
    source: str
    partitions: int = PARTITIONS

    def create_topics(self, *names: str, partitions: int | None = None) -> None:
        """Makes the topics, and returns when every partition has a leader; an existing topic is left as it is."""
        count = partitions or self.partitions
        # One client throughout: when it is collected, the requests still under way are dropped without a word.
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        if self.kind == "real":
            _create(admin, [NewTopic(name, num_partitions=count, replication_factor=1) for name in names])
        elif count != self.partitions:
            raise ValueError(f"the embedded broker gives every topic {self.partitions} partitions, not {count}")
        for name in names:
            # On the embedded broker this request is what makes the topic.
            found = admin.list_topics(name, timeout=_TIMEOUT).topics[name]
            if len(found.partitions) != count:
                raise RuntimeError(f"topic {name} has {len(found.partitions)} partitions, not {count}")


def _create(admin: AdminClient, topics: list[NewTopic]) -> None:
    for future in admin.create_topics(topics, operation_timeout=_TIMEOUT).values():
        try:
            future.result(timeout=_TIMEOUT)
        except KafkaException as failed:
            if failed.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
