"""Incidents: signals join one or make one, and it tells what has changed, once for all of them."""

from schemas.audit import AuditKind
from schemas.duration import format_duration
from schemas.ids import derived_id
from schemas.signal import Attention, Severity, SignalState
from sinks.triage import causes
from sinks.triage.attention import Wish
from sinks.triage.causes import THEME, Group
from sinks.triage.composing import Revision, compose
from sinks.triage.desk import Desk
from sinks.triage.state import Incident, Known, SliceFact, learn, louder
from sinks.triage.telling import publish

MOST_MEMBERS = 500
"""Members of one incident; what comes beyond is told by itself."""

_LATEST = 6
"""So many windows after the last member began, another may still join."""

_MOST_OPENINGS = 500
_DAY_S = 86_400.0
_QUIET = (SignalState.RESOLVING, SignalState.RESOLVED)


def group(desk: Desk, names: set[str], now: float) -> None:
    """Let signals that have changed join an incident, or make one with others.

    What came together is taken by onset, so the order of arrival is of no account.
    """
    fresh = sorted((known for known in _singles(desk) if known.id in names), key=_begun)
    for known in fresh:
        found = _joinable(desk, known)
        if found is not None:
            _join(desk, found, known, now)
    for known in fresh:
        if not known.incident:
            _found(desk, known, now)
    for known in fresh:
        if not known.incident and known.revision == 0:
            _count(desk, known.opened_at)


def note(desk: Desk, known: Known, now: float) -> None:
    """Take in that a member has changed."""
    incident = desk.state.incidents.get(known.incident)
    if incident is None:
        return
    if not known.open:
        return
    parent = desk.state.signals.get(incident.id)
    if (parent is not None and not parent.open) or urgent(desk, incident, known):
        incident.due = now
    elif parent is not None:
        lasts = known.state is SignalState.ONGOING and now - incident.published_at >= _DAY_S
        if lasts or known.severity.rank > parent.severity.rank:
            soon(desk, incident, now)


def settle(desk: Desk, now: float) -> None:
    """Tell what is due of every incident."""
    for incident in sorted(desk.state.incidents.values(), key=lambda each: each.id):
        members = desk.state.members(incident)
        parent = desk.state.signals.get(incident.id)
        if not members or (parent is not None and not parent.open and incident.due is None):
            continue
        if not any(member.open for member in members):
            _end(desk, incident, members, parent, now)
        elif incident.due is not None and incident.due <= now:
            _tell(desk, incident, members, parent, now)


def _begun(known: Known) -> tuple[float, str]:
    return known.onset, known.id


def _singles(desk: Desk) -> list[Known]:
    incidents = desk.state.incidents
    return [
        known
        for known in desk.state.signals.values()
        if not known.incident and known.id not in incidents and known.state not in _QUIET
    ]


def _joinable(desk: Desk, known: Known) -> Incident | None:
    config, found = desk.policy.config, []
    for incident in desk.state.incidents.values():
        parent = desk.state.signals.get(incident.id)
        if (parent is not None and not parent.open) or len(incident.members) >= MOST_MEMBERS:
            continue
        first, last = incident.opened_at, incident.last_onset
        if incident.cause:
            near = first - config.window_s <= known.onset <= last + _LATEST * config.window_s
            if near and (fact := _shared(incident, known)) is not None:
                found.append((fact.weight, incident.id, incident))
            continue
        near = first - config.together_s <= known.onset <= last + config.together_s
        alike = any(member.rising is known.rising for member in desk.state.members(incident))
        if near and alike and causes.unexplained(known):
            found.append((-1.0, incident.id, incident))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _shared(incident: Incident, known: Known) -> SliceFact | None:
    """The slice by which a signal shares an incident's cause; None if it does not."""
    cause = incident.cause
    if cause.startswith(THEME):
        return SliceFact(cause, 1.0, 1e-9) if known.theme == cause.removeprefix(THEME) else None
    # Other slices that rose with it are no evidence: had it the cause, it would show that as well.
    return causes.fit(known, cause, weak=len(incident.members) >= causes.ESTABLISHED)


def _join(desk: Desk, incident: Incident, known: Known, now: float) -> None:
    fact = _shared(incident, known) if incident.cause else None
    near = known.onset - incident.last_onset <= desk.policy.config.window_s
    sure = fact is not None and fact.traffic <= causes.NARROW and near
    if not sure:
        incident.differing.append(known.id)
    add(desk, incident, known, now, "" if sure else ", which is named for it may have another cause")
    if urgent(desk, incident, known):
        incident.due = now
    else:
        soon(desk, incident, now)
    incident.cause = causes.explained(desk.state.members(incident), incident.cause)


def add(desk: Desk, incident: Incident, known: Known, now: float, doubt: str = "") -> None:
    """Make a signal a member."""
    away_s = abs(known.onset - incident.opened_at)
    shares = f"shares {incident.cause}" if incident.cause else "moved at the same time"
    when = f"began {format_duration(round(away_s))} {'after' if known.onset >= incident.opened_at else 'before'} it"
    incident.members.append(known.id)
    incident.last_onset = max(incident.last_onset, known.onset)
    # From here on the incident speaks for it.
    known.incident, known.hushed, known.untold = incident.id, "", None
    desk.audit(
        AuditKind.JOINED,
        known,
        now,
        what=f"became part of incident {incident.id}",
        why=f"it {shares} and {when}{doubt}",
        incident=incident.id,
    )


def _found(desk: Desk, known: Known, now: float) -> None:
    config = desk.policy.config
    near = sorted((one for one in _singles(desk) if abs(one.onset - known.onset) <= config.window_s), key=_begun)
    mean = causes.expected(desk.state.openings, known.onset, config.window_s)
    for each in causes.groups(near, mean):
        if known in each.members:
            _make(desk, each, now)
            return
    close = [one for one in near if abs(one.onset - known.onset) <= config.together_s]
    mean = causes.expected(desk.state.openings, known.onset, config.together_s)
    unexplained = causes.at_once(close, config.together_least, mean)
    if unexplained is not None and known in unexplained.members:
        _make(desk, unexplained, now)


def _make(desk: Desk, made: Group, now: float) -> None:
    members = made.members[:MOST_MEMBERS]
    first = min(members, key=lambda known: (known.opened_at, known.id))
    # Another incident of the same first member, should this one be forgotten before it ends, is another one.
    name = derived_id("inc", desk.state.tenant, first.id, round(first.opened_at * 1000), desk.state.next)
    largest = max(members, key=lambda known: (known.mentions, known.id))
    incident = Incident(name, largest.theme, made.cause, first.opened_at, first.onset, [])
    desk.state.incidents[name] = incident
    for known in members:
        add(desk, incident, known, now)
        if known.opened_at in desk.state.openings:
            desk.state.openings.remove(known.opened_at)
    told_at = max((known.told_at for known in members if known.told is Attention.NOW), default=0.0)
    incident.due = now
    # Somebody was told of a part of it a moment ago: the rest may be complete by the next message.
    if told_at and not any(urgent(desk, incident, known) for known in members):
        incident.due = max(now, told_at + desk.policy.config.group_interval_s)


def urgent(desk: Desk, incident: Incident, known: Known) -> bool:
    """Whether a member is critical, and nobody has been told of anything critical here."""
    parent = desk.state.signals.get(incident.id)
    told = [member.told_severity for member in desk.state.members(incident) if member.told is Attention.NOW]
    told += [parent.severity] if parent is not None and parent.open else []
    return known.severity is Severity.CRITICAL and Severity.CRITICAL not in told


def soon(desk: Desk, incident: Incident, now: float) -> None:
    """Have what has changed told at the next interval."""
    soonest = max(now, incident.published_at + desk.policy.config.group_interval_s) if incident.published_at else now
    incident.due = soonest if incident.due is None else incident.due


def _tell(desk: Desk, incident: Incident, members: list[Known], parent: Known | None, now: float) -> None:
    open_ = [member for member in members if member.open]
    worst = max((member.severity for member in open_), key=lambda severity: severity.rank)
    new = [member for member in members if member.id not in set(incident.named)]
    if parent is None:
        state = SignalState.OPENED
    elif not parent.open:
        state = SignalState.REGRESSED
    elif worst.rank > parent.severity.rank:
        state = SignalState.ESCALATED
    else:
        state = SignalState.UPDATED if new else SignalState.ONGOING
    if parent is not None and parent.open:
        worst = max(worst, parent.severity, key=lambda severity: severity.rank)
    differing = [member for member in new if member.id in incident.differing]
    wish = None
    if parent is None and not _news(members, worst):
        wish = Wish(Attention.DIGEST, "all its themes were told before, and it is no worse")
    elif state is SignalState.UPDATED and any(member.severity is not Severity.LOW for member in differing):
        names = ", ".join(sorted({member.theme for member in differing}))
        wish = Wish(Attention.NOW, f"it now names {names}, which may have another cause")
    _publish(desk, incident, open_, state, worst, now, wish)


def _news(members: list[Known], worst: Severity) -> bool:
    """Whether an incident tells more than its members have."""
    told = [member for member in members if member.told is Attention.NOW]
    themes = {member.theme for member in told}
    return any(member.theme not in themes for member in members) or all(
        member.told_severity.rank < worst.rank for member in told
    )


def _end(desk: Desk, incident: Incident, members: list[Known], parent: Known | None, now: float) -> None:
    told = Attention.NONE if parent is None else parent.told
    for member in members:
        told = louder(told, member.told)
        member.told = Attention.NONE
    worst = max((member.severity for member in members), key=lambda severity: severity.rank)
    wish = None
    if parent is None and told is Attention.NONE:
        wish = Wish(Attention.DIGEST, "it was over before it was told")
    _publish(desk, incident, members, SignalState.RESOLVED, worst, now, wish, told)
    desk.state.signals[incident.id].closed_at = now


def _publish(
    desk: Desk,
    incident: Incident,
    shown: list[Known],
    state: SignalState,
    severity: Severity,
    now: float,
    wish: Wish | None,
    told: Attention | None = None,
) -> None:
    """Send a revision of an incident; ``told``: how loudly its beginning was told, its members' included."""
    parent = desk.state.signals.get(incident.id)
    number = parent.revision + 1 if parent else 1
    incident.cause = causes.explained(shown, incident.cause)
    pairs = [(known, desk.body(known)) for known in shown]
    signal = compose(desk.state.tenant, incident, pairs, Revision(number, state, severity))
    parent = desk.state.signals[incident.id] = learn(parent, signal, -1)
    parent.closed_at = None
    if told is not None:
        parent.told = told
    parent.body = publish(desk, parent, signal, now, wish)
    incident.named, incident.differing = list(incident.members), []
    incident.due, incident.published_at = None, now


def child(incident: Incident) -> Wish:
    """How a member's own revisions are told: not at all."""
    about = f"they share {incident.cause}" if incident.cause else "they moved at the same time"
    if incident.cause.startswith(THEME):
        about = "it is the same theme"
    return Wish(Attention.NONE, f"told with incident {incident.id}: {about}")


def _count(desk: Desk, opened_at: float) -> None:
    kept = [at for at in desk.state.openings if at >= opened_at - 2 * _DAY_S]
    desk.state.openings = sorted([*kept, opened_at])[-_MOST_OPENINGS:]
