"""A signal's life in words, from its audit records, to be read aloud. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from msgspec import UNSET

from schemas.audit import Audit, AuditKind
from schemas.signal import Attention, SignalState
from sinks.triage.composing import RULE, called

Clock = Callable[[datetime], str]


def story(audits: Iterable[Audit], incidents: Iterable[Audit] = (), clock: Clock | None = None) -> Iterator[str]:
    """The life of a signal, a line for each step, in order; repeats are left out.

    Args:
        audits: of one signal, at least one.
        incidents: of the incidents that it was part of; what they told once it was is told as well.
        clock: how to write a moment; by default date and time in UTC.
    """
    said = clock or _utc
    own = _ordered(audits)
    first = own[0]
    yield f"{_name(first)} of {first.tenant}, {first.signal_id}."
    joined: dict[str, Audit] = {}
    for audit in own:
        if audit.kind is AuditKind.JOINED and audit.incident is not UNSET:
            joined.setdefault(audit.incident, audit)
    theirs = [
        audit
        for audit in _ordered(incidents)
        if audit.signal_id in joined and audit.decided_at >= joined[audit.signal_id].decided_at
    ]
    for audit in sorted([*own, *theirs], key=lambda each: (each.decided_at, each.signal_id in joined, each.number)):
        subject = f"incident {audit.signal_id}" if audit.signal_id in joined else ""
        yield f"{said(audit.decided_at)}: {_step(audit, subject)}"
    for audit in [each for each in own if each.kind is AuditKind.PUBLISHED][-1:]:
        over = audit.state is SignalState.RESOLVED
        yield "It is over." if over else f"It is not over: {audit.state.value}, {audit.severity.value} severity."


def _ordered(audits: Iterable[Audit]) -> list[Audit]:
    return sorted({audit.id: audit for audit in audits}.values(), key=lambda each: (each.decided_at, each.number))


def _name(audit: Audit) -> str:
    kind = "an incident" if audit.rule == RULE else f"found by the rule {audit.rule}"
    return f"{called(audit.theme)}, {kind}"


def _step(audit: Audit, subject: str) -> str:
    about = f"The {subject} " if subject else "It "
    if audit.kind is AuditKind.PUBLISHED:
        return f"{about}{_happened(audit)}. {_heard(audit)}: {audit.why}."
    if audit.kind is AuditKind.JOINED:
        return f"{about}{audit.what}, because {audit.why}."
    if audit.kind is AuditKind.DIGESTED:
        return f"{about}was {audit.what}, which went to {audit.owner}."
    return f"{about}was {audit.what}: {audit.why}."


def _happened(audit: Audit) -> str:
    # What happened begins with the state and the severity, as a list of them is read.
    _, _, reason = audit.what.partition(": ")
    verb = _VERBS[audit.state].format(audit.severity.value)
    return f"{verb} (revision {audit.revision}): {reason or audit.what}"


_VERBS = {
    SignalState.OPENED: "opened, with {} severity",
    SignalState.UPDATED: "grew, and stayed at {} severity",
    SignalState.ESCALATED: "became worse, and has {} severity",
    SignalState.ONGOING: "went on, with {} severity",
    SignalState.RESOLVING: "went quiet, and may come back",
    SignalState.RESOLVED: "ended",
    SignalState.REGRESSED: "came back, with {} severity",
    SignalState.FLAPPING: "came and went, with {} severity",
}


def _heard(audit: Audit) -> str:
    if audit.attention is Attention.NOW:
        return f"{audit.owner} was told at once"
    if audit.attention is Attention.DIGEST:
        return f"{audit.owner} is told in the next digest"
    return "Nobody was told"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
