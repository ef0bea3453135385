"""The total of all columns of a table, though some of them are unknown."""

from collections.abc import Sequence
from math import exp, fsum, isnan

_MEMORY_S = 86_400.0


class Total:
    """Makes up for unknown columns by what they had of late, so that one that ends is no outage of all.

    Args:
        columns: how many there are.
        pane_s: length of a pane.

    >>> total = Total(2, pane_s=300)
    >>> total.of([10.0, 30.0]), round(total.of([10.0, float("nan")]), 6), total.of([float("nan")] * 2)
    (40.0, 40.0, None)
    """

    __slots__ = ("_keep", "_means", "_seen")

    def __init__(self, columns: int, pane_s: int) -> None:
        self._keep = exp(-pane_s / _MEMORY_S)
        self._means = [0.0] * columns
        self._seen = [0.0] * columns

    def of(self, counts: Sequence[float]) -> float | None:
        """The total of a pane; NaN is unknown. None if every column is."""
        keep, means, seen = self._keep, self._means, self._seen
        total, unknown = 0.0, []
        for column, count in enumerate(counts):
            if isnan(count):
                unknown.append(column)
            else:
                total += count
                seen[column] = keep * seen[column] + 1.0 - keep
                means[column] = keep * means[column] + (1.0 - keep) * count
        if len(unknown) == len(means):
            return None
        if unknown:
            usual = [mean / weight if weight else 0.0 for mean, weight in zip(means, seen, strict=True)]
            missing = fsum(usual[column] for column in unknown)
            known = fsum(usual) - missing
            # With the level of the others now, not of the day: at night the missing one would have had less too.
            total *= 1.0 + missing / known if known > 0.0 else 1.0
        return total
