"""How many false alerts are accepted: of each series, and of all series of a tenant together."""

from typing import NamedTuple

_DAYS_A_WEEK = 7.0


class Budget(NamedTuple):
    """Alerts without a cause.

    Attributes:
        a_week: of one series.
        total_a_day: of all series of a tenant together; None for as many as their own budgets come to.
        shares: directions that are watched, each of which gets the same part.

    >>> budget = Budget(0.1, total_a_day=1.0)
    >>> budget.of(series=10), budget.of(series=700)
    (0.1, 0.01)
    """

    a_week: float
    total_a_day: float | None = None
    shares: int = 1

    def of(self, series: int) -> float:
        """Alerts a week that one direction of one series among so many may raise."""
        a_week = self.a_week
        if self.total_a_day is not None:
            a_week = min(a_week, self.total_a_day * _DAYS_A_WEEK / max(series, 1))
        return a_week / self.shares
