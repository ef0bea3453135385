"""What each component needs on the broker, as data and as commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from streams.acls import Component, Right, commands, idempotent_write, rights, table
from streams.settings import Kafka
from streams.topics import Topics
from tests.streams.cli.test_main import groundswell

KAFKA = Kafka(group="g", prefix="p.")
TOPICS = Topics(KAFKA)
OWN = ("g-series-changelog", "g-triage-changelog", "g-assigned-changelog")


def allowed(component: Component, operation: str, kind: str = "topic") -> set[str]:
    """The names on which a component has a right."""
    listed = rights(component, KAFKA, "tickets")
    return {right.name for right in listed if right.kind == kind and operation in right.operations}


def test_the_worker_has_what_it_needs_and_no_more() -> None:
    assert allowed(Component.WORKER, "Read") == {
        "p.interactions",
        "p.feedback",
        "p.theme-panes",
        "p.candidates",
        "p.controls",
        "p.signals",
        "p.actions",
        *OWN,
    }
    assert allowed(Component.WORKER, "Write") == {
        "p.theme-panes", "p.candidates", "p.signals", "p.owner-assignments", "p.digests", "p.audit",
        "p.dead-letters", *OWN,
    }  # fmt: skip
    assert allowed(Component.WORKER, "DescribeConfigs") == {spec.name for spec in TOPICS.specs()}
    assert allowed(Component.WORKER, "Describe") == {"p.connector-links"}
    assert allowed(Component.WORKER, "Read", "group") == {"g"}
    assert {o for right in rights(Component.WORKER, KAFKA) for o in right.operations} == {
        "Read", "Write", "Describe", "DescribeConfigs",
    }  # fmt: skip


def test_the_others_have_less() -> None:
    assert rights(Component.PRODUCER, KAFKA) == [Right("topic", name, ("Write",)) for name in TOPICS.inputs]
    assert rights(Component.CONNECTOR, KAFKA, "tickets", prefixed=True) == [
        Right("topic", "p.owner-assignments", ("Read",)),
        Right("topic", "p.digests", ("Read",)),
        Right("topic", "p.connector-links", ("Read", "Write")),
        Right("topic", "p.dead-letters", ("Write",)),
        Right("topic", "p.actions", ("Write",)),
        Right("group", "tickets", ("Read",), prefixed=True),
    ]
    assert allowed(Component.READER, "Read") == {
        "p.signals", "p.owner-assignments", "p.digests", "p.controls", "p.audit",
    }  # fmt: skip
    assert [right for right in rights(Component.READER, KAFKA) if right.kind == "group"] == []
    assert allowed(Component.OPERATOR, "Create") == {spec.name for spec in TOPICS.specs()}
    assert allowed(Component.OPERATOR, "Read") == {"p.controls"}
    assert allowed(Component.OPERATOR, "Write") == {"p.controls", "p.actions"}
    assert rights(Component.INBOUND, KAFKA) == [Right("topic", "p.actions", ("Write",))]
    for component in Component:
        if component is not Component.OPERATOR:
            assert not any(allowed(component, operation) for operation in ("Create", "Alter", "AlterConfigs", "Delete"))
        if component is not Component.WORKER:
            assert "g" not in allowed(component, "Read", "group")


def test_nothing_is_granted_on_everything() -> None:
    for component in Component:
        listed = rights(component, KAFKA, "tickets")
        assert not any("*" in line for line in commands(listed, "User:x", "kafka:9092"))
        assert not any("All" in right.operations for right in listed)
        assert {right.kind for right in listed} <= {"topic", "group"}


@pytest.mark.parametrize(("group", "prefixed"), [("g", False), ("g", True), ("groundsw", True)])
def test_a_connector_does_not_get_the_workers_group(group: str, prefixed: bool) -> None:
    kafka = Kafka(group="g" if group == "g" else "groundswell")
    with pytest.raises(ValueError, match="takes in the group of the workers"):
        rights(Component.CONNECTOR, kafka, group, prefixed=prefixed)
    assert rights(Component.CONNECTOR, kafka, f"{kafka.group}-tickets", prefixed=prefixed)


def granted_by(line: str) -> set[tuple[str, ...]]:
    """(principal, kind, name, pattern, operation) of a command, as kafka-acls.sh reads it."""
    words = shlex.split(line)
    assert words[:5] == ["kafka-acls.sh", "--bootstrap-server", "kafka:9092", "--command-config", "admin.properties"]
    values: dict[str, list[str]] = {}
    rest = iter(words[5:])
    for option in rest:
        values.setdefault(option, []).extend([] if option in ("--add", "--cluster") else [next(rest)])
    pattern = values.get("--resource-pattern-type", ["literal"])[0]
    named = [(kind, name) for kind in ("topic", "group") for name in values.get(f"--{kind}", [])]
    named += [("cluster", "kafka-cluster")] if "--cluster" in values else []
    (principal,) = values["--allow-principal"]
    return {(principal, *one, pattern, operation) for one in named for operation in values["--operation"]}


@pytest.mark.parametrize("component", list(Component))
def test_commands_and_data_say_the_same(component: Component) -> None:
    listed = [*rights(component, KAFKA, "tickets", prefixed=True), idempotent_write()]
    rows = table(listed, "User:CN=a b,OU=c")
    from_rows = {tuple(row[k] for k in ("principal", "resource", "name", "pattern", "operation")) for row in rows}
    from_lines = [granted_by(line) for line in commands(listed, "User:CN=a b,OU=c", "kafka:9092")]
    assert set.union(*from_lines) == from_rows
    assert len(rows) == len(from_rows) == sum(map(len, from_lines))


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "g.toml"
    path.write_text(
        'ownership.default = { role = "cx", accountable = "head" }\n[kafka]\ngroup = "g"\nprefix = "p."\n'
        '[kafka.security]\nprotocol = "SASL_SSL"\nusername = "gw"\npassword_env = "NOT_THERE"\n'
    )
    return str(path)


def test_the_command_needs_no_secret_and_no_broker(config: str) -> None:
    done = groundswell("topics", "acls", "-c", config)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("#")] == [f"# {each}" for each in Component]
    assert "--allow-principal User:gw --operation Read --group g\n" in done.stdout
    assert "User:connector --operation Read --resource-pattern-type prefixed --group g-connect-\n" in done.stdout
    assert "IdempotentWrite" not in done.stdout
    old = groundswell("topics", "acls", "-c", config, "--old-brokers", "--json")
    asked = [row["component"] for row in json.loads(old.stdout) if row["operation"] == "IdempotentWrite"]
    assert asked == ["worker", "producer", "connector", "inbound", "operator"]


@pytest.mark.parametrize("component", ["worker", "connector"])
def test_the_command_gives_the_data(config: str, component: str) -> None:
    who = ("--component", component, "--principal", "User:x")
    done = groundswell("topics", "acls", "-c", config, *who, "--json")
    group = "g-connect-" if component == "connector" else ""
    rows = table(rights(Component(component), KAFKA, group, prefixed=bool(group)), "User:x")
    assert json.loads(done.stdout) == [{"component": component, **row} for row in rows]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--principal", "User:x"), "--principal: expected --component with it"),
        (
            ("--component", "worker", "--principal", "x"),
            '--principal: expected a type and a name such as User:groundswell, got "x"',
        ),
        (("--group", "g"), '--group: "g" takes in the group of the workers, g'),
    ],
)
def test_a_misuse_is_told(config: str, arguments: tuple[str, ...], message: str) -> None:
    done = groundswell("topics", "acls", "-c", config, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
