"""The user's bands: what a high impact makes of an assignment."""

from datetime import timedelta
from typing import Any

from msgspec import UNSET, convert

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Attention, Severity, Signal, SignalState
from sinks.assigning import Assigner
from sinks.assignment_record import Record
from sinks.deadlines import Deadlines
from sinks.impact import Impact, ImpactConfig
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, RuleConfig
from tests.support.signals import OPENED, make_signal

OWNERS = OwnershipConfig(
    default=RoleConfig(role="cx", accountable="head"),
    rules=[RuleConfig(name="major", match=MatchConfig(severity="critical"), role="lead", accountable="cto")],
)
# Customers alone count, so that a signal's score is told by their number.
CONFIG: dict[str, Any] = {
    "weights": dict.fromkeys(ImpactConfig().weights.__struct_fields__, 0.0) | {"customers": 1.0},
    "bands": {"high": 6.0, "critical": 9.0},
}
FEW, MANY, MOST = 10, 1_000, 10_000


def told(*signals: Signal, **config: Any) -> list[Assignment]:
    impact = Impact(convert({**CONFIG, **config}, ImpactConfig))
    assigner = Assigner(Ownership(OWNERS), Deadlines(), impact=impact)
    record: Record | None = None
    sent = []
    for signal in signals:
        outcome = assigner.on_signal(signal, record)
        record = outcome.record or record
        if outcome.assignment is not None:
            sent.append(outcome.assignment)
    return sent


def signal(revision: int, customers: int, **more: Any) -> Signal:
    return make_signal(revision=revision, customers_estimated=customers, **more)


def test_without_bands_the_severity_is_the_rule_s() -> None:
    [one] = told(signal(1, MOST), bands={})
    assert (one.severity, one.note, one.reason) == (Severity.LOW, "", one.signal.reason)
    assert one.impact is not UNSET
    assert one.impact.score == 10.0


def test_a_high_impact_raises_severity_priority_deadlines_and_owner_and_says_so() -> None:
    [one] = told(signal(1, MOST, attention=Attention.DIGEST))
    assert (one.severity, one.priority, one.owner) == (Severity.CRITICAL, 1, "lead")
    assert (one.acknowledge_by, one.due_at) == (OPENED + timedelta(minutes=15), OPENED + timedelta(hours=4))
    assert one.note == "critical by its impact of 10.0, the rule said low"
    assert one.reason.endswith(f"; {one.note}")
    assert one.signal.severity is Severity.LOW
    assert (one.attention, one.attention_reason) == (Attention.NOW, one.note)


def test_it_may_rise_to_a_band_later_once() -> None:
    first, second, third = told(signal(1, FEW), signal(2, MANY), signal(3, MANY + 1))
    assert [one.severity for one in (first, second, third)] == [Severity.LOW, Severity.HIGH, Severity.HIGH]
    assert second.note == "escalated from low to high (high by its impact of 6.7, the rule said low)"
    assert second.due_at < first.due_at
    assert (third.note, third.due_at) == ("", second.due_at)
    assert "high by its impact" in third.reason


def test_nothing_is_ever_lowered() -> None:
    first, second = told(signal(1, MOST), signal(2, FEW))
    assert second.severity is first.severity is Severity.CRITICAL
    assert (second.owner, second.due_at, second.note) == (first.owner, first.due_at, "")
    [rule] = told(signal(1, FEW, severity=Severity.CRITICAL))
    assert (rule.severity, rule.note) == (Severity.CRITICAL, "")


def test_the_rule_s_own_level_is_told_as_such() -> None:
    _, second = told(signal(1, FEW), signal(2, MANY, severity=Severity.CRITICAL))
    assert (second.severity, second.note) == (
        Severity.CRITICAL,
        "escalated from low to critical; handed over from cx to lead",
    )


def test_a_silenced_signal_stays_silenced() -> None:
    [one] = told(signal(1, MOST, attention=Attention.NONE, attention_reason="silenced"))
    assert (one.severity, one.attention, one.attention_reason) == (Severity.CRITICAL, Attention.NONE, "silenced")


def test_it_interrupts_once() -> None:
    first, second = told(signal(1, MOST, attention=Attention.DIGEST), signal(2, MOST, attention=Attention.DIGEST))
    assert (first.attention, second.attention) == (Attention.NOW, Attention.DIGEST)


def test_what_was_dismissed_comes_back_once_its_impact_makes_it_worse() -> None:
    impact = Impact(convert(CONFIG, ImpactConfig))
    assigner = Assigner(Ownership(OWNERS), Deadlines(), impact=impact)
    first = assigner.on_signal(signal(1, FEW), None)
    no = Action(id="act-1", signal_id="sig-1", kind=ActionKind.DISMISSED, at=OPENED, by="ann")
    dismissed = assigner.on_action(no, first.record)
    assert dismissed.assignment is not None
    assert dismissed.assignment.impact == impact.score(signal(1, FEW))
    assert assigner.on_signal(signal(2, FEW), dismissed.record).assignment is None
    again = assigner.on_signal(signal(2, MANY), dismissed.record).assignment
    assert again is not None
    assert (again.state, again.severity) == (AssignmentState.OPEN, Severity.HIGH)
    assert again.note.startswith("reopened after it was dismissed; escalated from low to high (high by its impact")


def test_what_comes_back_is_due_as_soon_as_its_raised_severity_asks() -> None:
    *_, back = told(
        signal(1, MANY), signal(2, MANY, state=SignalState.RESOLVED), signal(3, FEW, state=SignalState.REGRESSED)
    )
    assert (back.state, back.severity, back.signal.severity) == (AssignmentState.OPEN, Severity.HIGH, Severity.LOW)
    assert back.due_at == back.signal.at + timedelta(hours=24)


def test_what_is_over_raises_nothing() -> None:
    _, second, third = told(
        signal(1, FEW), signal(2, MOST, state=SignalState.RESOLVING), signal(3, MOST, state=SignalState.RESOLVED)
    )
    assert [second.severity, third.severity] == [Severity.LOW, Severity.LOW]
    assert third.state is AssignmentState.RESOLVED
    assert third.impact is not UNSET
