"""Signals' lives for the bench of the connectors, and what must have come of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Attention, Severity, SignalState
from sinks.connectors.base import marker
from tests.bench.workflow_targets import comments_of, is_open, shown_by
from tests.support.jobs import make_assignment
from tests.support.signals import OPENED, make_signal

OWNERS = 200
LIVES = {
    (SignalState.OPENED,): 4,
    (SignalState.OPENED, SignalState.ESCALATED): 3,
    (SignalState.OPENED, SignalState.UPDATED, SignalState.ESCALATED, SignalState.RESOLVED): 2,
    (SignalState.OPENED, SignalState.ESCALATED, SignalState.RESOLVED, SignalState.REGRESSED): 1,
}
"""What may happen to a signal, and how often, of ten."""
_LOUD = (SignalState.ESCALATED, SignalState.RESOLVED, SignalState.REGRESSED)


class Verdict(NamedTuple):
    """What is wrong with a target's tickets.

    Attributes:
        duplicates: tickets beyond the one that each signal is to have.
        lost: signals without a ticket, or whose ticket does not show how things stand.
        reordered: signals of which something was told before what came first.
        repeated: comments told more than once.
    """

    tickets: int
    duplicates: int
    lost: int
    reordered: int
    repeated: int


def owner(number: int) -> str:
    """The role that a signal is for."""
    return f"team-{number % OWNERS}"


def revisions(number: int, states: tuple[SignalState, ...]) -> Iterator[Assignment]:
    """A signal's assignments; the number of each stands in its title and its reason, as r1, r2 ..."""
    severity = Severity.MEDIUM
    for revision, state in enumerate(states, 1):
        severity = Severity.CRITICAL if state is SignalState.ESCALATED else severity
        told = f"{state.value} r{revision}"
        signal = make_signal(
            id=f"sig-{number:016x}", revision=revision, state=state, severity=severity, title=told, reason=told
        )
        closed = state is SignalState.RESOLVED
        yield make_assignment(
            id=f"asg-{number}",
            signal_id=signal.id,
            revision=revision,
            state=AssignmentState.RESOLVED if closed else AssignmentState.OPEN,
            severity=severity,
            owner=owner(number),
            title=told,
            reason=told,
            note=told,
            assigned_at=OPENED + timedelta(seconds=number),
            signal=signal,
            attention=Attention.NOW,
        )


def load(signals: int, seed: int) -> tuple[list[Assignment], dict[str, list[Assignment]]]:
    """Everything in the order it is sent, one assignment in ten sent twice; and each signal's own."""
    chosen = random.Random(seed)
    lives = chosen.choices(list(LIVES), list(LIVES.values()), k=signals)
    held = {f"sig-{number:016x}": list(revisions(number, life)) for number, life in enumerate(lives)}
    timed = [
        (number + chosen.uniform(2, signals / 10) * index, each)
        for number, life in enumerate(held.values())
        for index, each in enumerate(life)
    ]
    ordered: dict[str, float] = {}
    placed = []
    for at, each in sorted(timed, key=lambda found: (found[1].revision, found[0])):
        # Later revisions after earlier ones, whatever the dice say.
        ordered[each.signal_id] = at = max(at, ordered.get(each.signal_id, 0.0) + 1.0)
        placed.append((at, each))
        if chosen.random() < 0.1:
            placed.append((at + 0.5, each))
    return [each for _, each in sorted(placed, key=lambda found: found[0])], held


def judge(made: Mapping[str, list[tuple[float, dict[str, Any]]]], held: Mapping[str, list[Assignment]]) -> Verdict:
    """Compare a target's tickets with the signals."""
    lost = reordered = repeated = duplicates = tickets = 0
    for signal_id, life in held.items():
        found = made.get(marker(signal_id), [])
        tickets += len(found)
        if not found:
            lost += 1
            continue
        duplicates += len(found) - 1
        ticket = found[0][1]
        told = comments_of(ticket)
        distinct = list(dict.fromkeys(told))
        repeated += len(told) - len(distinct)
        reordered += distinct != sorted(distinct)
        last = life[-1]
        stands = shown_by(ticket) == last.revision and is_open(ticket) == (last.state is AssignmentState.OPEN)
        loud = {each.revision for each in life if each.signal.state in _LOUD}
        # What a ticket began with is in its text; what came after is told.
        first = min((each for each in told), default=last.revision + 1)
        untold = {each for each in loud if each >= first} - set(told)
        lost += not stands or bool(untold)
    return Verdict(tickets, duplicates, lost, reordered, repeated)
