"""Assigning: what a signal or an action makes of the assignment. Pure; the agent stores and sends.

The agent must store the record durably before it sends the assignment. Then a crash anywhere between,
followed by a replay of either topic from an older offset, sends the stored assignment again and never
gives (signal_id, revision) a second meaning.
"""

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState
from schemas.ids import derived_id
from schemas.signal import Severity, Signal, SignalState
from sinks.deadlines import Deadlines, priority
from sinks.ownership import Ownership

RECORD_VERSION = 1
"""Raised when the shape of :class:`Record` changes in a way an older build would misread."""

KEPT_ACTIONS = 64
"""How many action ids, and how many early actions, a record keeps: the newest."""

_CLOSED = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)
# A later fix is news, a later acknowledgement is not.
_NO_NEWS = {
    AssignmentState.OPEN: (),
    AssignmentState.ACKNOWLEDGED: (ActionKind.ACKNOWLEDGED,),
    AssignmentState.FIX_SHIPPED: (ActionKind.ACKNOWLEDGED,),
    AssignmentState.RESOLVED: tuple(ActionKind),
    AssignmentState.DISMISSED: tuple(ActionKind),
}


class Record(Struct, frozen=True, kw_only=True):
    """One snapshot per signal id; a step makes a new one.

    Attributes:
        signal_revision: the last revision of the signal that was handled; 0 before the first.
        assignment: the last one decided; None while the signal has not come.
        actions: ids of the actions taken in, the newest last.
        parked: actions that came before their signal, in order of arrival.
    """

    version: int = RECORD_VERSION
    signal_revision: int = 0
    assignment: Assignment | None = None
    actions: list[str] = []
    parked: list[Action] = []


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
    """Decides, one input at a time; all it remembers is in the record it is given."""

    __slots__ = ("deadlines", "ownership")

    def __init__(self, ownership: Ownership, deadlines: Deadlines) -> None:
        self.ownership = ownership
        self.deadlines = deadlines

    def on_signal(self, signal: Signal, record: Record | None) -> Outcome:
        """Take in a revision of a signal; ``record`` is what is stored under its id."""
        record = record or Record()
        held = record.assignment
        if held is None:
            return self._first(signal, record)
        if signal.revision < record.signal_revision:
            reason = f"revision {signal.revision} is older than {record.signal_revision}, the last handled"
            return Outcome(reason=reason)
        if signal.revision == record.signal_revision:
            reason = f"revision {signal.revision} was handled before; sent again as it was"
            return Outcome(assignment=held, reason=reason)
        record = replace(record, signal_revision=signal.revision)
        if _stays_closed(signal, held):
            reason = f"stays {_words(held.state)}: revision {signal.revision} is no worse than {held.severity} severity"
            return Outcome(record=record, reason=reason)
        return _sent(record, self._revised(signal, held))

    def on_action(self, action: Action, record: Record | None) -> Outcome:
        """Take in an action; ``record`` is what is stored under its signal's id."""
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
        return _sent(record, replace(_moved(held, action), revision=held.revision + 1))

    def _first(self, signal: Signal, record: Record) -> Outcome:
        route = self.ownership.route(signal)
        acknowledge_by, due_at = self.deadlines.for_(signal.severity, signal.opened_at)
        assignment = Assignment(
            id=derived_id("asg", signal.id),
            signal_id=signal.id,
            revision=1,
            state=AssignmentState.RESOLVED if signal.state is SignalState.RESOLVED else AssignmentState.OPEN,
            tenant=signal.tenant,
            theme=signal.theme,
            severity=signal.severity,
            priority=priority(signal.severity),
            owner=route.raci.responsible,
            raci=route.raci,
            rule=route.rule,
            title=signal.title,
            reason=signal.reason,
            assigned_at=signal.at,
            acknowledge_by=acknowledge_by,
            due_at=due_at,
            signal=signal,
            attention=signal.attention,
            attention_reason=signal.attention_reason,
        )
        for action in record.parked:
            if action.kind not in _NO_NEWS[assignment.state]:
                assignment = _moved(assignment, action)
        # It is the signal that is told here, whatever has been done about it by now.
        assignment = replace(assignment, attention=signal.attention, attention_reason=signal.attention_reason)
        return _sent(replace(record, signal_revision=signal.revision, parked=[]), assignment)

    def _revised(self, signal: Signal, held: Assignment) -> Assignment:
        revised = replace(
            held,
            revision=held.revision + 1,
            title=signal.title,
            reason=signal.reason,
            changed_by="signal",
            note="",
            signal=signal,
            attention=signal.attention,
            attention_reason=signal.attention_reason,
        )
        if signal.state is SignalState.RESOLVED:
            return replace(revised, state=AssignmentState.RESOLVED)
        notes = []
        if held.state in _CLOSED:
            revised = replace(revised, state=AssignmentState.OPEN)
            notes.append(f"reopened after it was {_words(held.state)}")
        if _worse(signal.severity, held):
            notes.append(f"escalated from {held.severity} to {signal.severity}")
            revised = self._escalated(signal, revised)
        if revised.owner != held.owner:
            notes.append(f"handed over from {held.owner} to {revised.owner}")
            # An acknowledgement binds only the one who gave it.
            if revised.state is AssignmentState.ACKNOWLEDGED:
                revised = replace(revised, state=AssignmentState.OPEN)
        return replace(revised, note="; ".join(notes))

    def _escalated(self, signal: Signal, held: Assignment) -> Assignment:
        route = self.ownership.route(signal)
        acknowledge_by, due_at = self.deadlines.for_(signal.severity, signal.at)
        return replace(
            held,
            severity=signal.severity,
            priority=priority(signal.severity),
            owner=route.raci.responsible,
            raci=route.raci,
            rule=route.rule,
            acknowledge_by=min(acknowledge_by, held.acknowledge_by),
            due_at=min(due_at, held.due_at),
        )


def _stays_closed(signal: Signal, held: Assignment) -> bool:
    """Whether a closed assignment has nothing to hear of a newer revision."""
    if held.state not in _CLOSED or signal.state is SignalState.RESOLVED:
        return False
    came_back = held.signal.state is SignalState.RESOLVED
    return not came_back and not _worse(signal.severity, held)


def _worse(severity: Severity, held: Assignment) -> bool:
    return severity.rank > held.severity.rank


def _moved(held: Assignment, action: Action) -> Assignment:
    return replace(
        held,
        state=AssignmentState(action.kind.value),
        changed_by=action.by,
        note=action.note,
        attention=UNSET,
        attention_reason=UNSET,
    )


def _sent(record: Record, assignment: Assignment) -> Outcome:
    return Outcome(record=replace(record, assignment=assignment), assignment=assignment)


def _words(state: AssignmentState | ActionKind) -> str:
    return state.value.replace("_", " ")


class _Head(Struct):
    version: int


_encoder = msgspec.msgpack.Encoder()
_head = msgspec.msgpack.Decoder(_Head)
_record = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """MessagePack, with the version."""
    return _encoder.encode(record)


def decode_record(data: bytes) -> Record:
    """The inverse of :func:`encode_record`.

    Raises:
        ValueError: another version wrote it, or it is no record. Never an empty record in its place:
            that would give revisions a second meaning.
    """
    # The version first: the shape of an unknown one cannot be decoded.
    try:
        version = _head.decode(data).version
        if version != RECORD_VERSION:
            raise ValueError(f"assignment record of version {version}, this build knows {RECORD_VERSION}")
        return _record.decode(data)
    except RecursionError:
        raise ValueError("assignment record: nested too deeply") from None
