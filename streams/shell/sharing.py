"""How a group shares its partitions out: those of one number, whatever the topic, to one worker.

Signals and actions of one key must meet, and so must their changelog. Faust's own assignor sees to
that only for apps with Tables; what it falls back to without them deals partitions out in turn.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

_UUID_LENGTH = 36


class ByNumber(AbstractPartitionAssignor):  # type: ignore[misc]
    """Partition n of every topic goes to the n-th worker, counted round and round.

    Workers are put in the order of their names, so the same workers get the same partitions again.
    """

    name = "groundswell"
    version = 0

    @classmethod
    def assign(cls, cluster: ClusterMetadata, members: Mapping[str, Any]) -> dict[str, Any]:
        """Member id -> its assignment.

        Args:
            cluster: tells the partitions of a topic.
            members: member id -> what it has subscribed to; the same for all, as they run the same program.
        """
        order = sorted(members, key=lambda member: (member[:-_UUID_LENGTH], member))
        shares: dict[str, dict[str, list[int]]] = {member: {} for member in order}
        for topic in sorted({topic for metadata in members.values() for topic in metadata.subscription}):
            for number in sorted(cluster.partitions_for_topic(topic) or ()):
                shares[order[number % len(order)]].setdefault(topic, []).append(number)
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(share.items()), b"")
            for member, share in shares.items()
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        """What a member says of itself when it joins: nothing that changes from one start to the next."""
        return ConsumerProtocolMemberMetadata(cls.version, sorted(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Nothing to remember."""
