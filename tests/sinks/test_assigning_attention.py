"""How an assignment says who is to hear of it, and that an acknowledgement ends with its signal, which is told."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState
from schemas.codec import decode_assignment, encode_json
from schemas.signal import Attention, Signal, SignalState
from sinks.assigning import Assigner
from sinks.assignment_record import Record, decode_record, encode_record
from sinks.deadlines import Deadlines
from sinks.ownership import Ownership, OwnershipConfig, RoleConfig
from tests.support.signals import OPENED, make_signal

ASSIGNER = Assigner(Ownership(OwnershipConfig(default=RoleConfig(role="cx", accountable="head"))), Deadlines())


def signal(revision: int, state: SignalState, attention: Attention = Attention.NOW) -> Signal:
    return make_signal(
        revision=revision, state=state, attention=attention, attention_reason=f"because of {state.value}"
    )


def action(kind: ActionKind) -> Action:
    return Action(id=f"act-{kind.value}", signal_id="sig-1", kind=kind, at=OPENED, by="ann")


def run(*messages: Signal | Action) -> list[Assignment]:
    """All that was sent, through a record stored and read back each time."""
    record: Record | None = None
    sent = []
    for message in messages:
        take = ASSIGNER.on_signal if isinstance(message, Signal) else ASSIGNER.on_action
        outcome = take(message, record)  # type: ignore[arg-type]
        if outcome.record is not None:
            record = decode_record(encode_record(outcome.record))
        if outcome.assignment is not None:
            sent.append(decode_assignment(encode_json(outcome.assignment)))
    return sent


def test_the_attention_of_the_signal_is_passed_on() -> None:
    first, second = run(
        signal(1, SignalState.OPENED, Attention.NONE), signal(2, SignalState.ESCALATED, Attention.DIGEST)
    )
    assert (first.attention, first.attention_reason) == (Attention.NONE, "because of opened")
    assert (second.attention, second.attention_reason) == (Attention.DIGEST, "because of escalated")


def test_what_an_action_changes_is_not_told_as_the_signal_was() -> None:
    _, acknowledged = run(signal(1, SignalState.OPENED), action(ActionKind.ACKNOWLEDGED))
    assert (acknowledged.attention, acknowledged.attention_reason) == (UNSET, UNSET)


def test_a_signal_that_comes_after_its_action_is_still_told() -> None:
    (only,) = run(action(ActionKind.ACKNOWLEDGED), signal(1, SignalState.OPENED))
    assert (only.state, only.attention) == (AssignmentState.ACKNOWLEDGED, Attention.NOW)


def test_a_signal_that_does_not_say_leaves_it_open() -> None:
    (only,) = run(make_signal())
    assert only.attention is UNSET
    assert b"attention" not in encode_json(only)


@pytest.mark.parametrize("kind", [ActionKind.ACKNOWLEDGED, ActionKind.FIX_SHIPPED])
def test_an_acknowledgement_ends_with_the_signal_and_the_end_is_told(kind: ActionKind) -> None:
    *_, over = run(
        signal(1, SignalState.OPENED),
        action(kind),
        signal(2, SignalState.RESOLVING, Attention.NONE),
        signal(3, SignalState.RESOLVED),
    )
    assert (over.state, over.attention, over.changed_by) == (AssignmentState.RESOLVED, Attention.NOW, "signal")


def test_one_that_comes_back_is_open_again_and_nobody_has_acknowledged_it() -> None:
    *_, back = run(
        signal(1, SignalState.OPENED),
        action(ActionKind.ACKNOWLEDGED),
        signal(2, SignalState.RESOLVED),
        signal(3, SignalState.REGRESSED),
    )
    assert (back.state, back.attention, back.note) == (
        AssignmentState.OPEN,
        Attention.NOW,
        "reopened after it was resolved",
    )


def test_a_flapping_or_lasting_signal_keeps_its_acknowledgement() -> None:
    *_, last = run(
        signal(1, SignalState.OPENED),
        action(ActionKind.ACKNOWLEDGED),
        signal(2, SignalState.FLAPPING),
        signal(3, SignalState.ONGOING, Attention.DIGEST),
    )
    assert (last.state, last.attention) == (AssignmentState.ACKNOWLEDGED, Attention.DIGEST)
