"""What each component may do on the broker: exactly what it needs, by name. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from enum import StrEnum
from typing import Literal, NamedTuple

from streams.settings import Kafka
from streams.topics import Topics


class Component(StrEnum):
    """Who talks to the broker."""

    WORKER = "worker"
    PRODUCER = "producer"
    CONNECTOR = "connector"
    INBOUND = "inbound"
    READER = "reader"
    OPERATOR = "operator"


class Right(NamedTuple):
    """Operations on a resource, in the words of ``kafka-acls.sh``. Read and Write imply Describe.

    Attributes:
        prefixed: whether ``name`` stands for every name that begins with it.
    """

    kind: Literal["topic", "group", "cluster"]
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False


# The whole cluster has this name in its own ACLs.
CLUSTER = "kafka-cluster"

_MAKES = ("Create", "Describe", "DescribeConfigs", "Alter", "AlterConfigs")


def rights(component: Component, kafka: Kafka, group: str = "", *, prefixed: bool = False) -> list[Right]:
    """What a component needs.

    - worker: counts, detects and assigns; looks at the topics' clean-up policy before it starts; makes no topic.
    - producer: sends events, as ``groundswell replay`` does.
    - connector: turns assignments into tickets, and says what became of them.
    - inbound: takes webhooks of the targets, ``groundswell inbound``.
    - reader: watches signals and assignments, as ``groundswell tail`` does, which joins no group; asks why with
      ``groundswell explain``, and sees what is silenced.
    - operator: ``groundswell topics create``, and the changes of a topic that it suggests, but for deleting one;
      ``groundswell silence`` and ``groundswell action``.

    Args:
        group: the consumer group of a connector or a reader; every connector has one.
        prefixed: whether ``group`` is what the names of several begin with.

    Raises:
        ValueError: if such a prefix takes in the workers' group.

    >>> rights(Component.READER, Kafka())[0]
    Right(kind='topic', name='cx.signals', operations=('Read',), prefixed=False)
    """
    if group and (group == kafka.group or (prefixed and kafka.group.startswith(group))):
        raise ValueError(f'"{group}" takes in the group of the workers, {kafka.group}')
    topics = Topics(kafka)
    if component is Component.WORKER:
        return _worker(kafka, topics)
    if component is Component.PRODUCER:
        return [Right("topic", name, ("Write",)) for name in topics.inputs]
    if component is Component.OPERATOR:
        own = {topics.controls: (*_MAKES, "Read", "Write"), topics.actions: (*_MAKES, "Write")}
        return [Right("topic", spec.name, own.get(spec.name, _MAKES)) for spec in topics.specs()]
    if component is Component.INBOUND:
        return [Right("topic", topics.actions, ("Write",))]
    groups = [Right("group", group, ("Read",), prefixed)] if group else []
    if component is Component.READER:
        watched = (topics.signals, topics.assignments, topics.digests, topics.controls, topics.audit)
        return [Right("topic", name, ("Read",)) for name in watched] + groups
    told = [Right("topic", name, ("Read",)) for name in (topics.assignments, topics.digests)]
    told += [Right("topic", topics.links, ("Read", "Write")), Right("topic", topics.dead_letters, ("Write",))]
    return [*told, Right("topic", topics.actions, ("Write",)), *groups]


def connect_groups(kafka: Kafka) -> str:
    """What the consumer groups of ``groundswell connect`` begin with; the name of the connector follows.

    >>> connect_groups(Kafka())
    'groundswell-connect-'
    """
    return f"{kafka.group}-connect-"


def idempotent_write() -> Right:
    """What brokers before 3.0 ask of every idempotent producer, beside writing to its topics."""
    return Right("cluster", CLUSTER, ("IdempotentWrite",))


def _worker(kafka: Kafka, topics: Topics) -> list[Right]:
    logs = {topics.series_log, topics.triage_log, topics.assigned_log}
    between = {topics.theme_panes, topics.candidates, topics.signals}
    read = {*topics.inputs, *between, topics.actions, topics.controls, *logs}
    written = {*between, topics.assignments, topics.digests, topics.audit, topics.dead_letters, *logs}
    needed = []
    for spec in topics.specs():
        operations = ("Read",) * (spec.name in read) + ("Write",) * (spec.name in written)
        # A topic that is only looked at must be seen to be there.
        needed.append(Right("topic", spec.name, (*(operations or ("Describe",)), "DescribeConfigs")))
    return [*needed, Right("group", kafka.group, ("Read",))]


def commands(listed: list[Right], principal: str, bootstrap: str) -> Iterator[str]:
    """The commands that grant it; one for all topics with the same operations.

    >>> next(commands([Right("group", "tickets", ("Read",))], "User:jira", "kafka:9092")).partition(" --add ")[2]
    '--allow-principal User:jira --operation Read --group tickets'
    """
    alike: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    for right in listed:
        alike.setdefault((right.kind, right.operations, right.prefixed), []).append(right.name)
    for (kind, operations, prefixed), names in alike.items():
        words = ["kafka-acls.sh", "--bootstrap-server", bootstrap, "--command-config", "admin.properties", "--add"]
        words += ["--allow-principal", principal]
        for operation in operations:
            words += ["--operation", operation]
        if prefixed:
            words += ["--resource-pattern-type", "prefixed"]
        for name in names:
            words += ["--cluster"] if kind == "cluster" else [f"--{kind}", name]
        yield shlex.join(words)


def table(listed: list[Right], principal: str) -> list[dict[str, str]]:
    """The same as data: an object for each ACL."""
    return [
        {
            "principal": principal,
            "permission": "Allow",
            "resource": right.kind,
            "name": right.name,
            "pattern": "prefixed" if right.prefixed else "literal",
            "operation": operation,
        }
        for right in listed
        for operation in right.operations
    ]
