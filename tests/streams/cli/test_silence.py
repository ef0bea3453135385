"""``groundswell silence`` and ``groundswell explain``: what is refused, what is written, what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.triage_codec import decode_control, encode
from streams.cli.silencing import ended, in_words, listed, newest
from tests.streams.cli.test_main import OWNER, groundswell
from tests.support.brokers import Broker
from tests.support.triage import HOUR, START, Desk, found, silence, snooze

ADD = ("silence", "add", "--by", "ann", "--reason", "we move", "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--theme", "a"), "--for: expected either --for or --until"),
        (("--theme", "a", "--for", "2h", "--until", "2099-01-01T00:00Z"), "--for: expected either --for or --until"),
        (("--theme", "a", "--for", "2 apples"), "--for: "),
        (("--theme", "a", "--until", "tomorrow"), "--until: expected a time such as"),
        (("--theme", "a", "--until", "2099-01-01T00:00"), '--until: "2099-01-01T00:00" names no zone'),
        (("--theme", "a", "--until", "2001-01-01T00:00Z"), "--until: lies before it would begin, or in the past"),
        (("--theme", "a", "--for", "500d"), "--until: is more than a year ahead"),
        (("--for", "2h"), "--match: is empty and would silence everything"),
        (("--for", "2h", "--theme", " "), "--theme: is empty"),
        (("--for", "2h", "--severity", "bad"), '--severity: "bad" matches none of low'),
        (("--for", "2h", "--theme", "a", "--reason", ""), "--reason: "),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = groundswell(*ADD, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"groundswell: {message}")
    assert done.stdout == ""


def test_a_dry_run_says_what_it_would_be_and_warns() -> None:
    done = groundswell(*ADD, "--for", "2h", "--theme", "login-*", "--severity", "low", "--severity", "medium")
    assert (done.returncode, done.stderr) == (0, "")
    assert "silence of theme login-* and severity low or medium, until " in done.stdout
    broad = groundswell(*ADD, "--for", "2h", "--tenant", "bank")
    assert "warning: tenant bank also hides themes that nobody has seen yet" in broad.stderr


def test_the_newest_record_of_each_control_counts() -> None:
    first, other = silence(theme=["login"]), silence(hours=1, name="sil-2", theme=["pay"])
    over = ended(first, "ben", START + 60)
    records = [
        ("sil-1", encode(first)),
        ("sil-2", encode(other)),
        ("sil-1", encode(over)),
        ("sil-3", b"{"),
        ("x", None),
    ]
    controls, unread = newest(records)
    assert [control.id for control in controls] == ["sil-1", "sil-2"]
    assert unread[0].startswith("sil-3: ")
    assert [control.id for control in listed(controls, START + 120, past=False)] == ["sil-2"]
    assert len(list(listed(controls, START + 120, past=True))) == 2
    assert in_words(over, START + 120) == (
        "sil-1  silence of theme login, ended 2026-05-04 09:01 UTC by ben; ann: we are moving"
    )
    assert in_words(first, START - HOUR).count("from 2026-05-04 09:00 UTC until 2026-05-04 11:00 UTC") == 1
    assert "snooze of signal sig-1, until 2026-05-04 11:00 UTC or 5 more mentions" in in_words(
        snooze("sig-1", mentions=5), START
    )
    assert decode_control(encode(over)) == over


def test_a_control_that_has_not_begun_can_be_ended() -> None:
    control = silence(theme=["login"])
    assert ended(control, "ben", START - HOUR).expires == control.starts


def test_on_a_broker_it_is_written_listed_and_ended(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    config = tmp_path / "g.toml"
    config.write_text(f'{OWNER}[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{topic_prefix}"\npartitions = 4\n')
    at = ("-c", str(config))
    lost = groundswell("silence", "list", *at)
    assert (lost.returncode, "make it with: groundswell topics create" in lost.stderr) == (1, True)
    assert groundswell("topics", "create", *at).returncode == 0
    asked = ("--by", "ann", "--reason", "we move", "--for", "2h")
    assert groundswell("silence", "add", *asked, "--theme", "login-*", *at).returncode == 0
    assert groundswell("silence", "snooze", "sig-1", *asked, "--mentions", "5", *at).returncode == 0
    shown = [json.loads(line) for line in groundswell("silence", "list", "--json", *at).stdout.splitlines()]
    assert sorted(each["kind"] for each in shown) == ["silence", "snooze"]
    name = next(each["id"] for each in shown if each["kind"] == "silence")
    done = groundswell("silence", "expire", name, "--by", "ben", *at)
    assert (done.returncode, "by ben" in done.stdout) == (0, True)
    again = groundswell("silence", "expire", name, "--by", "ben", *at)
    assert (again.returncode, "it has ended already" in again.stderr) == (1, True)
    assert "there is no sil-0" in groundswell("silence", "expire", "sil-0", "--by", "ben", *at).stderr
    assert len(groundswell("silence", "list", *at).stdout.splitlines()) == 1
    assert len(groundswell("silence", "list", "--all", *at).stdout.splitlines()) == 2


@pytest.fixture
def audits(tmp_path: Path) -> Path:
    desk = Desk()
    desk.take(found("login", reason="\x1b[31mred"))
    desk.wait(5)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"\n".join(encode(audit) for audit in desk.audits) + b"\n\n")
    return path


def test_explain_reads_a_file(audits: Path) -> None:
    done = groundswell("explain", "sig-login", "--from", str(audits))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "Login, found by the rule surge of bank, sig-login."
    assert "cx was told at once: it is new, and its severity is high." in done.stdout
    assert "\x1b" not in done.stdout
    (line,) = groundswell("explain", "sig-login", "--from", str(audits), "--json").stdout.splitlines()
    assert json.loads(line)["attention"] == "now"


def test_explain_says_what_is_wrong(audits: Path) -> None:
    unknown = groundswell("explain", "sig-no", "--from", str(audits))
    assert (unknown.returncode, unknown.stderr) == (1, f"groundswell: {audits} knows nothing of sig-no\n")
    audits.write_bytes(audits.read_bytes() + b'{"id": 3}\n')
    broken = groundswell("explain", "sig-login", "--from", str(audits))
    assert broken.returncode == 2
    assert broken.stderr.startswith(f"groundswell: {audits}:3: no audit record: ")
    gone = groundswell("explain", "sig-login", "--from", "gone.jsonl")
    assert (gone.returncode, "gone.jsonl: cannot be read" in gone.stderr) == (2, True)


def test_explain_reads_the_topic(broker: Broker, topic_prefix: str, tmp_path: Path, audits: Path) -> None:
    config = tmp_path / "g.toml"
    config.write_text(f'{OWNER}[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{topic_prefix}"\npartitions = 4\n')
    assert groundswell("topics", "create", "-c", str(config)).returncode == 0
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for line in [*audits.read_bytes().splitlines(), b"{"]:
        if line:
            producer.produce(f"{topic_prefix}audit", line, b"sig-login")
    assert producer.flush(30) == 0
    done = groundswell("explain", "sig-login", "-c", str(config))
    assert done.returncode == 0, done.stderr
    assert "cx was told at once" in done.stdout
    assert "a record is left out" in done.stderr
