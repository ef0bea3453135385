"""Incidents that turn out to have one cause become one: the smaller is from then on told with the larger."""

from msgspec.structs import replace

from schemas.signal import Attention, Signal, SignalState
from sinks.triage import causes
from sinks.triage.attention import Wish
from sinks.triage.desk import Desk
from sinks.triage.incidents import MOST_MEMBERS, add, soon, urgent
from sinks.triage.state import Incident, louder
from sinks.triage.telling import publish


def merge(desk: Desk, now: float) -> None:
    """Merge the open incidents that have one cause, as their members stand now, and that overlap."""
    open_ = [each for each in desk.state.incidents.values() if _open(desk, each)]
    ranked = sorted(open_, key=lambda each: (not each.cause, -len(each.members), each.opened_at, each.id))
    for place, into in enumerate(ranked):
        for other in ranked[place + 1 :]:
            both = into.id in desk.state.incidents and other.id in desk.state.incidents
            if both and into.cause and _alike(desk, into, other):
                _absorb(desk, into, other, now)


def _open(desk: Desk, incident: Incident) -> bool:
    parent = desk.state.signals.get(incident.id)
    return parent is None or parent.open


def _alike(desk: Desk, into: Incident, other: Incident) -> bool:
    window_s = desk.policy.config.window_s
    apart = other.opened_at > into.last_onset + window_s or into.opened_at > other.last_onset + window_s
    if apart or len(into.members) + len(other.members) > MOST_MEMBERS:
        return False
    members = desk.state.members(other)
    fitting = [member for member in members if causes.fit(member, into.cause, weak=True) is not None]
    return bool(fitting) and len(fitting) >= causes.COVERED * len(members)


def _absorb(desk: Desk, into: Incident, other: Incident, now: float) -> None:
    parent = desk.state.signals.get(other.id)
    for member in desk.state.members(other):
        if parent is not None:
            # What was told of the smaller one was told of its members.
            member.told, member.told_at = louder(member.told, parent.told), max(member.told_at, parent.told_at)
            told = (member.told_severity, parent.told_severity)
            member.told_severity = max(told, key=lambda severity: severity.rank)
        add(desk, into, member, now)
    del desk.state.incidents[other.id]
    if any(urgent(desk, into, member) for member in desk.state.members(into)):
        into.due = now
    else:
        soon(desk, into, now)
    if parent is None:
        return
    parent.incident, parent.closed_at = into.id, now
    body = desk.ledger.entries[parent.body]
    assert isinstance(body, Signal)
    text = f"it has the same cause as incident {into.id}, {into.cause}, and is part of it now"
    last = replace(body, revision=parent.revision + 1, state=SignalState.RESOLVED, reason=text, resolved_at=body.at)
    publish(desk, parent, last, now, Wish(Attention.NONE, f"told with incident {into.id}, and so is its end"))
    parent.state, parent.told = SignalState.RESOLVED, Attention.NONE
