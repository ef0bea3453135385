"""Timers of an assignment: deadlines, and the steps of its escalation. What goes off is decided from its record. Pure.

A timer that has gone off is in the record, and so is what it decided until it is known to have been sent: whoever reads
the record after a crash neither lets it go off again nor leaves it unsaid.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from schemas.assignment import AssignmentState, Raci
from schemas.signal import Attention
from sinks.assignment_record import Record
from sinks.escalation import Chain

ACKNOWLEDGE, FIX = "acknowledge", "fix"
CHANGED_BY = "timer"
"""What a revision that a timer decided names as its cause."""

Key = TypeVar("Key", str, bytes)

_UNFIXED = (AssignmentState.OPEN, AssignmentState.ACKNOWLEDGED)


class Timer(NamedTuple):
    """Goes off at ``at``; ``name`` is ``acknowledge``, ``fix`` or ``step 1`` and so on."""

    at: datetime
    name: str


def pending(record: Record, chain: Chain) -> list[Timer]:
    """The timers that would go off if nothing else happened, the earliest first."""
    held = record.assignment
    if held is None or record.since is None:
        return []
    late, found = timedelta(seconds=record.late_s), []
    if held.state is AssignmentState.OPEN:
        found.append(Timer(held.acknowledge_by + late, ACKNOWLEDGE))
    if held.state in _UNFIXED:
        found.append(Timer(held.due_at + late, FIX))
    found += [
        Timer(record.since + step.after + late, _step_name(number))
        for number, step in enumerate(chain, 1)
        if held.state in step.waits
    ]
    return sorted(timer for timer in found if timer.name not in record.gone_off)


def gone_off(record: Record, chain: Chain, now: datetime) -> Record | None:
    """What the timers that are due at ``now`` make of the record, in one revision; None if none is.

    The revision is in the outbox of the record too, until :func:`sent`.
    """
    due = [timer for timer in pending(record, chain) if timer.at <= now]
    held = record.assignment
    if not due or held is None:
        return None
    notes, reason = [], ""
    for timer in due:
        if timer.name == ACKNOWLEDGE:
            notes.append(f"overdue: {held.owner} was to acknowledge it by {_clock(held.acknowledge_by)}")
            reason = reason or "nobody has acknowledged it in time"
        elif timer.name == FIX:
            notes.append(f"overdue: {held.owner} was to fix it by {_clock(held.due_at)}")
            reason = "it has not been fixed in time"
        else:
            number = _step_number(timer.name)
            step = chain[number - 1]
            notes.append(f"escalated to {step.to}: {step.why}")
            reason = f"escalated to {step.to}"
            roles = [*(each for each in held.escalated_to or () if each != step.to), step.to]
            held = replace(held, raci=_told(held.raci, step.to), escalation_step=number, escalated_to=roles)
    revised = replace(
        held,
        revision=held.revision + 1,
        changed_by=CHANGED_BY,
        note="; ".join(notes),
        attention=Attention.NOW,
        attention_reason=reason,
    )
    names = [*record.gone_off, *(timer.name for timer in due)]
    return replace(record, assignment=revised, gone_off=names, outbox=[*record.outbox, revised])


def sent(record: Record, revision: int) -> Record:
    """The record once the broker has the revision that a timer decided."""
    return replace(record, outbox=[each for each in record.outbox if each.revision != revision])


def begun_again(record: Record, since: datetime, *, deadlines: bool, late_s: float = 0.0) -> Record:
    """The record from whose ``since`` the chain counts anew.

    Args:
        deadlines: whether those are new as well.
        late_s: by how much the timers go off later than that.
    """
    kept = [] if deadlines else [name for name in record.gone_off if name in (ACKNOWLEDGE, FIX)]
    return replace(record, since=since, late_s=late_s, gone_off=kept)


def given_anew(record: Record) -> Record:
    """The record whose owner is to acknowledge it, whoever has done so, or not, before him."""
    return replace(record, gone_off=[name for name in record.gone_off if name != ACKNOWLEDGE])


class Alarm(Generic[Key]):
    """Which of many records has the next timer. One time a key.

    >>> alarm: Alarm[str] = Alarm()
    >>> alarm.set("a", 3.0), alarm.set("b", 2.0), alarm.set("a", 1.0), alarm.set("b", None)
    (None, None, None, None)
    >>> list(alarm.due(5.0)), list(alarm.due(5.0))
    (['a'], [])
    """

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._heap: list[tuple[float, Key]] = []

    def set(self, key: Key, at: float | None) -> None:
        """Let ``key`` come due at ``at`` (epoch seconds) and at no other time; never, if None."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heapq.heappush(self._heap, (at, key))

    def due(self, now: float) -> Iterator[Key]:
        """The keys that are due, each once: it comes again only after it was set again."""
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._at.get(key) == at:
                del self._at[key]
                yield key


def _told(raci: Raci, role: str) -> Raci:
    if role in (raci.responsible, raci.accountable, *raci.informed):
        return raci
    return replace(raci, informed=[*raci.informed, role])


def _step_name(number: int) -> str:
    return f"step {number}"


def _step_number(name: str) -> int:
    return int(name.removeprefix("step "))


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
