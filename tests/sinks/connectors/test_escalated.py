"""A connector for those to whom things are escalated: what it is told of, and whom it tells."""

from schemas.signal import Severity
from sinks.assigning import Assigner
from sinks.connectors.common import Common
from sinks.deadlines import Deadlines
from sinks.escalation import Escalation, EscalationConfig, StepConfig
from sinks.ownership import Ownership, OwnershipConfig, RoleConfig
from tests.support.signals import make_signal

ASSIGNER = Assigner(
    Ownership(OwnershipConfig(default=RoleConfig(role="cx", accountable="head"))),
    Deadlines(),
    Escalation(EscalationConfig(high=[StepConfig(after="30m", to="boss"), StepConfig(after="2h", to="vp")])),
)


def test_it_hears_of_what_has_come_to_its_role_and_tells_that() -> None:
    record = ASSIGNER.on_signal(make_signal(severity=Severity.HIGH), None).record
    assert record is not None
    first = record.assignment
    due = ASSIGNER.due(record)
    assert first is not None
    assert due is not None
    escalated = ASSIGNER.on_time(record, due).assignment
    assert escalated is not None
    boss, vp, owners = Common(name="b", escalated_to="boss"), Common(name="v", escalated_to="vp"), Common(name="o")
    assert [each.concerns(first) for each in (boss, vp, owners)] == [False, False, True]
    assert [each.concerns(escalated) for each in (boss, vp, owners)] == [True, False, True]
    assert [each.told(escalated) for each in (boss, owners)] == ["boss", "cx"]
