"""Which of the rights that a command needs the broker does not give, asked before anything is begun."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from streams.acls import Right

_ANSWER_S = 5.0
_TRIES, _PAUSE_S = 10, 0.3
# The first question about a group makes the broker find, or make, the place where groups are kept.
_NOT_YET = frozenset(
    {KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS}
)
_DENIED = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})
# Without it the clean-up policy stays unchecked, which is told; the work can be done.
_SPARABLE = "DescribeConfigs"


def lacking(admin: AdminClient, needed: Iterable[Right]) -> list[Right]:
    """What is not granted of the topics and groups in ``needed``.

    A broker that does not tell is taken to grant everything, and a topic that is not there lacks nothing.
    """
    listed = []
    for right in needed:
        wanted = [operation for operation in right.operations if operation != _SPARABLE]
        granted = _granted(admin, right) if wanted else None
        if granted is None:
            continue
        # Kafka writes DESCRIBE_CONFIGS here, and DescribeConfigs in its commands.
        missing = tuple(operation for operation in wanted if operation.upper() not in granted)
        if missing:
            listed.append(right._replace(operations=missing))
    return listed


def _granted(admin: AdminClient, right: Right) -> set[str] | None:
    """The operations that the broker grants on a resource; None if it does not tell."""
    for _ in range(_TRIES):
        try:
            operations = _asked(admin, right).result(_ANSWER_S).authorized_operations
        except TimeoutError:
            return None
        except KafkaException as error:
            code = error.args[0].code()
            if code in _NOT_YET:
                time.sleep(_PAUSE_S)
                continue
            return set() if code in _DENIED else None
        return None if operations is None else {operation.name.replace("_", "") for operation in operations}
    return None


def _asked(admin: AdminClient, right: Right) -> Any:
    how: dict[str, Any] = {"include_authorized_operations": True, "request_timeout": _ANSWER_S}
    if right.kind == "topic":
        return admin.describe_topics(TopicCollection([right.name]), **how)[right.name]
    return admin.describe_consumer_groups([right.name], **how)[right.name]


def told(listed: Iterable[Right]) -> str:
    """What is lacking, in lines of their own.

    >>> print(told([Right("topic", "cx.signals", ("Read", "Write"))]))
    the broker does not let us do what is needed:
    topic cx.signals: no right to Read, Write
        `groundswell topics acls` prints the commands that grant each component its rights
    """
    lines = [f"{right.kind} {right.name}: no right to {', '.join(right.operations)}" for right in listed]
    hint = "    `groundswell topics acls` prints the commands that grant each component its rights"
    return "\n".join(["the broker does not let us do what is needed:", *lines, hint])
