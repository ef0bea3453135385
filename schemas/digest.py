"""The digest: what one owner is told of together, at set hours."""

from msgspec import Struct

from schemas.signal import Instant, Severity, SignalState


class DigestItem(Struct, frozen=True, kw_only=True):
    """A signal as it stood when it was last put into the digest.

    Attributes:
        revision: the last one that the digest is for.
        at: event time of that revision.
        why: why it is told here and not at once, in words.
    """

    signal_id: str
    revision: int
    state: SignalState
    theme: str
    severity: Severity
    title: str
    reason: str
    at: Instant
    why: str


class Digest(Struct, frozen=True, kw_only=True):
    """What a role is told of together. Keyed by ``id``; readers drop repeats by it.

    Attributes:
        at: the hour it was due at.
        items: one for each signal, the worst first.
        more: signals beyond those, which only the audit names.
    """

    id: str
    tenant: str
    owner: str
    at: Instant
    items: list[DigestItem]
    more: int = 0
