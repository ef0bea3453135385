"""The life of an assignment, one input at a time."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState
from schemas.ids import derived_id
from schemas.signal import Severity, Signal, SignalState
from sinks.assigning import KEPT_ACTIONS, Assigner, Outcome
from sinks.assignment_record import Record, decode_record, encode_record
from sinks.deadlines import Deadlines
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, RuleConfig
from tests.support.signals import OPENED, make_signal

CONFIG = OwnershipConfig(
    default=RoleConfig(role="cx-operations", accountable="head-of-cx"),
    rules=[
        RuleConfig(name="mobile", match=MatchConfig(theme="login-*"), role="product-mobile", accountable="vp-product"),
        RuleConfig(name="major", match=MatchConfig(severity="critical"), role="incident-lead", accountable="cto"),
    ],
)
ASSIGNER = Assigner(Ownership(CONFIG), Deadlines())

UPDATED = make_signal(revision=2, state=SignalState.UPDATED, mentions=9)
HIGH = make_signal(revision=2, state=SignalState.ESCALATED, severity=Severity.HIGH)
CRITICAL = make_signal(revision=3, state=SignalState.ESCALATED, severity=Severity.CRITICAL)
RESOLVED = make_signal(revision=4, state=SignalState.RESOLVED)


def action(kind: str, name: str = "", note: str = "") -> Action:
    to = "growth" if kind == "reassigned" else ""
    return Action(
        id=name or f"act-{kind}", signal_id="sig-1", kind=ActionKind(kind), at=OPENED, by="ann", note=note, to=to
    )


def step(record: Record | None, message: Signal | Action) -> Outcome:
    return ASSIGNER.on_signal(message, record) if isinstance(message, Signal) else ASSIGNER.on_action(message, record)


def run(*messages: Signal | Action) -> tuple[Record, list[Assignment]]:
    """The record after ``messages``, stored and read back after each, and all that was sent."""
    record, sent = None, []
    for message in messages:
        outcome = step(record, message)
        if outcome.record is not None:
            record = decode_record(encode_record(outcome.record))
        if outcome.assignment is not None:
            sent.append(outcome.assignment)
    assert record is not None
    return record, sent


def test_the_first_revision_is_assigned() -> None:
    signal = make_signal()
    record, [assignment] = run(signal)
    assert record.assignment == assignment
    assert assignment == Assignment(
        id=derived_id("asg", "sig-1"),
        signal_id="sig-1",
        revision=1,
        state=AssignmentState.OPEN,
        tenant="bank",
        theme="login-failure",
        severity=Severity.LOW,
        priority=4,
        owner="product-mobile",
        raci=ASSIGNER.ownership.route(signal).raci,
        rule="mobile",
        title=signal.title,
        reason=signal.reason,
        assigned_at=signal.at,
        acknowledge_by=OPENED + timedelta(hours=24),
        due_at=OPENED + timedelta(days=14),
        changed_by="signal",
        note="",
        signal=signal,
        impact=ASSIGNER.impact.score(signal),
    )


def test_an_update_is_a_new_revision_with_new_evidence() -> None:
    _, [first, second] = run(make_signal(), UPDATED)
    assert (second.revision, second.signal, second.state) == (2, UPDATED, AssignmentState.OPEN)
    assert (second.id, second.owner, second.assigned_at) == (first.id, first.owner, first.assigned_at)


def test_a_repeated_signal_sends_the_stored_assignment_again() -> None:
    record, sent = run(make_signal(), UPDATED, action("acknowledged"))
    outcome = step(record, UPDATED)
    assert outcome.record is None
    assert outcome.assignment == sent[-1]
    assert outcome.reason == "revision 2 was handled before; sent again as it was"


def test_an_older_signal_is_ignored() -> None:
    record, _ = run(make_signal(), UPDATED)
    assert step(record, make_signal()) == Outcome(reason="revision 1 is older than 2, the last handled")


def test_an_escalation_hands_over_and_tightens_the_deadlines() -> None:
    _, [*_, before, after] = run(make_signal(), HIGH, action("acknowledged"), CRITICAL)
    assert (before.owner, before.state) == ("product-mobile", AssignmentState.ACKNOWLEDGED)
    assert (after.owner, after.rule, after.raci.accountable) == ("incident-lead", "major", "cto")
    assert (after.severity, after.priority) == (Severity.CRITICAL, 1)
    assert (after.acknowledge_by, after.due_at) == (
        after.signal.at + timedelta(minutes=15),
        after.signal.at + timedelta(hours=4),
    ), "counted from the escalation, or it would be overdue at birth"
    assert after.note == "escalated from high to critical; handed over from product-mobile to incident-lead"
    assert after.state is AssignmentState.OPEN, "the new owner has not acknowledged"
    assert after.changed_by == "signal"


def test_an_escalation_to_the_same_owner_keeps_the_acknowledgement() -> None:
    _, [*_, after] = run(make_signal(), action("acknowledged"), HIGH)
    assert (after.owner, after.state) == ("product-mobile", AssignmentState.ACKNOWLEDGED)
    assert after.note == "escalated from low to high"


def test_the_owner_sticks_when_only_the_rules_or_the_slices_change() -> None:
    record, [first] = run(make_signal())
    other = OwnershipConfig(default=RoleConfig(role="someone-else", accountable="x"))
    outcome = Assigner(Ownership(other), Deadlines()).on_signal(UPDATED, record)
    assert outcome.assignment is not None
    assert (outcome.assignment.owner, outcome.assignment.raci) == (first.owner, first.raci)


def test_deadlines_are_never_later_than_before() -> None:
    late = make_signal(revision=2, state=SignalState.ESCALATED, severity=Severity.HIGH, at=OPENED + timedelta(days=60))
    _, [first, second] = run(make_signal(), late)
    assert (second.acknowledge_by, second.due_at) == (first.acknowledge_by, first.due_at)


def test_a_lower_severity_changes_neither_severity_nor_owner() -> None:
    _, [*_, before, after] = run(make_signal(), CRITICAL, make_signal(revision=4, state=SignalState.UPDATED))
    assert (after.revision, after.severity, after.owner) == (3, Severity.CRITICAL, before.owner)


@pytest.mark.parametrize("kinds", [[], ["acknowledged"], ["acknowledged", "fix_shipped"], ["dismissed"], ["resolved"]])
def test_a_resolved_signal_resolves_the_assignment(kinds: list[str]) -> None:
    _, [*_, last] = run(make_signal(), *map(action, kinds), RESOLVED)
    assert (last.state, last.changed_by, last.signal) == (AssignmentState.RESOLVED, "signal", RESOLVED)
    assert last.revision == len(kinds) + 2


def test_a_signal_first_seen_resolved_is_assigned_resolved() -> None:
    _, [assignment] = run(RESOLVED)
    assert (assignment.revision, assignment.state) == (1, AssignmentState.RESOLVED)


@pytest.mark.parametrize("kind", ["dismissed", "resolved"])
def test_an_update_does_not_reopen_what_a_person_closed(kind: str) -> None:
    record, [_, closed] = run(make_signal(), action(kind))
    outcome = step(record, UPDATED)
    assert outcome.assignment is None
    assert outcome.reason == f"stays {kind}: revision 2 is no worse than low severity"
    assert outcome.record is not None
    assert (outcome.record.signal_revision, outcome.record.assignment) == (2, closed)
    assert step(outcome.record, UPDATED).assignment == closed


@pytest.mark.parametrize("kind", ["dismissed", "resolved"])
def test_an_escalation_reopens_what_a_person_closed(kind: str) -> None:
    _, [*_, last] = run(make_signal(), action(kind), HIGH)
    assert (last.revision, last.state) == (3, AssignmentState.OPEN)
    assert last.note == f"reopened after it was {kind}; escalated from low to high"


def test_a_signal_that_comes_back_reopens() -> None:
    _, [*_, last] = run(make_signal(), RESOLVED, make_signal(revision=5, state=SignalState.OPENED))
    assert (last.revision, last.state, last.note) == (3, AssignmentState.OPEN, "reopened after it was resolved")


@pytest.mark.parametrize("kind", [kind for kind in ActionKind if kind is not ActionKind.REASSIGNED])
def test_an_action_moves_the_state(kind: ActionKind) -> None:
    _, [first, second] = run(make_signal(), action(kind, note="on it"))
    assert (second.state.value, second.revision) == (kind.value, 2)
    assert (second.changed_by, second.note) == ("ann", "on it")
    assert second.signal == first.signal


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("acknowledged", "acknowledged"),
        ("fix_shipped", "acknowledged"),
        ("resolved", "fix_shipped"),
        ("dismissed", "resolved"),
    ],
)
def test_an_action_that_changes_nothing_is_remembered_and_not_sent(before: str, kind: str) -> None:
    record, [_, held] = run(make_signal(), action(before))
    outcome = step(record, action(kind, "late"))
    assert outcome.assignment is None
    assert outcome.reason == f"action late says {kind.replace('_', ' ')}, but it is already {before.replace('_', ' ')}"
    assert outcome.record is not None
    assert (outcome.record.actions[-1], outcome.record.assignment) == ("late", held)


def test_a_second_fix_is_news() -> None:
    _, [*_, last] = run(make_signal(), action("fix_shipped", "f1"), action("fix_shipped", "f2", note="again"))
    assert (last.revision, last.state, last.note) == (3, AssignmentState.FIX_SHIPPED, "again")


def test_a_repeated_action_sends_again_only_if_it_is_the_last() -> None:
    first, last = action("acknowledged"), action("fix_shipped")
    record, sent = run(make_signal(), first, last)
    assert step(record, first) == Outcome(reason="action act-acknowledged was handled before")
    repeated = step(record, last)
    assert (repeated.record, repeated.assignment) == (None, sent[-1])


def test_early_actions_wait_for_their_signal() -> None:
    early = action("acknowledged")
    waiting = step(None, early)
    assert waiting.reason == "action act-acknowledged waits for signal sig-1"
    assert step(waiting.record, early) == Outcome(reason="action act-acknowledged was handled before")
    record, [assignment] = run(early, action("fix_shipped", note="v2.1"), make_signal())
    assert (assignment.revision, assignment.state) == (1, AssignmentState.FIX_SHIPPED)
    assert (assignment.changed_by, assignment.note) == ("ann", "v2.1")
    assert record.parked == []
    assert step(record, early).record is None


def test_memory_is_bounded() -> None:
    actions = [action("fix_shipped", f"act-{number}") for number in range(3 * KEPT_ACTIONS)]
    record, _ = run(*actions)
    assert (len(record.actions), len(record.parked)) == (KEPT_ACTIONS, KEPT_ACTIONS)
    record, _ = run(make_signal(), *actions)
    assert record.actions == [action.id for action in actions[-KEPT_ACTIONS:]]


def test_a_record_survives_encoding() -> None:
    for messages in ([make_signal(), action("acknowledged"), HIGH], [action("acknowledged")]):
        record, _ = run(*messages)
        assert decode_record(encode_record(record)) == record


def test_an_unknown_version_is_refused_by_name() -> None:
    data = msgspec.msgpack.encode({"version": 7, "assignment": "of another shape"})
    with pytest.raises(ValueError, match="record of version 7, this build knows up to 2"):
        decode_record(data)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"{}", msgspec.msgpack.encode({}), msgspec.msgpack.encode([1])])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_record(data)


def test_an_input_is_never_changed() -> None:
    record, _ = run(make_signal(), action("acknowledged"))
    before = encode_record(record)
    for message in (UPDATED, HIGH, RESOLVED, action("dismissed")):
        step(record, message)
    assert encode_record(record) == before


class Agent:
    """The assign agent over one signal id: two logs, a durable record, committed offsets, and crashes.

    A batch is handled in memory, then stored, then sent, then committed, and may stop anywhere between.
    """

    def __init__(self, signals: list[Signal], actions: list[Action]) -> None:
        self.logs: dict[str, list[Signal] | list[Action]] = {"signals": signals, "actions": actions}
        self.committed = dict.fromkeys(self.logs, 0)
        self.stored = b""
        self.stored_order: list[Signal | Action] = []
        self.sent: dict[int, bytes] = {}
        self.restart()

    def restart(self, rewind: int = 0) -> None:
        """Start over from what is durable; ``rewind`` offsets further back than committed."""
        self.offsets = {log: max(offset - rewind, 0) for log, offset in self.committed.items()}
        self.record = decode_record(self.stored) if self.stored else None
        self.order = list(self.stored_order)
        self.pending: list[Assignment] = []

    def handle(self, log: str) -> bool:
        """Take in the next message of ``log``, if there is one."""
        if self.offsets[log] == len(self.logs[log]):
            return False
        message = self.logs[log][self.offsets[log]]
        self.offsets[log] += 1
        outcome = step(self.record, message)
        assert outcome.assignment is not None or outcome.reason
        if outcome.record is not None:
            self.record = outcome.record
        if message not in self.order:
            self.order.append(message)
        if outcome.assignment is not None:
            self.pending.append(outcome.assignment)
        return True

    def checkpoint(self) -> None:
        self.store()
        self.send(len(self.pending))
        for log, offset in self.offsets.items():
            self.committed[log] = max(self.committed[log], offset)

    def store(self) -> None:
        self.stored = encode_record(self.record) if self.record else b""
        self.stored_order = list(self.order)

    def send(self, count: int) -> None:
        for assignment in self.pending[:count]:
            data = msgspec.json.encode(assignment)
            assert self.sent.setdefault(assignment.revision, data) == data, "one meaning for ever"
        del self.pending[:count]

    def finish(self) -> Assignment:
        while self.handle("signals") or self.handle("actions"):
            pass
        self.checkpoint()
        record, sent = run(*self.order)
        assert self.record == record, "the same as without a crash or a repeat"
        assert record.assignment == sent[-1]
        last = max(self.sent)
        assert (last, self.sent[last]) == (sent[-1].revision, msgspec.json.encode(sent[-1])), "and readers know it"
        return sent[-1]


def interleavings(ones: int, others: int) -> Iterator[list[str]]:
    for places in combinations(range(ones + others), ones):
        yield ["signals" if place in places else "actions" for place in range(ones + others)]


@pytest.mark.parametrize("end", [RESOLVED, make_signal(revision=4, state=SignalState.UPDATED)])
@pytest.mark.parametrize("kinds", list(product(["acknowledged", "fix_shipped", "dismissed"], repeat=2)))
def test_every_interleaving_with_a_crash_at_every_point(kinds: tuple[str, str], end: Signal) -> None:
    signals = [make_signal(), HIGH, CRITICAL, end]
    actions = [action(kind, f"act-{number}") for number, kind in enumerate(kinds)]
    for order in interleavings(len(signals), len(actions)):
        for crash, stored_at in combinations(range(len(order) + 1), 2):
            for sent, rewind in product((0, 1, 9), (0, 9)):
                agent = Agent(signals, actions)
                for log in order[:crash]:
                    agent.handle(log)
                agent.checkpoint()
                for log in order[crash:stored_at]:
                    agent.handle(log)
                agent.store()
                agent.send(sent)
                agent.restart(rewind)
                last = agent.finish()
                assert end is not RESOLVED or last.state is AssignmentState.RESOLVED


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Signal], list[Action]]:
    severity, signals = Severity.LOW, [make_signal()]
    for revision in range(2, draw(st.integers(2, 6))):
        severities = [found for found in Severity if found.rank >= severity.rank]
        worse = draw(st.sampled_from(severities))
        state = SignalState.ESCALATED if worse is not severity else SignalState.UPDATED
        severity = worse
        signals.append(make_signal(revision=revision, state=state, severity=severity))
    if draw(st.booleans()):
        signals.append(make_signal(revision=len(signals) + 1, state=SignalState.RESOLVED, severity=severity))
    kinds = draw(st.lists(st.sampled_from(list(ActionKind)), max_size=6))
    actions = [action(kind, f"act-{number}") for number, kind in enumerate(kinds)]
    # The broker may hold a message twice, and much later.
    signals += draw(st.lists(st.sampled_from(signals), max_size=3))
    actions += draw(st.lists(st.sampled_from(actions), max_size=3)) if actions else []
    return signals, actions


OPERATIONS = st.sampled_from(["signals", "actions", "signals", "actions", "checkpoint", "lose", "store", "send"])


@settings(max_examples=500, deadline=None)
@given(logs(), st.lists(st.tuples(OPERATIONS, st.integers(0, 4)), max_size=40))
def test_any_interleaving_with_any_crashes(
    messages: tuple[list[Signal], list[Action]], script: list[tuple[str, int]]
) -> None:
    agent = Agent(*messages)
    for operation, number in script:
        if operation in agent.logs:
            agent.handle(operation)
            continue
        if operation == "checkpoint":
            agent.checkpoint()
            continue
        if operation in ("store", "send"):
            agent.store()
        if operation == "send":
            agent.send(number)
        agent.restart(number)
    agent.finish()


@pytest.mark.parametrize("kinds", list(product(list(ActionKind), repeat=2)))
def test_early_actions_end_as_punctual_ones_do(kinds: tuple[ActionKind, ...]) -> None:
    actions = [action(kind, f"act-{number}") for number, kind in enumerate(kinds)]
    _, [*_, early] = run(*actions, make_signal())
    _, [*_, punctual] = run(make_signal(), *actions)
    # It is the signal that is told first, whatever was done about it.
    told = {"attention": msgspec.UNSET, "attention_reason": msgspec.UNSET}
    assert early == msgspec.structs.replace(punctual, revision=1, **told)
