"""Deadlines and escalations: what goes off, when, once, and what it says."""

from datetime import datetime, timedelta

import pytest

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Attention, Severity, Signal, SignalState
from sinks.assigning import LATE, Assigner
from sinks.assignment_record import Record, at_rest, decode_record, encode_record
from sinks.deadlines import Deadlines
from sinks.escalation import Escalation, EscalationConfig, StepConfig
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, RuleConfig
from sinks.timers import sent
from tests.support.signals import OPENED, make_signal

CHAIN = [
    StepConfig(after="30m", to="engineering-manager"),
    StepConfig(after="2h", to="vp-product", unless="fix_shipped"),
]
ASSIGNER = Assigner(
    Ownership(
        OwnershipConfig(
            default=RoleConfig(role="cx", accountable="head-of-cx", informed=["vp-product"]),
            rules=[
                RuleConfig(name="major", match=MatchConfig(severity="critical"), role="lead", accountable="cto"),
            ],
        )
    ),
    Deadlines(),
    Escalation(EscalationConfig(high=CHAIN, critical=CHAIN)),
)
HIGH = make_signal(severity=Severity.HIGH)


def minutes(count: float) -> datetime:
    return OPENED + timedelta(minutes=count)


def opened(signal: Signal = HIGH, now: datetime = OPENED) -> Record:
    record = ASSIGNER.on_signal(signal, None, now).record
    assert record is not None
    return record


def done(record: Record, kind: ActionKind, at: datetime, to: str = "") -> Record:
    action = Action(id=f"act-{at}", signal_id="sig-1", kind=kind, at=at, by="ann", to=to)
    after = ASSIGNER.on_action(action, record, at).record
    assert after is not None
    return after


def revised(record: Record, at: datetime, **fields: object) -> Record:
    after = ASSIGNER.on_signal(make_signal(at=at, **fields), record, at).record
    assert after is not None
    return after


def played(record: Record, until: datetime) -> tuple[Record, list[tuple[float, Assignment]]]:
    """The record after every timer up to ``until`` has gone off at its time, and (minute, what it said) of each."""
    said = []
    while (due := ASSIGNER.due(record)) is not None and due <= until:
        outcome = ASSIGNER.on_time(record, due)
        assert outcome.record is not None
        assert outcome.assignment is not None
        record = decode_record(encode_record(outcome.record))
        said.append(((due - OPENED).total_seconds() / 60, outcome.assignment))
    return record, said


def test_what_nobody_takes_up_is_told_step_by_step() -> None:
    record, said = played(opened(), minutes(10_000))
    assert [(at, each.revision, each.note) for at, each in said] == [
        (30, 2, "escalated to engineering-manager: not acknowledged for 30 minutes"),
        (60, 3, "overdue: cx was to acknowledge it by 2026-05-04 10:00 UTC"),
        (120, 4, "escalated to vp-product: not fixed for 2 hours"),
        (1440, 5, "overdue: cx was to fix it by 2026-05-05 09:00 UTC"),
    ]
    assert {each.attention for _, each in said} == {Attention.NOW}
    assert [each.attention_reason for _, each in said] == [
        "escalated to engineering-manager", "nobody has acknowledged it in time", "escalated to vp-product",
        "it has not been fixed in time",
    ]  # fmt: skip
    last = said[-1][1]
    assert (last.changed_by, last.escalation_step) == ("timer", 2)
    # The second was to be informed anyway.
    assert last.raci.informed == ["vp-product", "engineering-manager"]
    assert ASSIGNER.due(record) is None


def test_nothing_goes_off_before_its_time() -> None:
    record = opened()
    assert ASSIGNER.due(record) == minutes(30)
    outcome = ASSIGNER.on_time(record, minutes(30) - timedelta(microseconds=1))
    assert (outcome.record, outcome.assignment, outcome.reason) == (None, None, "nothing is due")


def test_several_that_are_due_make_one_revision() -> None:
    outcome = ASSIGNER.on_time(opened(), minutes(121))
    assert outcome.assignment is not None
    assert outcome.assignment.revision == 2
    assert outcome.assignment.note == (
        "escalated to engineering-manager: not acknowledged for 30 minutes; "
        "overdue: cx was to acknowledge it by 2026-05-04 10:00 UTC; escalated to vp-product: not fixed for 2 hours"
    )
    assert outcome.record is not None
    assert ASSIGNER.due(outcome.record) == minutes(1440)


def test_who_acknowledges_is_left_alone_until_the_fix_is_due() -> None:
    _, said = played(done(opened(), ActionKind.ACKNOWLEDGED, minutes(5)), minutes(10_000))
    assert [at for at, _ in said] == [120, 1440]


@pytest.mark.parametrize("kind", [ActionKind.FIX_SHIPPED, ActionKind.RESOLVED, ActionKind.DISMISSED])
def test_what_is_fixed_or_over_has_no_timers(kind: ActionKind) -> None:
    record = done(opened(), kind, minutes(5))
    assert ASSIGNER.due(record) is None
    assert at_rest(encode_record(record)) is (kind is not ActionKind.FIX_SHIPPED)


def test_a_signal_that_resolves_has_none_either() -> None:
    record = revised(opened(), minutes(20), revision=2, state=SignalState.RESOLVED, severity=Severity.HIGH)
    assert ASSIGNER.due(record) is None


def test_what_comes_back_starts_anew() -> None:
    record, _ = played(opened(), minutes(70))
    record = revised(record, minutes(90), revision=2, state=SignalState.RESOLVED, severity=Severity.HIGH)
    record = revised(record, minutes(5000), revision=3, state=SignalState.REGRESSED, severity=Severity.HIGH)
    assert record.assignment is not None
    assert record.assignment.acknowledge_by == minutes(5060)
    assert record.assignment.due_at == minutes(5000 + 1440)
    _, said = played(record, minutes(100_000))
    assert [at for at, _ in said] == [5030, 5060, 5120, 6440]


def test_a_higher_severity_starts_its_chain_anew_and_says_no_deadline_twice() -> None:
    record, _ = played(opened(make_signal(severity=Severity.HIGH, rule="x")), minutes(65))
    record = revised(record, minutes(70), revision=2, state=SignalState.ESCALATED, severity=Severity.CRITICAL)
    assert record.assignment is not None
    assert (record.assignment.owner, record.assignment.severity) == ("lead", Severity.CRITICAL)
    _, said = played(record, minutes(10_000))
    assert [(at, each.note.partition(":")[0]) for at, each in said] == [
        (100, "escalated to engineering-manager"), (190, "escalated to vp-product"), (310, "overdue"),
    ]  # fmt: skip


def test_a_hand_over_gives_the_new_owner_his_time_and_is_in_the_history() -> None:
    record = done(opened(), ActionKind.ACKNOWLEDGED, minutes(20))
    record = done(record, ActionKind.REASSIGNED, minutes(25), to="growth")
    held = record.assignment
    assert held is not None
    assert (held.owner, held.raci.responsible, held.state) == ("growth", "growth", AssignmentState.OPEN)
    assert (held.acknowledge_by, held.due_at) == (minutes(85), minutes(1440))
    assert held.note == "handed over from cx to growth"
    assert held.history is not None
    assert [(each.role, each.since, each.why) for each in held.history] == [
        ("cx", OPENED, "rule default"), ("growth", minutes(25), "given by ann"),
    ]  # fmt: skip
    _, said = played(record, minutes(10_000))
    assert [at for at, _ in said] == [55, 85, 145, 1440]


def test_who_was_chosen_by_hand_keeps_it_when_it_gets_worse() -> None:
    record = done(opened(), ActionKind.REASSIGNED, minutes(5), to="growth")
    record = revised(record, minutes(6), revision=2, state=SignalState.ESCALATED, severity=Severity.CRITICAL)
    assert record.assignment is not None
    assert (record.assignment.owner, record.assignment.rule) == ("growth", "major")
    assert record.assignment.raci.accountable == "cto"


def test_given_to_who_has_it_is_no_news() -> None:
    action = Action(id="a", signal_id="sig-1", kind=ActionKind.REASSIGNED, at=OPENED, by="ann", to="cx")
    outcome = ASSIGNER.on_action(action, opened(), OPENED)
    assert (outcome.assignment, outcome.reason) == (None, "action a gives it to cx, who has it")


def test_who_is_told_late_has_his_whole_time() -> None:
    for late in (LATE, LATE + timedelta(seconds=1)):
        held = opened(now=OPENED + late).assignment
        assert held is not None
        since = OPENED if late <= LATE else OPENED + late
        assert held.acknowledge_by == OPENED + timedelta(hours=1)
        assert ASSIGNER.due(opened(now=OPENED + late)) == since + timedelta(minutes=30)


def test_what_a_timer_said_waits_in_the_record_until_it_was_sent() -> None:
    record, [(_, first)] = played(opened(), minutes(30))
    record = revised(record, minutes(31), revision=2, state=SignalState.UPDATED, severity=Severity.HIGH)
    assert record.outbox == [first]
    assert not at_rest(encode_record(record))
    assert sent(record, first.revision).outbox == []
    assert sent(record, first.revision + 1) == record


def test_a_record_of_an_older_build_has_no_timers() -> None:
    import msgspec

    old = msgspec.to_builtins(opened())
    del old["since"], old["gone_off"], old["by_hand"], old["outbox"]
    data = msgspec.msgpack.encode({**old, "version": 1})
    assert at_rest(data)
    assert ASSIGNER.due(decode_record(data)) is None
