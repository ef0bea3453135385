"""Asks the broker about topics, and makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.duration import format_duration
from streams.acls import Right
from streams.cli.common import FAILED, MISUSED, Fail
from streams.cli.rights import lacking, told
from streams.cli.topic_check import Found
from streams.clients import Clients
from streams.clock import Clock
from streams.reaching import BrokerRefuses, BrokerUnreachable, reach
from streams.topics import TopicSpec

_ANSWER_S = 2.0
_LOOK_S = 5.0
_ADMIN_S = 15.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 8.0


def await_broker(
    clients: Clients, wait_s: float, clock: Clock, sleep: Callable[[float], None], say: Callable[[str], None]
) -> None:
    """Wait until a broker answers, saying so each time none does.

    Raises:
        Fail: none has after ``wait_s``, or one does not let us in.
    """
    deadline = clock.monotonic() + wait_s
    pause = _FIRST_PAUSE_S
    while True:
        try:
            reach(clients, timeout_s=max(0.5, min(_ANSWER_S, wait_s)))
            return
        except BrokerRefuses as error:
            raise Fail(str(error), MISUSED) from None
        except BrokerUnreachable as error:
            left = deadline - clock.monotonic()
            if left <= 0:
                raise Fail(f"{error}; gave up after {format_duration(wait_s)}", FAILED) from None
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            sleep_s = min(pause, max(left, 0.1))
            say(f"{error}; trying again in {sleep_s:.0f} s")
        sleep(sleep_s)


def look(clients: Clients, specs: Iterable[TopicSpec], needed: Iterable[Right] | None = None) -> Found:
    """What the cluster has of ``specs``.

    Args:
        needed: the rights without which there is no use in going on; if left out, to see all of ``specs``.

    Raises:
        Fail: no broker answers, one does not let us in, or a right is lacking.
    """
    specs = list(specs)
    try:
        admin, metadata = reach(clients, _LOOK_S)
    except BrokerUnreachable as error:
        raise Fail(str(error), MISUSED if isinstance(error, BrokerRefuses) else FAILED) from None
    wanted = {spec.name for spec in specs}
    partitions = {name: len(topic.partitions) for name, topic in metadata.topics.items() if name in wanted}
    # librdkafka's mock cluster lets every other admin request run into its timeout.
    embedded = str(metadata.cluster_id or "").startswith("mockCluster")
    # A topic that we may not see looks like one that is not there.
    if needed is None:
        needed = [Right("topic", spec.name, ("Describe",)) for spec in specs]
    refused = [] if embedded else lacking(admin, needed)
    if refused:
        raise Fail(told(refused), MISUSED)
    return Found(partitions, None if embedded else _policies(admin, partitions), embedded)


def _policies(admin: AdminClient, names: Iterable[str]) -> dict[str, str] | None:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    try:
        futures = admin.describe_configs(resources, request_timeout=_ADMIN_S)
        # Hadn't we the right to ask, the topics may still be right.
        return {
            resource.name: str(future.result(_ADMIN_S)["cleanup.policy"].value) for resource, future in futures.items()
        }
    except (KafkaException, TimeoutError):
        return None


def create(clients: Clients, specs: list[TopicSpec], partitions: int, replication: int) -> dict[str, bool]:
    """Make the topics that are missing; topic -> whether it is new.

    Raises:
        Fail: the broker refuses; the message names the topic.
    """
    admin = AdminClient(clients.admin())
    found = look(clients, specs)
    made = {spec.name: spec.name not in found.partitions for spec in specs}
    missing = [spec for spec in specs if made[spec.name]]
    if found.embedded:
        for spec in missing:
            admin.list_topics(spec.name, timeout=_ADMIN_S)
        return made
    if not missing:
        return made
    new = [
        NewTopic(
            spec.name,
            num_partitions=partitions,
            replication_factor=replication,
            config={"cleanup.policy": spec.cleanup, **spec.config},
        )
        for spec in missing
    ]
    for name, future in admin.create_topics(new, request_timeout=_ADMIN_S).items():
        try:
            future.result(_ADMIN_S)
        except TimeoutError:
            raise Fail(f"topic {name} cannot be made: no answer in {_ADMIN_S:.0f} s") from None
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                made[name] = False
                continue
            if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise Fail(told([Right("topic", name, ("Create",))]), MISUSED) from None
            raise Fail(f"topic {name} cannot be made: {words(error)}") from None
    return made


def words(error: KafkaException) -> str:
    """What librdkafka says about an error, without its numbers."""
    first = error.args[0]
    return str(first.str()) if hasattr(first, "str") else str(first)
