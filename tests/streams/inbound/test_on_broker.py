"""``groundswell inbound`` and ``groundswell action`` as processes, with a broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.action import Action, ActionKind
from schemas.codec import decode_action
from streams.cli.reading import whole_topic
from streams.clients import Clients
from streams.config import load_settings
from tests.sinks.inbound import requests as r
from tests.streams.cli.test_main import OWNER, groundswell
from tests.support.brokers import Broker
from tests.support.real_kafka import LocalKafka

SOURCES = """
[inbound]
port = 0
[[inbound.sources]]
kind = "jira"
secret_env = "HOOK_SECRET"
replay_window = "3650d"
[[inbound.sources]]
kind = "slack"
name = "buttons"
signing_secret_env = "HOOK_SECRET"
"""


@pytest.fixture
def config(broker: Broker, topic_prefix: str, tmp_path: Path) -> Path:
    path = tmp_path / "g.toml"
    kafka = f'[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{topic_prefix}"\npartitions = 4\n'
    path.write_text(f"{OWNER}{kafka}{SOURCES}")
    assert groundswell("topics", "create", "-c", str(path)).returncode == 0
    return path


def written(config: Path) -> list[tuple[str, Action]]:
    settings = load_settings(config)
    records = whole_topic(Clients(settings), f"{settings.kafka.prefix}actions", 4)
    return [(key, decode_action(value or b"")) for key, value in records]


@contextmanager
def listening(config: Path) -> Iterator[str]:
    """A running process; gives the address of jira's webhooks. It must end well when told to."""
    command = [sys.executable, "-m", "streams.cli.main", "inbound", "-c", str(config)]
    env = {**os.environ, "HOOK_SECRET": r.KEY}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    try:
        assert process.stderr is not None
        first, second = process.stderr.readline(), process.stderr.readline()
        assert first.startswith("ready; webhooks of jira at http://127.0.0.1:"), first
        assert second.rstrip().endswith("/inbound/buttons")
        yield first.split()[-1]
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in rest) == (0, False), rest
    finally:
        process.kill()
        process.wait()


def test_a_webhook_is_on_the_topic_when_it_is_answered(config: Path) -> None:
    request = r.jira(r.issue_updated("Done", "done"))
    with listening(config) as url:
        for _ in range(2):
            asked = urllib.request.Request(url, request.body, dict(request.headers))
            with urllib.request.urlopen(asked, timeout=10) as answer:
                assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, request.body), timeout=10)
        assert caught.value.code == 401
        caught.value.close()
        records = written(config)
    # The same event twice: two records with one id, of which the worker takes the first.
    assert [key for key, _ in records] == ["sig-1", "sig-1"]
    assert records[0] == records[1]
    assert records[0][1].kind is ActionKind.FIX_SHIPPED


def test_a_broker_that_is_gone_is_no_success(own_kafka: LocalKafka, topic_prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    kafka = f'[kafka]\nbootstrap = "{own_kafka.bootstrap}"\nprefix = "{topic_prefix}"\npartitions = 4\n'
    path.write_text(f"{OWNER}{kafka}{SOURCES}")
    assert groundswell("topics", "create", "-c", str(path)).returncode == 0
    request = r.jira(r.issue_updated())
    with listening(path) as url:
        own_kafka.stop()
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, request.body, dict(request.headers)), timeout=30)
        assert caught.value.code == 503
        caught.value.close()


def test_an_action_is_sent_and_told(config: Path) -> None:
    at = ("--at", "2026-05-04T11:00+02:00", "--by", "ann", "-c", str(config))
    done = groundswell("action", "sig-1", "fix-shipped", *at, "--note", "1.2.3 is out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("signal sig-1: fix-shipped by ann at 2026-05-04 09:00 UTC; it stays watched (act-")
    again = groundswell("action", "sig-1", "fix-shipped", *at, "--note", "1.2.3 is out", "--json")
    ((key, first), (_, second)) = written(config)
    assert (key, first.kind, first.note, first.by) == ("sig-1", ActionKind.FIX_SHIPPED, "1.2.3 is out", "ann")
    assert first == second
    assert json.loads(again.stdout)["id"] == first.id


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sig-1", "fixed"), "Invalid value for"),
        (("sig-1", "resolved", "--at", "now"), "--at: expected a time such as"),
        (("sig-1", "resolved", "--at", "2026-05-04T11:00"), "names no zone"),
        (("sig-1", "resolved", "--at", "2999-05-04T11:00Z"), '--at: "2999-05-04T11:00Z" lies in the future'),
        (("", "resolved"), "SIGNAL_ID: "),
        (("sig-1", "resolved", "--by", "x" * 300), "--by: "),
    ],
)
def test_a_misuse_is_told(arguments: tuple[str, ...], message: str) -> None:
    done = groundswell("action", *arguments, "--dry-run")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_a_dry_run_says_what_it_would_be() -> None:
    done = groundswell("action", "sig-1", "acknowledged", "--by", "ann", "--dry-run")
    assert (done.returncode, done.stdout.startswith("would be signal sig-1: acknowledged by ann at ")) == (0, True)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("", "inbound.sources: there are none"),
        ('[[inbound.sources]]\nkind = "jira"\n', "inbound.sources[0].secret_env: is missing"),
        (
            '[[inbound.sources]]\nkind = "jura"\n',
            'inbound.sources[0].kind: there is no "jura"; there are azure-',
        ),
        ('[[inbound.sources]]\nkind = "jira"\nsecret = "s3"\n', "inbound.sources[0].secret: unknown key"),
        (
            '[[inbound.sources]]\nkind = "jira"\nsecret_env = "NOT_THERE"\n',
            "inbound.sources[0].secret_env: the environment has no NOT_THERE",
        ),
        (
            '[[inbound.sources]]\nkind = "jira"\nsecret_env = "A"\n' * 2,
            'inbound.sources: the name "jira" is used twice',
        ),
        ('[[inbound.sources]]\nkind = "jira"\nsecret_env = "A"\nreplay_window = 5\n', "expected a duration"),
        ("[inbound]\nport = 70000\n", "inbound.port: expected 0 to 65535"),
    ],
)
def test_a_wrong_configuration_is_told(toml: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text(OWNER + toml)
    done = groundswell("inbound", "-c", str(path))
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert '"s3"' not in done.stderr
