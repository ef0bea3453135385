"""The audit: what became of a signal, step by step, and why somebody was told or was not."""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from schemas.signal import Attention, Instant, Severity, SignalState


class AuditKind(StrEnum):
    """What is recorded.

    ``published``: a revision went out, with the decision who hears of it; ``joined``: it became part of an incident;
    ``digested``: a digest that holds it went out; ``forgotten``: nothing is remembered of it any more.
    """

    PUBLISHED = "published"
    JOINED = "joined"
    DIGESTED = "digested"
    FORGOTTEN = "forgotten"


class Audit(Struct, frozen=True, kw_only=True):
    """One step in a signal's life. Keyed by ``signal_id``; readers drop repeats by ``id``.

    Attributes:
        number: 1, 2, 3 ... within the signal.
        revision: of the signal, as published; 0 before the first.
        at: event time of what it is about.
        decided_at: when it was decided, by the clock of the one who decided.
        what: what happened, in words.
        why: why somebody was told, or was not, in words.
        owner: the role it is for.
        incident, digest: ids of the incident and of the digest it is about.
    """

    id: str
    signal_id: str
    number: int
    kind: AuditKind
    tenant: str
    theme: str
    rule: str
    revision: int
    state: SignalState
    severity: Severity
    at: Instant
    decided_at: Instant
    what: str
    why: str
    owner: str = ""
    attention: Attention | UnsetType = UNSET
    incident: str | UnsetType = UNSET
    digest: str | UnsetType = UNSET
