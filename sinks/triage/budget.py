"""How often an owner is interrupted in a day, and what waits for the digest instead."""

from collections.abc import Callable

from schemas.signal import Severity, SignalState
from sinks.triage.state import TenantState

DAY_S = 86_400
Offset = Callable[[str, float], float]
"""(tenant, epoch seconds) -> seconds that the tenant's clock is ahead of UTC."""

_SHARE = 0.6
"""Of a day's interruptions, what all but bad news may take: the rest is kept for what is severe."""

_KEPT_DAYS = 2


class Budget:
    """Counts interruptions a day of the tenant, by owner.

    Critical ones always pass, and count. Severe ones have the whole of the budget, others and ends 60 % of it, and at
    least one.

    Args:
        most: a day; None for no end.
    """

    __slots__ = ("_most", "_offset")

    def __init__(self, most: int | None, offset: Offset) -> None:
        self._most, self._offset = most, offset

    def refusal(self, state: TenantState, owner: str, severity: Severity, told: SignalState, now: float) -> str:
        """Why an interruption is one too many, in words; empty if it is not."""
        if self._most is None or severity is Severity.CRITICAL:
            return ""
        severe = severity is Severity.HIGH and told is not SignalState.RESOLVED
        most = self._most if severe else min(self._most, max(int(self._most * _SHARE), 1))
        day, used = state.spent.get(owner, (0, 0))
        if day != self._day(state.tenant, now) or used < most:
            return "" if most else f"{owner} wants no interruptions but critical ones"
        if most < self._most and used < self._most:
            return (
                f"{owner} was interrupted {used} times today, and the rest of {self._most} is kept for what is severe"
            )
        return f"{owner} was interrupted {used} times today, and {self._most} is the most"

    def spend(self, state: TenantState, owner: str, now: float) -> None:
        """Note an interruption."""
        today = self._day(state.tenant, now)
        day, used = state.spent.get(owner, (0, 0))
        state.spent[owner] = (today, used + 1 if day == today else 1)
        old = [name for name, (day, _) in state.spent.items() if day < today - _KEPT_DAYS]
        for name in old:
            del state.spent[name]

    def _day(self, tenant: str, now: float) -> int:
        return int((now + self._offset(tenant, now)) // DAY_S)
