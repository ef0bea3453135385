"""The pure parts of the commands: what is wrong with topics, and how records are shown."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.codec import encode_flush, encode_json
from schemas.panes import Cell, Flush, PaneUpdate, SourceState
from schemas.signal import Signal, Sparkline
from sinks.dead_letters import Failure, Reason, dead_letter
from streams.cli.tail_lines import Record, json_line, line
from streams.cli.topic_check import Found, problems, told
from streams.settings import Kafka
from streams.topics import Topics
from tests.support.signals import OPENED, make_signal

TOPICS = Topics(Kafka())
SPECS = TOPICS.specs()
PARTITIONS = {spec.name: 8 for spec in SPECS}
CLEANUP = {spec.name: spec.cleanup for spec in SPECS}


def wrong(found: Found) -> list[tuple[str, str]]:
    listed = problems(SPECS, TOPICS.theme_panes, found, "kafka:9092", "g.toml")
    return [(problem.topic, problem.text) for problem in listed]


def test_topics_as_they_must_be_are_no_problem() -> None:
    assert wrong(Found(PARTITIONS, CLEANUP)) == []
    assert wrong(Found(PARTITIONS, None)) == []
    more = {**PARTITIONS, TOPICS.interactions: 32, TOPICS.feedback: 2, TOPICS.assignments: 1}
    assert wrong(Found(more, CLEANUP)) == []


@pytest.mark.parametrize("name", [TOPICS.signals, TOPICS.actions, TOPICS.series_log, TOPICS.assigned_log])
def test_what_belongs_together_must_have_as_many_partitions(name: str) -> None:
    found = Found({**PARTITIONS, name: 1}, CLEANUP)
    assert wrong(found) == [(name, "has 1 partition, must have 8 like cx.theme-panes")]
    text = told(problems(SPECS, TOPICS.theme_panes, found, "kafka:9092", "g.toml"))
    assert f"--bootstrap-server kafka:9092 --delete --topic {name} && groundswell topics create --config g.toml" in text


def test_a_changelog_that_is_not_compacted_would_lose_what_is_known() -> None:
    found = Found(PARTITIONS, {**CLEANUP, TOPICS.series_log: "delete"})
    assert wrong(found) == [(TOPICS.series_log, "has cleanup.policy=delete, must have compact")]
    (problem,) = problems(SPECS, TOPICS.theme_panes, found, "kafka:9092", "g.toml")
    assert problem.mend.endswith(f"--topic {TOPICS.series_log} --add-config cleanup.policy=compact")


def test_missing_topics_are_told_even_if_it_is_the_reference() -> None:
    some = {name: 8 for name in PARTITIONS if name not in (TOPICS.theme_panes, TOPICS.signals)}
    assert wrong(Found(some, CLEANUP)) == [(TOPICS.theme_panes, "is missing"), (TOPICS.signals, "is missing")]


def shown(kind: str, value: bytes, headers: list[tuple[str, bytes | None]] | None = None) -> str:
    return line(kind, Record(value, headers or [], OPENED.timestamp())).plain


def test_a_signal_in_a_line() -> None:
    assert shown("signals", encode_json(make_signal(reason="3 mentions: low from 3"))) == (
        "2026-05-04 09:00:00  low       opened        login-failure  3 mentions: low from 3  [sig-1 r1]"
    )


def test_what_else_a_signal_knows_is_a_second_line() -> None:
    rise = Sparkline(pane_s=300.0, end=OPENED, values=[0.0, 1.0, 1.0, 7.0])
    signal = make_signal(unusual="about once a day by chance", context=["a\x1b[2J deploy"], sparkline=rise)
    first, second = shown("signals", encode_json(signal)).split("\n")
    assert first.endswith("[sig-1 r1]")
    assert second == f"{' ' * 21}▁▂▂█  About once a day by chance. A [2J deploy."
    one = make_assignment(signal)
    assert shown("assignments", encode_json(one)).split("\n")[1] == second
    by_hand = replace(one, changed_by="mobile", note="On it.")
    assert "\n" not in shown("assignments", encode_json(by_hand)), "an action does not change the evidence"


def make_assignment(signal: Signal) -> Assignment:
    return Assignment(
        id="asg-1", signal_id="sig-1", revision=2, state=AssignmentState.OPEN, tenant="bank", theme=signal.theme,
        severity=signal.severity, priority=4, owner="mobile", raci=Raci(responsible="mobile", accountable="vp"),
        rule="login", title="t", reason="3 mentions", assigned_at=OPENED, acknowledge_by=OPENED,
        due_at=OPENED + timedelta(hours=4), signal=signal,
    )  # fmt: skip


def test_an_assignment_in_a_line() -> None:
    one = replace(make_assignment(make_signal()), state=AssignmentState.FIX_SHIPPED, changed_by="mobile", note="5.12.1")
    text = shown("assignments", encode_json(one))
    assert "fix shipped" in text
    assert "-> mobile  due 2026-05-04 13:00:00  mobile: 5.12.1  [sig-1 r2]" in text


def test_an_action_in_a_line() -> None:
    action = Action(id="a", signal_id="sig-1", kind=ActionKind.ACKNOWLEDGED, at=OPENED, by="mobile", note="On it.")
    assert shown("actions", encode_json(action)) == "2026-05-04 09:00:00  acknowledged  by mobile  On it.  [sig-1]"


def test_a_dead_letter_says_why_and_where() -> None:
    failure = Failure(reason=Reason.NOT_JSON, detail="not JSON", topic="cx.feedback", partition=2, offset=41)
    letter = dead_letter(failure, None, b"\xffgarbage")
    text = shown("dead-letters", letter.value or b"", letter.headers)
    assert text.startswith("2026-05-04 09:00:00  not-json  cx.feedback/2@41  not JSON")
    told_json = msgspec.json.decode(json_line("dead-letters", Record(letter.value or b"", letter.headers, 0.0)))
    assert {name: told_json[name] for name in ("reason", "topic", "partition", "offset")} == {
        "reason": "not-json",
        "topic": "cx.feedback",
        "partition": 2,
        "offset": 41,
    }


def test_panes_in_a_line_and_as_json() -> None:
    at = OPENED.timestamp()
    update = PaneUpdate("bank", "fees", 0, 0, 2, [Cell(int(at), 3, at, at, customers=b"\x01")])
    value = encode_flush(Flush(1, [SourceState(0, at, None), SourceState(1, None, None)], [update]))
    assert "1 updates of 1 themes  3 mentions" in shown("panes", value)
    assert msgspec.json.decode(json_line("panes", Record(value, [], 0.0)))


def test_what_cannot_be_read_is_a_line_too_and_commands_no_terminal() -> None:
    for kind in ("signals", "assignments", "actions", "panes", "feedback"):
        assert "cannot be read" in shown(kind, b"\xff")
        assert "\n" not in json_line(kind, Record(b"\xff", [], 0.0))
    event = msgspec.json.encode({"id": "1", "time": "2026-01-01T00:00:00Z", "text": "a\x1b[2Jb\nc [bold]d"})
    assert shown("feedback", event) == "2026-01-01 00:00:00  -  a [2Jb c [bold]d  [1]"
