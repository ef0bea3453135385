"""``groundswell top``: the few that matter, of what a file, a pipe or the topic holds."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from msgspec import UNSET

from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.codec import encode_json
from schemas.impact import ImpactPart, ImpactScore
from schemas.signal import Severity
from streams.cli.tail_lines import Record
from streams.cli.tail_lines import line as tail_line
from streams.cli.top_lines import line
from tests.streams.cli.test_main import OWNER, groundswell
from tests.support.brokers import Broker
from tests.support.signals import OPENED, make_signal

NOW = OPENED.timestamp()
PARTS = [
    ImpactPart(name="customers", weight=0.5, value=1.0, points=5.0, text="9 customers, about 9,000 affected"),
    ImpactPart(name="revenue_at_risk", weight=0.3, value=1.0, points=3.0, text="USD 1.1 million a year"),
    ImpactPart(name="churn_risk", weight=0.1, value=0.5, points=0.5, text="20% leave"),
    ImpactPart(name="volume", weight=0.05, value=0.5, points=0.25, text="9 mentions"),
    ImpactPart(name="velocity", weight=0.05, value=0.0, points=0.0, text="1 where 1 is usual"),
]


def assignment(name: str, score: float, **more: Any) -> Assignment:
    fields: dict[str, Any] = {
        "id": f"asg-{name}", "signal_id": name, "revision": 1, "state": AssignmentState.OPEN, "tenant": "bank",
        "theme": f"theme-{name}", "severity": Severity.HIGH, "priority": 2, "owner": "product", "title": "",
        "raci": Raci(responsible="product", accountable="vp"), "rule": "default", "reason": "", "assigned_at": OPENED,
        "acknowledge_by": OPENED, "due_at": OPENED + timedelta(hours=4), "signal": make_signal(id=name),
        "impact": ImpactScore(score=score, parts=PARTS),
    }  # fmt: skip
    return Assignment(**{**fields, **more})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    told = [assignment(str(n), float(n)) for n in range(1, 8)]
    told += [assignment("7", 7.0, revision=2, state=AssignmentState.RESOLVED), assignment("1", 9.5, revision=2)]
    path = tmp_path / "assignments.jsonl"
    path.write_bytes(b"\n".join(encode_json(one) for one in told) + b"\n\n")
    return path


def test_an_assignment_in_a_line() -> None:
    assert line(1, assignment("a", 8.6), NOW).plain == (
        " 1   8.6  high      theme-a  -> product  open  due 2026-05-04 13:00:00  9 customers, about 9,000 affected; "
        "USD 1.1 million a year; 20% leave  [a]"
    )


def test_what_is_late_and_what_has_no_score() -> None:
    late = line(10, assignment("a", 1.0, impact=UNSET), NOW + 4 * 3600 + 5 * 60).plain
    assert late == "10    -   high      theme-a  -> product  open  late by 5 minutes  [a]"
    fixed = line(1, assignment("a", 1.0, state=AssignmentState.FIX_SHIPPED), NOW + 10**6).plain
    assert "late" not in fixed


def test_no_escape_sequence_reaches_the_terminal() -> None:
    assert "\x1b" not in line(1, assignment("a", 1.0, theme="x\x1b[2J"), NOW).plain


def test_tail_tells_it_shortly() -> None:
    shown = tail_line("assignments", Record(encode_json(assignment("a", 8.6)), [], NOW)).plain
    assert "  impact 8.6: customers, revenue, churn  " in shown
    without = tail_line("assignments", Record(encode_json(assignment("a", 8.6, impact=UNSET)), [], NOW)).plain
    assert "impact" not in without


def test_the_most_important_of_a_file(file: Path) -> None:
    done = groundswell("top", "-n", "3", "--from", str(file))
    assert (done.returncode, [row.split()[:2] for row in done.stdout.splitlines()]) == (
        0,
        [["1", "9.5"], ["2", "6.0"], ["3", "5.0"]],
    )
    assert "3 more are open; -n 6 shows all" in done.stderr


def test_as_json_from_standard_input(file: Path) -> None:
    command = [sys.executable, "-m", "streams.cli.main", "top", "--json", "--from", "-"]
    done = subprocess.run(command, input=file.read_bytes(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    told = [json.loads(row) for row in done.stdout.splitlines()]
    assert [one["impact"]["score"] for one in told] == [9.5, 6.0, 5.0, 4.0, 3.0]


def test_mistakes_are_told_with_their_place(file: Path, tmp_path: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b'{"id": 3}\n')
    wrong = groundswell("top", "--from", str(file))
    assert wrong.returncode == 2
    assert f"{file}:11: no assignment: " in wrong.stderr
    lost = groundswell("top", "--from", str(tmp_path / "none.jsonl"))
    assert (lost.returncode, "cannot be read" in lost.stderr) == (2, True)
    (tmp_path / "empty.jsonl").touch()
    assert "nothing is open" in groundswell("top", "--from", str(tmp_path / "empty.jsonl")).stderr


def test_what_the_topic_holds(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    config = tmp_path / "groundswell.toml"
    config.write_text(f'{OWNER}[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{topic_prefix}"\npartitions = 4\n')
    missing = groundswell("top", cwd=tmp_path)
    assert "groundswell topics create" in missing.stderr
    assert groundswell("topics", "create", cwd=tmp_path).returncode == 0
    assert "nothing is open" in groundswell("top", cwd=tmp_path).stderr
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for n in range(1, 8):
        one = assignment(str(n), float(n))
        producer.produce(f"{topic_prefix}owner-assignments", encode_json(one), key=one.signal_id)
    producer.produce(f"{topic_prefix}owner-assignments", b"no assignment", key="x")
    producer.flush()
    done = groundswell("top", cwd=tmp_path)
    assert [row.split()[1] for row in done.stdout.splitlines()] == ["7.0", "6.0", "5.0", "4.0", "3.0"]
    assert "a record is left out" in done.stderr
