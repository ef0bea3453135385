"""What matters most is on top, whatever the order it came in."""

from datetime import timedelta
from itertools import permutations
from typing import Any

from msgspec import UNSET

from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.impact import ImpactScore
from schemas.signal import Severity
from sinks.impact import rank, standing
from tests.support.signals import OPENED, make_signal


def assignment(name: str, score: float | None = 5.0, **more: Any) -> Assignment:
    signal = make_signal(id=name, **more.pop("signal", {}))
    fields: dict[str, Any] = {
        "id": f"asg-{name}", "signal_id": name, "revision": 1, "state": AssignmentState.OPEN, "tenant": "bank",
        "theme": signal.theme, "severity": Severity.HIGH, "priority": 2, "owner": "cx", "title": signal.title,
        "raci": Raci(responsible="cx", accountable="head"), "rule": "default", "reason": "", "assigned_at": OPENED,
        "acknowledge_by": OPENED, "due_at": OPENED, "signal": signal,
        "impact": UNSET if score is None else ImpactScore(score=score, parts=[]),
    }  # fmt: skip
    return Assignment(**{**fields, **more})


def names(found: list[Assignment]) -> list[str]:
    return [one.signal_id for one in found]


def test_by_impact_then_severity_then_deadline_then_age() -> None:
    given = [
        assignment("most", 9.0, severity=Severity.LOW),
        assignment("critical", 5.0, severity=Severity.CRITICAL),
        assignment("first-due", 5.0),
        assignment("older", 5.0, due_at=OPENED + timedelta(hours=1)),
        assignment("later", 5.0, due_at=OPENED + timedelta(hours=1), signal={"opened_at": OPENED + timedelta(hours=1)}),
        assignment("none", None, severity=Severity.CRITICAL),
    ]
    for order in permutations(given):
        assert names(rank(order)) == ["most", "critical", "first-due", "older", "later", "none"]


def test_a_score_of_nothing_is_more_than_none() -> None:
    assert names(rank([assignment("none", None), assignment("nothing", 0.0)])) == ["nothing", "none"]


def test_only_the_newest_revision_of_what_is_open_stands() -> None:
    given = [
        assignment("a", revision=2, owner="new"),
        assignment("a", revision=1, owner="old"),
        assignment("b", revision=1),
        assignment("b", revision=2, state=AssignmentState.RESOLVED),
        assignment("c", state=AssignmentState.DISMISSED),
        assignment("d", state=AssignmentState.FIX_SHIPPED),
        assignment("e", state=AssignmentState.ACKNOWLEDGED),
    ]
    assert [(one.signal_id, one.owner) for one in standing(given)] == [("a", "new"), ("d", "cx"), ("e", "cx")]


def test_an_incident_stands_for_its_signals_while_it_is_open() -> None:
    member = assignment("sig-1", signal={"incident": "inc-1"})
    assert names(standing([member, assignment("inc-1")])) == ["inc-1"]
    assert names(standing([member, assignment("inc-1", state=AssignmentState.DISMISSED)])) == ["sig-1"]
