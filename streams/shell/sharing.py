"""How a group shares its partitions out: those of one number, whatever the topic, to one worker.

Signals and actions of one key must meet, and so must their changelog. Faust's own assignor sees to
that only for apps with Tables; what it falls back to without them deals partitions out in turn.

And only to workers of one configuration, that of the worker started last: two rules of one name
must not judge the partitions of one topic. The others wait, and take over should it go.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

_UUID_LENGTH = 36
_log = logging.getLogger("groundswell")


class ByNumber(AbstractPartitionAssignor):  # type: ignore[misc]
    """Partition n of every topic goes to the n-th worker, counted round and round.

    Workers are put in the order of their names, so the same workers get the same partitions again.

    Attributes:
        config: the version of the configuration that this worker runs.
        started_ms: when it was started, epoch milliseconds.
    """

    name = "groundswell"
    version = 0
    config: ClassVar[str] = ""
    started_ms: ClassVar[int] = 0

    @classmethod
    def assign(cls, cluster: ClusterMetadata, members: Mapping[str, Any]) -> dict[str, Any]:
        """Member id -> its assignment.

        Args:
            cluster: tells the partitions of a topic.
            members: member id -> what it has subscribed to; the same for all, as they run the same program.
        """
        config = _newest(metadata.user_data for metadata in members.values())
        taking = [member for member, metadata in members.items() if _about(metadata.user_data)[1] == config]
        order = sorted(taking, key=lambda member: (member[:-_UUID_LENGTH], member))
        shares: dict[str, dict[str, list[int]]] = {member: {} for member in members}
        for topic in sorted({topic for metadata in members.values() for topic in metadata.subscription}):
            for number in sorted(cluster.partitions_for_topic(topic) or ()):
                shares[order[number % len(order)]].setdefault(topic, []).append(number)
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(share.items()), config.encode())
            for member, share in shares.items()
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        """What a member says of itself when it joins: its topics, when it was started, and its configuration."""
        about = f"{cls.started_ms} {cls.config}".encode()
        return ConsumerProtocolMemberMetadata(cls.version, sorted(topics), about)

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Say so where the group runs another configuration."""
        config = assignment.user_data.decode()
        if config == cls.config:
            return
        if assignment.assignment:
            # A member with a name of its own gets its partitions back, and the broker hides that from the others.
            _log.warning("this worker has configuration %s, others in its group have %s: start those again too",
                         cls.config, config)  # fmt: skip
        else:
            _log.warning("this worker waits: it has configuration %s, and one that was started later has %s; start it "
                         "again with that", cls.config, config)  # fmt: skip


def by_number(config: str, started_ms: int) -> type[ByNumber]:
    """The assignor of a worker with this configuration, started then; see :class:`ByNumber`."""
    return type("ByNumber", (ByNumber,), {"config": config, "started_ms": started_ms})


def _about(told: bytes) -> tuple[int, str]:
    """When a member was started, and its configuration; a build before it said so has neither."""
    started, _, config = (told or b"").decode(errors="replace").partition(" ")
    return (int(started) if started.isdecimal() else 0), config


def _newest(told: Iterable[bytes]) -> str:
    """The configuration of the member that was started last; of two at once, always the same one."""
    return max(map(_about, told), default=(0, ""))[1]
