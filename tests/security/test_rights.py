"""With exactly the rights that ``topics acls`` prints the pipeline runs, and whoever lacks one is told which."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.codec import decode_assignment
from streams.acls import Component, rights, table
from streams.cli.rights import lacking
from streams.config import load_settings
from streams.topics import Topics
from tests.security.conftest import Configured
from tests.streams.cli.test_main import groundswell
from tests.support.reading import wait_for
from tests.support.secured_kafka import KEY_PASSWORD, SecuredKafka
from tests.support.workers import COMMAND

pytestmark = pytest.mark.kafka

USERS = {
    "worker": "groundswell",
    "producer": "producer",
    "connector": "connector",
    "reader": "reader",
    "operator": "operator",
}
EVENTS = "id,time,theme,customer\n" + "".join(f"e{n},2026-01-01T00:00:0{n}Z,login,c{n}\n" for n in range(1, 4))


def needed(config: Path, component: str) -> list[dict[str, str]]:
    """The ACLs of a component, as the command gives them with --json."""
    kafka = load_settings(config).kafka
    group = f"{kafka.group}-connector" if component == "connector" else ""
    return table(rights(Component(component), kafka, group), f"User:{USERS[component]}")


@pytest.fixture
def topics(configured: Configured, secured_kafka: SecuredKafka) -> Topics:
    """Every component has its rights, and the operator has made the topics."""
    config = configured("operator")
    secured_kafka.grant(row for component in USERS for row in needed(config, component))
    made = groundswell("topics", "create", "-c", str(config))
    assert made.returncode == 0, made.stderr
    return Topics(load_settings(config).kafka)


@pytest.fixture(params=["password", "certificate"])
def worker(
    request: pytest.FixtureRequest,
    topics: Topics,
    configured: Configured,
    secured_kafka: SecuredKafka,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], str]]:
    """A running worker that logs in either way; what it has said so far."""
    keys: dict[str, str] = {}
    if request.param == "certificate":
        certificate, _, locked_key = secured_kafka.certificates.issue("groundswell")
        keys = {"protocol": "SSL", "username": "", "password_file": "", "key_password_env": "KEY_PASSWORD"}
        keys |= {"certificate_file": str(certificate), "key_file": str(locked_key), "bootstrap": secured_kafka.tls}
        monkeypatch.setenv("KEY_PASSWORD", KEY_PASSWORD)
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, "worker", "-c", str(configured("groundswell", **keys))],
            stdout=out,
            stderr=out,
        )
    try:
        wait_for(lambda: "ready" in log.read_text() or process.poll() is not None, 60, log.read_text)
        assert process.poll() is None, log.read_text()
        yield log.read_text
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()


def client(server: SecuredKafka, user: str, **more: Any) -> dict[str, Any]:
    return {"bootstrap.servers": server.bootstrap, "log_level": 0, **server.client(user), **more}


def test_the_pipeline_runs_with_these_rights(
    topics: Topics, worker: Callable[[], str], configured: Configured, secured_kafka: SecuredKafka, tmp_path: Path
) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    sent = groundswell("replay", "events.csv", "--shift-to-now", "-c", str(configured("producer")), cwd=tmp_path)
    assert sent.returncode == 0, sent.stderr

    group = f"{load_settings(configured('operator')).kafka.group}-connector"
    connector = Consumer(client(secured_kafka, "connector", **{"group.id": group, "auto.offset.reset": "earliest"}))
    try:
        connector.subscribe([topics.assignments])
        found: list[Message] = []
        wait_for(lambda: bool(found.extend(connector.consume(1, 0.5)) or found), 40, worker)
        assert found[0].error() is None
        value = found[0].value()
        assert isinstance(value, bytes)
        assignment = decode_assignment(value)
        connector.commit(message=found[0], asynchronous=False)
    finally:
        connector.close()
    action = {
        "id": "a1", "signal_id": assignment.signal_id, "kind": "acknowledged", "by": "cx",
        "at": assignment.assigned_at.isoformat(),
    }  # fmt: skip
    sender = Producer(
        client(secured_kafka, "connector", **{"enable.idempotence": True, "partitioner": "murmur2_random"})
    )
    failures: list[KafkaError] = []
    sender.produce(
        topics.actions,
        json.dumps(action),
        assignment.signal_id,
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    assert sender.flush(20) == 0
    assert failures == []
    seen = groundswell(
        "tail", "assignments", "--from-beginning", "--max", "2", "--json", "-c", str(configured("reader"))
    )
    assert [json.loads(line)["state"] for line in seen.stdout.splitlines()] == ["open", "acknowledged"], seen.stderr
    signals = groundswell(
        "tail", "signals", "--from-beginning", "--max", "1", "--json", "-c", str(configured("reader"))
    )
    assert json.loads(signals.stdout)["id"] == assignment.signal_id


def may_read(server: SecuredKafka, user: str, topic: str) -> bool:
    """Whether the broker lets a user fetch; a group of its own is granted first, so only the topic decides."""
    group = f"{topic}-{user}"
    row = {"principal": f"User:{user}", "permission": "Allow", "resource": "group", "name": group}
    server.grant([{**row, "pattern": "literal", "operation": "Read"}])
    consumer = Consumer(client(server, user, **{"group.id": group, "enable.partition.eof": True}))
    try:
        # A consumer that may not even see the topic waits for it for ever, without a word.
        unseen = consumer.list_topics(topic, timeout=20).topics[topic].error
        if unseen is not None:
            assert unseen.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
            return False
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = consumer.poll(20)
            assert message is not None, f"{user}, {topic}: no answer"
            error = message.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return True
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return False
            raise KafkaException(error)
    finally:
        consumer.close()


def write_as(server: SecuredKafka, user: str, topic: str) -> int | None:
    """The code of the error, None if it was taken."""
    codes: list[int | None] = []
    producer = Producer(client(server, user))
    producer.produce(topic, b"{}", b"k", on_delivery=lambda error, _: codes.append(error.code() if error else None))
    assert producer.flush(20) == 0
    return codes[0]


def test_nobody_may_do_more(topics: Topics, secured_kafka: SecuredKafka, configured: Configured) -> None:
    topic_denied = KafkaError.TOPIC_AUTHORIZATION_FAILED
    for user, topic in [
        ("stranger", topics.signals), ("producer", topics.assignments), ("reader", topics.interactions),
        ("connector", topics.signals), ("groundswell", topics.dead_letters), ("operator", topics.signals),
    ]:  # fmt: skip
        assert not may_read(secured_kafka, user, topic), (user, topic)
    assert may_read(secured_kafka, "reader", topics.signals), "the same way shows a right that is there"
    for user, topic in [
        ("stranger", topics.actions), ("producer", topics.signals), ("connector", topics.signals),
        ("reader", topics.actions), ("groundswell", topics.interactions), ("groundswell", topics.actions),
    ]:  # fmt: skip
        assert write_as(secured_kafka, user, topic) == topic_denied, (user, topic)
    assert write_as(secured_kafka, "connector", topics.actions) is None, "the same way shows a right that is there"
    admin = AdminClient(client(secured_kafka, "groundswell"))
    for name in (f"{topics.signals}-more", f"{topics.series_log}-more"):
        with pytest.raises(KafkaException) as caught:
            admin.create_topics([NewTopic(name, 1, 1)])[name].result(20)
        assert caught.value.args[0].code() == topic_denied
    stranger = configured("stranger")
    for arguments, lack in [
        (("tail", "signals"), f"topic {topics.signals}: no right to Read"),
        (("topics", "create"), f"topic {topics.interactions}: no right to Describe"),
        (("topics", "verify"), f"topic {topics.signals}: no right to Describe"),
    ]:
        done = groundswell(*arguments, "-c", str(stranger))
        assert done.returncode == 2
        assert lack in done.stderr
        assert "groundswell topics acls" in done.stderr


def test_each_right_that_is_lacking_is_noticed(
    topics: Topics, secured_kafka: SecuredKafka, configured: Configured
) -> None:
    kafka = load_settings(configured("groundswell")).kafka
    expected = rights(Component.WORKER, kafka)
    asking = AdminClient(client(secured_kafka, "groundswell"))
    assert lacking(asking, expected) == []
    rows = [row for row in needed(configured("operator"), "worker") if row["operation"] != "DescribeConfigs"]
    assert len(rows) == 22
    for row in rows:
        secured_kafka.revoke(row)
        wait_for(lambda: bool(lacking(asking, expected)), 10)
        (found,) = lacking(asking, expected)
        assert (found.kind, found.name, found.operations) == (row["resource"], row["name"], (row["operation"],))
        secured_kafka.grant([row])


def test_a_worker_without_a_right_ends_and_names_it(
    topics: Topics, secured_kafka: SecuredKafka, configured: Configured
) -> None:
    config = configured("groundswell")
    group = load_settings(config).kafka.group
    rows = needed(configured("operator"), "worker")
    for kind, name, operation in [
        ("topic", topics.interactions, "Read"),
        ("group", group, "Read"),
        ("topic", topics.theme_panes, "Write"),
        ("topic", topics.signals, "Write"),
        ("topic", topics.series_log, "Read"),
    ]:
        (row,) = [r for r in rows if (r["resource"], r["name"], r["operation"]) == (kind, name, operation)]
        secured_kafka.revoke(row)
        done = groundswell("worker", "-c", str(config))
        secured_kafka.grant([row])
        assert done.returncode == 2, done.stderr
        assert f"\n{kind} {name}: no right to {operation}\n" in done.stderr
        assert "groundswell topics acls" in done.stderr
