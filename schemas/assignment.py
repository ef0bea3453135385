"""The assignment: a signal, the named role that owns it, and by when."""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from schemas.impact import ImpactScore
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


class CoOwner(Struct, frozen=True, kw_only=True):
    """Another role that works on it too, and why."""

    role: str
    why: str


class Holder(Struct, frozen=True, kw_only=True):
    """Which role has held it, since when, and why it came to it."""

    role: str
    since: Instant
    why: str


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
        impact: how much it matters, part by part.
        on_call: the person of the owning role who was on call when this was decided; left out without a calendar.
        co_owners: roles that work on it too.
        region: where its data and its owner are to stay; left out where no rule says so.
        escalation_step: how many steps of the escalation chain have been taken; left out before the first.
        escalated_to: the roles it has been escalated to by the clock, in order; left out before the first.
        history: who has held it, the oldest first, the holder of now last; left out while it is with its first owner.
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
    impact: ImpactScore | UnsetType = UNSET
    on_call: str | UnsetType = UNSET
    co_owners: list[CoOwner] | UnsetType = UNSET
    region: str | UnsetType = UNSET
    escalation_step: int | UnsetType = UNSET
    escalated_to: list[str] | UnsetType = UNSET
    history: list[Holder] | UnsetType = UNSET
