"""What every decision about a tenant has at hand: the policy, the controls, what is remembered, and what goes out."""

from msgspec import UNSET, UnsetType

from schemas.audit import Audit, AuditKind
from schemas.digest import Digest
from schemas.ids import derived_id
from schemas.signal import Attention, Signal
from schemas.times import instant
from sinks.ownership import Ownership
from sinks.triage.attention import Subscriptions
from sinks.triage.budget import Budget, Offset
from sinks.triage.controls import Controls
from sinks.triage.digesting import Digests
from sinks.triage.ledger import Entry, Ledger
from sinks.triage.section import TriageConfig
from sinks.triage.state import Known, TenantState


class Policy:
    """A configuration, ready to decide by.

    Args:
        offset: how far each tenant's clock is ahead of UTC.
    """

    __slots__ = ("budget", "config", "digests", "ownership", "subscriptions")

    def __init__(self, config: TriageConfig, ownership: Ownership, offset: Offset) -> None:
        self.config, self.ownership = config, ownership
        self.subscriptions = Subscriptions(config.subscriptions)
        self.budget = Budget(config.interruptions_per_day, offset)
        self.digests = Digests(config.digest_seconds, offset)


class Desk:
    """A tenant's state and entries, with what is asked about them."""

    __slots__ = ("controls", "ledger", "policy", "state")

    def __init__(self, policy: Policy, controls: Controls, state: TenantState, ledger: Ledger) -> None:
        self.policy, self.controls, self.state, self.ledger = policy, controls, state, ledger

    def keep(self, entry: Entry) -> int:
        """Keep an entry; its number."""
        number, self.state.next = self.state.next, self.state.next + 1
        self.ledger.add(number, entry)
        return number

    def send(self, entry: Entry) -> int:
        """Put an entry into the outbox; its number."""
        number = self.keep(entry)
        self.state.outbox.append(number)
        return number

    def body(self, known: Known) -> Signal:
        """The newest revision of a signal."""
        entry = self.ledger.entries[known.body]
        assert isinstance(entry, Signal)
        return entry

    def owner(self, signal: Signal) -> str:
        """The role that a signal is for."""
        return self.policy.ownership.route(signal).raci.responsible

    def audit(
        self,
        kind: AuditKind,
        known: Known,
        now: float,
        *,
        what: str,
        why: str,
        owner: str = "",
        attention: Attention | UnsetType = UNSET,
        incident: str | UnsetType = UNSET,
        digest: Digest | None = None,
        signal: Signal | None = None,
    ) -> None:
        """Record a step in the life of a signal."""
        known.audits += 1
        state = signal.state if signal else known.state
        self.send(
            Audit(
                id=derived_id("aud", known.id, kind.value, known.audits, known.revision, state.value),
                signal_id=known.id,
                number=known.audits,
                kind=kind,
                tenant=self.state.tenant,
                theme=known.theme,
                rule=known.rule,
                revision=known.revision,
                state=state,
                severity=signal.severity if signal else known.severity,
                at=signal.at if signal else instant(known.at),
                decided_at=instant(now),
                what=what,
                why=why,
                owner=owner,
                attention=attention,
                incident=incident,
                digest=digest.id if digest else UNSET,
            )
        )
