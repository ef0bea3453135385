"""Triage of one tenant: revisions come in, and at each turn of the clock it is decided what goes out."""

from schemas.signal import Severity, Signal, SignalState
from sinks.triage import incidents, telling
from sinks.triage.controls import Controls
from sinks.triage.desk import Desk, Policy
from sinks.triage.forgetting import forget
from sinks.triage.ledger import Ledger
from sinks.triage.merging import merge
from sinks.triage.state import STATE_VERSION, TenantState, Waiting, learn

_BEGINS = (SignalState.OPENED, SignalState.REGRESSED)


class TenantTriage:
    """Everything that was found about one tenant.

    What comes in between two turns is taken in a set order, so the order of arrival, but for that of one signal's
    revisions, is of no account.

    Args:
        state, ledger: what an earlier one left.
    """

    __slots__ = ("desk", "ledger", "state")

    def __init__(
        self,
        policy: Policy,
        controls: Controls,
        tenant: str,
        state: TenantState | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.state = state or TenantState(STATE_VERSION, tenant)
        self.ledger = ledger or Ledger()
        self.desk = Desk(policy, controls, self.state, self.ledger)

    def apply(self, signal: Signal) -> bool:
        """Take in a revision; False if it, or a newer one, came before."""
        known = self.state.signals.get(signal.id)
        if known is not None and signal.revision <= known.seen:
            return False
        body = self.desk.keep(signal)
        self.state.signals[signal.id] = learn(known, signal, body)
        self.state.fresh.append(Waiting(signal.at.timestamp(), signal.id, signal.revision, body))
        return True

    def turn(self, now: float) -> bool:
        """Decide on what is ripe at ``now`` (epoch seconds); whether anything is to be sent."""
        sent = len(self.state.outbox)
        ready = self._arrived(now)
        ready += [each for each in self.state.held if each.until <= now]
        self.state.held = [each for each in self.state.held if each.until > now]
        if ready:
            self.state.touched_at = now
            ready.sort(key=_order)
            incidents.group(self.desk, {each.id for each in ready}, now)
            for each in ready:
                self._decide(each, now)
            merge(self.desk, now)
        incidents.settle(self.desk, now)
        telling.again(self.desk, now)
        telling.digests(self.desk, now)
        forget(self.desk, now)
        return len(self.state.outbox) > sent

    def due(self, now: float) -> float | None:
        """When the next turn has something to do; None if only a revision can change anything."""
        state = self.state
        moments = [incident.due for incident in state.incidents.values() if incident.due is not None]
        moments += [pending.due for pending in state.digests.values()]
        moments += [each.until for each in state.held]
        moments += [now] if state.fresh else []
        kept_back = {known.hushed for known in state.signals.values() if telling.kept_back(known)}
        if kept_back:
            ends = [control.expires.timestamp() for control in self.desk.controls if control.id in kept_back]
            moments += ends if len(ends) == len(kept_back) else [now]
        return min(moments, default=None)

    def sent(self, number: int) -> None:
        """Note that an entry of the outbox is delivered."""
        if number in self.state.outbox:
            self.state.outbox.remove(number)

    def tidy(self) -> None:
        """Forget the entries that nothing refers to."""
        state = self.state
        waiting = {each.body for each in [*state.fresh, *state.held]}
        self.ledger.keep(waiting | {*state.outbox} | {known.body for known in state.signals.values()})

    def _arrived(self, now: float) -> list[Waiting]:
        """What need not wait for others of what has come in since the last turn; the rest is held."""
        state = self.state
        fresh, state.fresh = sorted(state.fresh, key=_order), []
        held, ready = {each.id for each in state.held}, []
        for each in fresh:
            known, signal = state.signals[each.id], self.ledger.entries[each.body]
            assert isinstance(signal, Signal)
            begins = signal.state in _BEGINS or (known.revision == 0 and known.state is not SignalState.RESOLVED)
            if not known.incident and (each.id in held or begins):
                held.add(each.id)
                state.held.append(each)
                each.until = now + self._wait_s(signal, now)
                for other in state.held:
                    # An older revision is never decided on after a newer one.
                    other.until = min(other.until, each.until) if other.id == each.id else other.until
            else:
                ready.append(each)
                for other in state.held:
                    # It may have joined an incident while an older one was held.
                    other.until = now if other.id == each.id else other.until
        return ready

    def _wait_s(self, signal: Signal, now: float) -> float:
        """How long a new signal waits for others that belong to it."""
        config = self.desk.policy.config
        if signal.severity is Severity.CRITICAL:
            return 0.0
        if signal.severity is Severity.MEDIUM:
            # Somebody was interrupted a moment ago, and it is not urgent: the two may have one cause.
            told_at = max((known.told_at for known in self.state.signals.values()), default=0.0)
            return max(config.group_wait_s, told_at + config.patience_s - now)
        return config.group_wait_s

    def _decide(self, each: Waiting, now: float) -> None:
        known, signal = self.state.signals[each.id], self.ledger.entries[each.body]
        assert isinstance(signal, Signal)
        known.closed_at = now if signal.state is SignalState.RESOLVED else None
        incident = self.state.incidents.get(known.incident)
        telling.publish(self.desk, known, signal, now, incidents.child(incident) if incident else None)
        incidents.note(self.desk, known, now)


def _order(each: Waiting) -> tuple[float, str, int]:
    return each.at, each.id, each.revision
