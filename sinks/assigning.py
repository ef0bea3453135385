"""Assigning: what a signal or an action makes of the assignment. Pure; the agent stores and sends.

The agent must store the record durably before it sends the assignment. Then a crash anywhere between,
followed by a replay of either topic from an older offset, sends the stored assignment again and never
gives (signal_id, revision) a second meaning.
"""

from datetime import datetime, timedelta

from msgspec import UNSET, Struct
from msgspec.structs import replace

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState, Holder
from schemas.ids import derived_id
from schemas.signal import Attention, Severity, Signal, SignalState
from sinks.assignment_record import Record
from sinks.deadlines import Deadlines, priority
from sinks.escalation import Chain, Escalation
from sinks.impact.raising import Scored
from sinks.impact.scoring import Impact
from sinks.ownership import Ownership
from sinks.timers import begun_again, given_anew, gone_off, pending

KEPT_ACTIONS = 64
"""How many action ids, and how many early actions, a record keeps: the newest."""

KEPT_HOLDERS = 32
"""How many holders the history of an assignment keeps: the first, and the newest."""

LATE = timedelta(minutes=5)
"""Where a signal is told later than this after it was decided (an outage, a replay of history), its timers go off later
by as much: nobody is told that he is overdue before he had his time. What is due when is as it was."""

_CLOSED = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)
# A later fix is news, a later acknowledgement is not.
_NO_NEWS = {
    AssignmentState.OPEN: (),
    AssignmentState.ACKNOWLEDGED: (ActionKind.ACKNOWLEDGED,),
    AssignmentState.FIX_SHIPPED: (ActionKind.ACKNOWLEDGED,),
    AssignmentState.RESOLVED: tuple(ActionKind),
    AssignmentState.DISMISSED: tuple(ActionKind),
}


class Outcome(Struct, frozen=True, kw_only=True):
    """What one input came to.

    Attributes:
        record: to be stored before anything is sent; None if it has not changed.
        assignment: to be sent; None if there is nothing to say.
        reason: why nothing new is sent, in words; empty if something is.
    """

    record: Record | None = None
    assignment: Assignment | None = None
    reason: str = ""


class Assigner:
    """Decides, one input at a time; all it remembers is in the record it is given.

    Everywhere ``now`` is wall time, and only what timers do depends on it; left out, it is when the signal was decided
    or the action done.
    """

    __slots__ = ("deadlines", "escalation", "impact", "ownership")

    def __init__(
        self,
        ownership: Ownership,
        deadlines: Deadlines,
        escalation: Escalation | None = None,
        impact: Impact | None = None,
    ) -> None:
        self.ownership = ownership
        self.deadlines = deadlines
        self.escalation = escalation or Escalation()
        self.impact = impact or Impact()

    def due(self, record: Record) -> datetime | None:
        """When the next timer of a record goes off; None if it has none."""
        waiting = pending(record, self._chain(record))
        return waiting[0].at if waiting else None

    def on_time(self, record: Record, now: datetime) -> Outcome:
        """Let the timers go off that are due; several make one revision."""
        after = gone_off(record, self._chain(record), now)
        if after is None:
            return Outcome(reason="nothing is due")
        return Outcome(record=after, assignment=after.assignment)

    def _chain(self, record: Record) -> Chain:
        held = record.assignment
        return () if held is None else self.escalation.chain(held.severity, held.rule)

    def on_signal(self, signal: Signal, record: Record | None, now: datetime | None = None) -> Outcome:
        """Take in a revision of a signal; ``record`` is what is stored under its id."""
        now = now or signal.at
        record = record or Record()
        held = record.assignment
        if held is None:
            return self._first(self._scored(signal), record, now)
        if signal.revision < record.signal_revision:
            reason = f"revision {signal.revision} is older than {record.signal_revision}, the last handled"
            return Outcome(reason=reason)
        if signal.revision == record.signal_revision:
            reason = f"revision {signal.revision} was handled before; sent again as it was"
            return Outcome(assignment=held, reason=reason)
        record = replace(record, signal_revision=signal.revision)
        scored = self._scored(signal)
        if _stays_closed(scored, held):
            reason = f"stays {_words(held.state)}: revision {signal.revision} is no worse than {held.severity} severity"
            return Outcome(record=record, reason=reason)
        return self._revised(scored, held, record, now)

    def _scored(self, signal: Signal) -> Scored:
        """A revision of a signal with its impact, and with the severity that follows from both."""
        return Scored.of(signal, self.impact)

    def on_action(self, action: Action, record: Record | None, now: datetime | None = None) -> Outcome:
        """Take in an action; ``record`` is what is stored under its signal's id."""
        now = now or action.at
        record = record or Record()
        held = record.assignment
        if action.id in record.actions:
            last = action.id == record.actions[-1]
            again = f"action {action.id} was handled before"
            if held is None or not last:
                return Outcome(reason=again)
            return Outcome(assignment=held, reason=f"{again}; sent again as it was")
        record = replace(record, actions=[*record.actions, action.id][-KEPT_ACTIONS:])
        if held is None:
            record = replace(record, parked=[*record.parked, action][-KEPT_ACTIONS:])
            return Outcome(record=record, reason=f"action {action.id} waits for signal {action.signal_id}")
        if action.kind in _NO_NEWS[held.state]:
            reason = f"action {action.id} says {_words(action.kind)}, but it is already {_words(held.state)}"
            return Outcome(record=record, reason=reason)
        if action.kind is ActionKind.REASSIGNED and action.to == held.owner:
            reason = f"action {action.id} gives it to {held.owner}, who has it"
            return Outcome(record=record, reason=reason)
        moved = replace(_moved(held, action), revision=held.revision + 1)
        if action.kind is ActionKind.REASSIGNED:
            moved = self._given(moved, now)
            record = given_anew(begun_again(replace(record, by_hand=action.to), now, deadlines=False))
        return _sent(record, moved)

    def _given(self, held: Assignment, now: datetime) -> Assignment:
        """Who is given it has as long to acknowledge it as the one before, and no longer to fix it."""
        acknowledge_by, _ = self.deadlines.for_(held.severity, now)
        return replace(held, acknowledge_by=acknowledge_by, due_at=max(held.due_at, acknowledge_by))

    def _first(self, scored: Scored, record: Record, now: datetime) -> Outcome:
        signal = scored.signal
        route = self.ownership.route(scored.judged)
        acknowledge_by, due_at = self.deadlines.for_(scored.severity, signal.opened_at)
        assignment = Assignment(
            id=derived_id("asg", signal.id),
            signal_id=signal.id,
            revision=1,
            state=AssignmentState.RESOLVED if signal.state is SignalState.RESOLVED else AssignmentState.OPEN,
            tenant=signal.tenant,
            theme=signal.theme,
            severity=scored.severity,
            priority=priority(scored.severity),
            owner=route.raci.responsible,
            raci=route.raci,
            rule=route.rule,
            title=signal.title,
            reason=scored.reason,
            assigned_at=signal.at,
            acknowledge_by=acknowledge_by,
            due_at=due_at,
            note=scored.why,
            signal=signal,
            impact=scored.impact,
        )
        for action in record.parked:
            if action.kind not in _NO_NEWS[assignment.state] and action.to != assignment.owner:
                assignment = _moved(assignment, action)
                record = replace(record, by_hand=action.to or record.by_hand)
        # It is the signal that is told here, whatever has been done about it by now.
        attention, attention_reason = scored.attention(raised=bool(scored.why))
        assignment = replace(assignment, attention=attention, attention_reason=attention_reason)
        record = replace(record, signal_revision=signal.revision, parked=[])
        record = begun_again(record, signal.opened_at, deadlines=True, late_s=_late_s(signal, now))
        return _sent(record, assignment)

    def _revised(self, scored: Scored, held: Assignment, record: Record, now: datetime) -> Outcome:
        signal, worse = scored.signal, _worse(scored.severity, held)
        attention, attention_reason = scored.attention(raised=bool(scored.why) and worse)
        revised = replace(
            held,
            revision=held.revision + 1,
            title=signal.title,
            reason=scored.reason,
            changed_by="signal",
            note="",
            signal=signal,
            attention=attention,
            attention_reason=attention_reason,
            impact=scored.impact,
        )
        if signal.state is SignalState.RESOLVED:
            return _sent(record, replace(revised, state=AssignmentState.RESOLVED))
        notes = []
        since, late_s = signal.at, _late_s(signal, now)
        if held.state in _CLOSED:
            acknowledge_by, due_at = self.deadlines.for_(max(held.severity, scored.severity, key=_rank), since)
            revised = replace(
                revised,
                state=AssignmentState.OPEN,
                acknowledge_by=acknowledge_by,
                due_at=due_at,
                escalation_step=UNSET,
                escalated_to=UNSET,
            )
            record = begun_again(record, since, deadlines=True, late_s=late_s)
            notes.append(f"reopened after it was {_words(held.state)}")
        if worse:
            by_impact = f" ({scored.why})" if scored.why else ""
            notes.append(f"escalated from {held.severity} to {scored.severity}{by_impact}")
            revised = self._escalated(scored, revised, record.by_hand, since)
            record = begun_again(record, since, deadlines=False, late_s=late_s)
        if revised.owner != held.owner:
            notes.append(f"handed over from {held.owner} to {revised.owner}")
            revised = _handed_over(revised, held, signal.at, notes[-1])
            # An acknowledgement binds only the one who gave it.
            if revised.state is AssignmentState.ACKNOWLEDGED:
                revised = replace(self._given(revised, since), state=AssignmentState.OPEN)
                record = given_anew(record)
        return _sent(record, replace(revised, note="; ".join(notes)))

    def _escalated(self, scored: Scored, held: Assignment, by_hand: str, since: datetime) -> Assignment:
        route = self.ownership.route(scored.judged)
        raci = replace(route.raci, responsible=by_hand) if by_hand else route.raci
        acknowledge_by, due_at = self.deadlines.for_(scored.severity, since)
        return replace(
            held,
            severity=scored.severity,
            priority=priority(scored.severity),
            owner=raci.responsible,
            raci=raci,
            rule=route.rule,
            acknowledge_by=min(acknowledge_by, held.acknowledge_by),
            due_at=min(due_at, held.due_at),
            escalation_step=UNSET,
        )


def _stays_closed(scored: Scored, held: Assignment) -> bool:
    """Whether a closed assignment has nothing to hear of a newer revision."""
    if held.state not in _CLOSED or scored.signal.state is SignalState.RESOLVED:
        return False
    came_back = held.signal.state is SignalState.RESOLVED
    return not came_back and not _worse(scored.severity, held)


def _late_s(signal: Signal, now: datetime) -> float:
    """By how much the timers of what is told now go off later, seconds."""
    late = now - signal.at
    return late.total_seconds() if late > LATE else 0.0


def _rank(severity: Severity) -> int:
    return severity.rank


def _worse(severity: Severity, held: Assignment) -> bool:
    return severity.rank > held.severity.rank


def _moved(held: Assignment, action: Action) -> Assignment:
    if action.kind is ActionKind.REASSIGNED:
        given = replace(
            held, owner=action.to, raci=replace(held.raci, responsible=action.to), on_call=UNSET, changed_by=action.by,
            note=f"handed over from {held.owner} to {action.to}" + (f": {action.note}" if action.note else ""),
            attention=Attention.NOW, attention_reason=f"{action.by} gave it to {action.to}",
            state=AssignmentState.OPEN if held.state is AssignmentState.ACKNOWLEDGED else held.state,
        )  # fmt: skip
        return _handed_over(given, held, action.at, f"given by {action.by}")
    return replace(
        held,
        state=AssignmentState(action.kind.value),
        changed_by=action.by,
        note=action.note,
        attention=UNSET,
        attention_reason=UNSET,
    )


def _handed_over(revised: Assignment, held: Assignment, at: datetime, why: str) -> Assignment:
    """With its new owner at the end of the history."""
    before = held.history or [Holder(role=held.owner, since=held.assigned_at, why=f"rule {held.rule}")]
    history = [*before, Holder(role=revised.owner, since=at, why=why)]
    if len(history) > KEPT_HOLDERS:
        history = [history[0], *history[-KEPT_HOLDERS + 1 :]]
    return replace(revised, history=history)


def _sent(record: Record, assignment: Assignment) -> Outcome:
    return Outcome(record=replace(record, assignment=assignment), assignment=assignment)


def _words(state: AssignmentState | ActionKind) -> str:
    return state.value.replace("_", " ")
