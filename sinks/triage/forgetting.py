"""What keeps a tenant's state small: what is over is forgotten after a while, and beyond a bound what matters least."""

from schemas.audit import AuditKind
from schemas.signal import Attention
from sinks.triage.desk import Desk
from sinks.triage.state import Known

MOST_SIGNALS = 2_000
"""Signals and incidents of one tenant that are remembered."""


def forget(desk: Desk, now: float) -> None:
    """Forget what has been over for long enough; members only together with their incident.

    Beyond the bound those that are over go first, the oldest of them first, then those that nobody was told of, then
    the least severe. One that goes while it is open is told as if it were new when it is heard of again.
    """
    state, before = desk.state, now - desk.policy.config.remember_s
    for incident in list(state.incidents.values()):
        parent = state.signals.get(incident.id)
        if parent is not None and parent.closed_at is not None and parent.closed_at < before:
            _drop(desk, incident.id)
    for known in list(state.signals.values()):
        if known.closed_at is not None and known.closed_at < before and known.incident not in state.incidents:
            _drop(desk, known.id)
    excess = len(state.signals) - MOST_SIGNALS
    if excess <= 0:
        return
    busy = {each.id for each in [*state.fresh, *state.held]}
    ranked = sorted((known for known in state.signals.values() if known.id not in busy), key=_worth)
    for known in ranked[:excess]:
        if known.id not in state.signals:
            continue
        if known.open:
            why = f"{MOST_SIGNALS} signals of a tenant are remembered, and this one matters least"
            desk.audit(AuditKind.FORGOTTEN, known, now, what="forgotten while it was open", why=why)
        _drop(desk, known.id)


def _worth(known: Known) -> tuple[object, ...]:
    told = known.told is not Attention.NONE or bool(known.incident)
    return known.open, told, known.severity.rank, known.closed_at or known.at, known.id


def _drop(desk: Desk, name: str) -> None:
    """Forget a signal; with an incident, its members that are over, while the others are on their own again."""
    state = desk.state
    state.signals.pop(name, None)
    incident = state.incidents.pop(name, None)
    if incident is None:
        return
    for member in state.members(incident):
        if member.open:
            member.incident = ""
        else:
            del state.signals[member.id]
