"""The assignment: a signal, the named role that owns it, and by when."""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from schemas.signal import Attention, Instant, Severity, Signal


class AssignmentState(StrEnum):
    """What has happened to the assignment so far."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    FIX_SHIPPED = "fix_shipped"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class Raci(Struct, frozen=True, kw_only=True):
    """Who does it, who answers for it, who is asked and who is told: all roles, not persons."""

    responsible: str
    accountable: str
    consulted: list[str] = []
    informed: list[str] = []


class Assignment(Struct, kw_only=True):
    """A signal with a named owner and a deadline; a connector needs nothing else.

    The pair (signal_id, revision) has one meaning for ever; readers drop repeats by it.

    Attributes:
        owner: a role, never empty.
        rule: name of the ownership rule that won, ``default`` if none matched.
        priority: 1 (drop everything) to 4.
        acknowledge_by, due_at: deadlines by severity, counted from ``signal.opened_at``; an escalation may
            bring them forward.
        changed_by: who or what caused this revision (``signal`` or the author of an action).
        signal: the evidence.
        attention: how a person is to hear of this revision, and why so, as the signal says; left out where an action
            caused the revision, or the signal does not say.
    """

    id: str
    signal_id: str
    revision: int
    state: AssignmentState
    tenant: str
    theme: str
    severity: Severity
    priority: int
    owner: str
    raci: Raci
    rule: str
    title: str
    reason: str
    assigned_at: Instant
    acknowledge_by: Instant
    due_at: Instant
    changed_by: str = "signal"
    note: str = ""
    signal: Signal
    attention: Attention | UnsetType = UNSET
    attention_reason: str | UnsetType = UNSET
