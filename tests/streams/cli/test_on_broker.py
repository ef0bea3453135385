"""The commands against a broker: topics, replay, tail and the worker's pre-flight."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.codec import encode_json
from tests.streams.cli.test_main import OWNER, groundswell
from tests.support.brokers import Broker
from tests.support.signals import make_signal


@pytest.fixture
def config(broker: Broker, topic_prefix: str, tmp_path: Path) -> Path:
    path = tmp_path / "groundswell.toml"
    path.write_text(
        f'{OWNER}[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{topic_prefix}"\n'
        f'group = "{topic_prefix}g"\npartitions = 4\n[web]\nport = 0\n'
    )
    return path


def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return groundswell(*arguments, cwd=config.parent)


def test_topics_are_made_once_and_found_right(config: Path, broker: Broker, topic_prefix: str) -> None:
    lost = run(config, "topics", "verify")
    assert lost.returncode == 2
    assert f"topic {topic_prefix}interactions is missing" in lost.stderr
    assert "mend it with: groundswell topics create" in lost.stderr
    first, again = run(config, "topics", "create"), run(config, "topics", "create")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout.count("created") == 15
    assert again.stdout.count("exists") == 15
    assert "all 15 topics are as they must be" in again.stdout
    listed = run(config, "topics", "list")
    assert f"{topic_prefix}owner-assignments" in listed.stdout
    assert "missing" not in listed.stdout


def test_what_is_replayed_is_seen_by_tail(config: Path) -> None:
    assert run(config, "topics", "create").returncode == 0
    file = config.parent / "reviews.csv"
    file.write_text(
        "id,time,text,customer\nb,2026-01-02T00:00:00Z,cannot log in,c1\n"
        "bad,never,x,c1\na,2026-01-01T00:00:00Z,login broken,c1\n"
    )
    sent = run(config, "replay", "reviews.csv", "--shift-to-now")
    assert sent.returncode == 0, sent.stderr
    assert "reviews.csv:3: column" in sent.stderr
    assert "2 events sent to" in sent.stderr
    assert "1 lines left out" in sent.stderr
    seen = run(config, "tail", "feedback", "--from-beginning", "--max", "2", "--json")
    events = [json.loads(line) for line in seen.stdout.splitlines()]
    assert [event["id"] for event in events] == ["a", "b"], "one customer, one partition, the order of time"
    lines = run(config, "tail", "feedback", "--from-beginning", "--max", "2").stdout.splitlines()
    assert "login broken" in lines[0]


def test_tail_leaves_repeats_out_and_says_so(config: Path, broker: Broker, topic_prefix: str) -> None:
    assert run(config, "topics", "create").returncode == 0
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for revision in (1, 2, 1, 2, 3):
        producer.produce(f"{topic_prefix}signals", encode_json(make_signal(revision=revision)), b"sig-1")
    assert producer.flush(30) == 0
    seen = run(config, "tail", "signals", "--from-beginning", "--max", "3", "--json")
    assert [json.loads(line)["revision"] for line in seen.stdout.splitlines()] == [1, 2, 3]
    assert "2 repeats left out; --repeats shows them" in seen.stderr
    everything = run(config, "tail", "signals", "--from-beginning", "--max", "5", "--json", "--repeats")
    assert [json.loads(line)["revision"] for line in everything.stdout.splitlines()] == [1, 2, 1, 2, 3]
    assert "repeats" not in everything.stderr


def test_the_worker_starts_and_ends_when_told(config: Path) -> None:
    assert run(config, "topics", "create").returncode == 0
    command = [sys.executable, "-m", "streams.cli.main", "worker", "--config", str(config)]
    worker = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert worker.stderr is not None
        assert "topics checked" in worker.stderr.readline()
        time.sleep(2.0)
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        _, rest = worker.communicate(timeout=30)
        assert worker.returncode == 0, rest
        assert "Traceback" not in rest
    finally:
        worker.kill()
        worker.wait()


def test_the_worker_refuses_topics_that_do_not_fit(real_kafka: Broker, topic_prefix: str, tmp_path: Path) -> None:
    config = tmp_path / "groundswell.toml"
    config.write_text(
        f'{OWNER}[kafka]\nbootstrap = "{real_kafka.bootstrap}"\nprefix = "{topic_prefix}"\n'
        f'group = "{topic_prefix}g"\npartitions = 3\n'
    )
    # Made by hand, and badly: too few partitions for one, and a changelog that forgets.
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    bad = [
        NewTopic(f"{topic_prefix}signals", num_partitions=2, replication_factor=1),
        NewTopic(f"{topic_prefix}g-series-changelog", num_partitions=3, replication_factor=1),
    ]
    for future in admin.create_topics(bad).values():
        future.result(30)
    made = run(config, "topics", "create")
    assert made.returncode == 2
    for done in (made, run(config, "worker")):
        assert done.returncode == 2
        assert f"topic {topic_prefix}signals has 2 partitions, must have 3" in done.stderr
        assert f"{topic_prefix}g-series-changelog has cleanup.policy=delete, must have compact" in done.stderr
    log = ConfigResource(ResourceType.TOPIC, f"{topic_prefix}g-assigned-changelog")
    (described,) = admin.describe_configs([log]).values()
    assert described.result(30)["cleanup.policy"].value == "compact"
