"""Digests: what waits for the next set hour of the tenant's day, one for each owner."""

from collections.abc import Sequence

from schemas.digest import Digest, DigestItem
from schemas.ids import derived_id
from schemas.signal import Signal
from schemas.times import instant
from sinks.triage.budget import DAY_S, Offset
from sinks.triage.state import Pending, TenantState

MOST_ITEMS = 200
"""Signals in one digest; of more, only how many they are, and the audit."""


class Digests:
    """When digests go out, and what they hold.

    Args:
        seconds: local times of the day, in order.
    """

    __slots__ = ("_offset", "_seconds")

    def __init__(self, seconds: Sequence[int], offset: Offset) -> None:
        self._seconds, self._offset = seconds, offset

    def after(self, tenant: str, now: float) -> float:
        """The next set hour after ``now``.

        >>> nine = Digests([9 * 3600], lambda tenant, at: 7200.0)
        >>> nine.after("bank", 0.0), nine.after("bank", 7 * 3600.0)
        (25200.0, 111600.0)
        """
        local = now + self._offset(tenant, now)
        midnight = local // DAY_S * DAY_S
        for day in range(3):
            for second in self._seconds:
                wanted = midnight + day * DAY_S + second
                # The clock may change on the way; where it leaves the hour out, it is an hour off.
                at = wanted - self._offset(tenant, wanted - self._offset(tenant, now))
                if at > now:
                    return at
        raise AssertionError("no hour is set")

    def put(self, state: TenantState, owner: str, signal: Signal, why: str, now: float) -> float:
        """Put a revision into the owner's next digest; when that goes out."""
        pending = state.digests.get(owner)
        if pending is None:
            pending = state.digests[owner] = Pending(self.after(state.tenant, now), {})
        if signal.id in pending.items or len(pending.items) < MOST_ITEMS:
            pending.items[signal.id] = DigestItem(
                signal_id=signal.id,
                revision=signal.revision,
                state=signal.state,
                theme=signal.theme,
                severity=signal.severity,
                title=signal.title,
                reason=signal.reason,
                at=signal.at,
                why=why,
            )
        else:
            pending.more += 1
        return pending.due

    def due(self, state: TenantState, now: float) -> list[Digest]:
        """The digests whose hour has come, by owner; they are no longer pending."""
        found = []
        for owner in sorted(name for name, pending in state.digests.items() if pending.due <= now):
            pending = state.digests.pop(owner)
            found.append(
                Digest(
                    id=derived_id("dig", state.tenant, owner, round(pending.due)),
                    tenant=state.tenant,
                    owner=owner,
                    at=instant(pending.due),
                    items=sorted(
                        pending.items.values(), key=lambda item: (-item.severity.rank, item.at, item.signal_id)
                    ),
                    more=pending.more,
                )
            )
        return found
