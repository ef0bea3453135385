"""Publishing a revision: who hears of it is decided here, once, and remembered together with its reason."""

from msgspec import UNSET
from msgspec.structs import replace

from schemas.audit import AuditKind
from schemas.control import Control
from schemas.signal import Attention, Severity, Signal, SignalState
from schemas.times import instant
from sinks.triage.attention import Wish
from sinks.triage.controls import facts_of
from sinks.triage.desk import Desk
from sinks.triage.state import Known, louder

# Of what is kept back, the first of these is what is told when the silence ends.
_UNTOLD = (SignalState.OPENED, SignalState.REGRESSED, SignalState.ESCALATED, SignalState.FLAPPING)


def publish(desk: Desk, known: Known, signal: Signal, now: float, wish: Wish | None = None) -> int:
    """Send a revision with the decision who hears of it; the number of its entry.

    Args:
        signal: the evidence; its revision is raised if triage has spoken of its own accord before.
        wish: how it is to be told, where that does not follow from its state.
    """
    owner = desk.owner(signal)
    themes = _themes(desk, known)
    if wish is None:
        untold = known.untold if signal.state in (SignalState.UPDATED, SignalState.ONGOING) else None
        # What was kept back under a silence has not been told yet, whatever is to be told now.
        asked = signal if untold is None else replace(signal, state=untold)
        wish = desk.policy.subscriptions.wish(asked, known, facts_of(asked, owner, themes))
    wish = _unless_over(known, signal, wish)
    wish = _unless_hushed(desk, known, signal, wish, now)
    if wish.attention is Attention.NOW:
        refusal = desk.policy.budget.refusal(desk.state, owner, signal.severity, signal.state, now)
        if refusal:
            wish = Wish(Attention.DIGEST, f"{wish.why}; but {refusal}")
    known.revision = max(known.revision + 1, signal.revision)
    out = replace(
        signal,
        revision=known.revision,
        attention=wish.attention,
        attention_reason=wish.why,
        incident=known.incident or UNSET,
    )
    _remember(desk, known, out, owner, wish, now)
    number = desk.send(out)
    what = f"{signal.state.value.replace('_', ' ')}, severity {signal.severity.value}: {signal.reason}"
    desk.audit(
        AuditKind.PUBLISHED,
        known,
        now,
        what=what,
        why=wish.why,
        owner=owner,
        attention=wish.attention,
        incident=known.incident or UNSET,
        signal=out,
    )
    return number


def again(desk: Desk, now: float) -> None:
    """Tell what a silence or a snooze has kept back, if that has ended, and it is not over and as bad as before."""
    for known in sorted(desk.state.signals.values(), key=lambda each: each.id):
        if desk.controls.has_snooze(known.id):
            # Notes how the signal stands when the snooze comes.
            desk.controls.snooze(known, now)
        if not kept_back(known):
            continue
        body = desk.body(known)
        if hush(desk, known, body, now) is not None:
            continue
        name = known.hushed
        body = replace(body, state=known.untold or body.state)
        asked = desk.policy.subscriptions.wish(body, known, facts_of(body, desk.owner(body), _themes(desk, known)))
        publish(desk, known, body, now, Wish(asked.attention, f"{name} has ended and it is not over; {asked.why}"))


def kept_back(known: Known) -> bool:
    """Whether something is to be told of a signal as soon as nothing keeps it back."""
    over = not known.open or known.state is SignalState.RESOLVING
    return known.untold is not None and not known.incident and not over


def hush(desk: Desk, known: Known, signal: Signal, now: float) -> Control | None:
    """The silence or snooze that keeps a signal back; an incident is silenced if all its open members are."""
    snoozed = desk.controls.snooze(known, now)
    if snoozed is not None:
        return snoozed
    incident = desk.state.incidents.get(known.id)
    if incident is None:
        return desk.controls.silence(facts_of(signal, desk.owner(signal)), now)
    found: Control | None = None
    for member in desk.state.members(incident):
        if member.open:
            body = desk.body(member)
            found = desk.controls.silence(facts_of(body, desk.owner(body)), now)
            if found is None:
                return None
    return found


def _themes(desk: Desk, known: Known) -> tuple[str, ...]:
    incident = desk.state.incidents.get(known.id)
    return tuple(sorted({each.theme for each in desk.state.members(incident)})) if incident else ()


def _unless_over(known: Known, signal: Signal, wish: Wish) -> Wish:
    over = known.state is SignalState.RESOLVED and signal.state is not SignalState.RESOLVED
    if over and wish.attention is Attention.NOW and signal.severity is not Severity.CRITICAL:
        return Wish(Attention.DIGEST, f"{wish.why}; but it is over already")
    return wish


def _unless_hushed(desk: Desk, known: Known, signal: Signal, wish: Wish, now: float) -> Wish:
    # Whoever was told of a beginning is told of its end, silence or not.
    if wish.attention is Attention.NONE or signal.state is SignalState.RESOLVED:
        return wish
    control = hush(desk, known, signal, now)
    if control is None:
        known.hushed, known.untold = "", None
        return wish
    if signal.state in _UNTOLD:
        known.untold = min(signal.state, known.untold or signal.state, key=_UNTOLD.index)
    if known.untold is not None:
        known.hushed = control.id
    until = f"until {control.expires:%Y-%m-%d %H:%M} UTC"
    if control.mentions is not None:
        until += f" or {control.mentions} more mentions"
    verb = "silenced" if control.kind.value == "silence" else "snoozed"
    return Wish(Attention.NONE, f"{verb} by {control.by} {until}: {control.reason} ({control.id})")


def _remember(desk: Desk, known: Known, out: Signal, owner: str, wish: Wish, now: float) -> None:
    if wish.attention is Attention.NOW:
        desk.policy.budget.spend(desk.state, owner, now)
        known.told_at = now
    elif wish.attention is Attention.DIGEST:
        desk.policy.digests.put(desk.state, owner, out, wish.why, now)
    # The end of a member is told with its incident's.
    if out.state is SignalState.RESOLVED and not known.incident:
        known.told, known.told_severity = Attention.NONE, Severity.LOW
        known.hushed, known.untold = "", None
    elif wish.attention is not Attention.NONE:
        known.told = louder(known.told, wish.attention)
        known.told_severity = max(known.told_severity, out.severity, key=lambda severity: severity.rank)


def digests(desk: Desk, now: float) -> None:
    """Send the digests whose hour has come."""
    for digest in desk.policy.digests.due(desk.state, now):
        desk.send(digest)
        for item in digest.items:
            known = desk.state.signals.get(item.signal_id)
            if known is not None:
                what = f"told in the digest of {instant(digest.at.timestamp()):%Y-%m-%d %H:%M} UTC"
                desk.audit(AuditKind.DIGESTED, known, now, what=what, why=item.why, owner=digest.owner, digest=digest)
