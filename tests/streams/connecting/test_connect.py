"""The process on a broker: short forms of what ``tests.bench.workflow`` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.codec import encode_json
from schemas.signal import SignalState
from tests.bench.workflow import Connect, dead_targets, faults_and_kills, pace
from tests.bench.workflow_load import revisions
from tests.bench.workflow_targets import Targets
from tests.support.brokers import Broker
from tests.support.fake_targets.jira import USER
from tests.support.reading import read_all, wait_for


@pytest.mark.timeout(400)
def test_faults_and_kills_leave_one_ticket_and_one_thread_a_signal(real_kafka: Broker, tmp_path: Path) -> None:
    found = faults_and_kills(real_kafka, tmp_path, signals=60, kills=3, share=0.1)
    assert (found["tickets"], found["threads"], found["kills"]) == (60, 60, 3)
    assert {name: found[name] for name in ("duplicates", "lost", "reordered", "dropped")} == {
        "duplicates": 0, "lost": 0, "reordered": 0, "dropped": 0.0,
    }  # fmt: skip


def test_a_dead_target_holds_no_other_back(embedded_broker: Broker, tmp_path: Path) -> None:
    with dead_targets() as more:
        found = pace(embedded_broker, tmp_path, "dead", 1, more)
    assert max(found.values()) < float("inf"), "a ticket was not made"


def test_what_is_refused_is_a_dead_letter(embedded_broker: Broker, tmp_path: Path) -> None:
    with Targets(0.0) as targets:
        other = f'[[connectors]]\nkind = "jira"\nname = "other"\nurl = "{targets.jira.url}"\nuser = "{USER}"\n'
        connect = Connect(embedded_broker, tmp_path, "letters", targets, f'{other}token_env = "JIRA_TOKEN"\n')
        producer = Producer({"bootstrap.servers": embedded_broker.bootstrap})
        connect.start()
        assignment = next(revisions(1, (SignalState.OPENED,)))
        producer.produce(connect.topics.assignments, encode_json(assignment), assignment.signal_id)
        producer.produce(connect.topics.assignments, b"{}", "broken")
        producer.flush()
        wait_for(lambda: bool(targets.jira.issues) and bool(targets.slack.roots), 30)
        wait_for(lambda: connect.metric("groundswell_connect_deliveries_total", 'outcome="dropped"') == 1.0, 30)
        connect.stop()
        letters = read_all(embedded_broker, connect.topics.dead_letters)
        by_connector: dict[str, list[bytes | None]] = {}
        for letter in letters:
            headers = dict(letter.headers() or [])
            by_connector.setdefault(headers["__connect.errors.connector.name"].decode(), []).append(letter.key())
            if letter.key() != b"broken":
                assert b"no Jira project" in headers["__connect.errors.exception.message"]
                assert letter.value() == encode_json(assignment)
        assert {name: sorted(map(str, keys)) for name, keys in by_connector.items()} == {
            "jira": ["b'broken'"],
            "slack": ["b'broken'"],
            "other": ["b'broken'", "b'sig-0000000000000001'"],
        }
        assert len(targets.jira.issues) == 1
