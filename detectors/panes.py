"""Panes of three running sums, and sliding-window totals over them.

Panes are added to in any order. A window asked for again a little later costs only the panes
that entered and left it. Its edges are rounded out to panes, so a rule "15 in 5 hours" sees
every mention of the last 5 hours, and at most one pane more.
"""

PANE_S = 60
"""Length of a pane, seconds."""

_COARSE_S = 900
_FINE_SPAN_S = 7200
_MAX_PANES = 720

Sums = tuple[float, float, float]


class _Cursor:
    """A window's running sums."""

    __slots__ = ("a", "b", "c", "first", "last")

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.a = self.b = self.c = 0.0


class Panes:
    """Three sums a pane: (events, events with a sentiment, sum of it) or (events, sum, sum of squares).

    >>> panes = Panes()
    >>> panes.add(600, 2, 1, -0.5)
    >>> panes.add(660, 1, 0, 0.0)
    >>> panes.window(3600, at=700.0)
    (3.0, 1.0, -0.5)
    >>> panes.window(30, at=700.0)
    (1.0, 0.0, 0.0)
    """

    __slots__ = ("_cursors", "rows")

    def __init__(self) -> None:
        self.rows: dict[int, list[float]] = {}
        self._cursors: dict[float, _Cursor] = {}

    def add(self, pane: int, a: float, b: float, c: float) -> None:
        """Add to the pane that starts at ``pane`` (epoch seconds, a multiple of the pane's length)."""
        row = self.rows.get(pane)
        if row is None:
            self.rows[pane] = [a, b, c]
        else:
            row[0] += a
            row[1] += b
            row[2] += c
        for cursor in self._cursors.values():
            if cursor.first <= pane <= cursor.last:
                cursor.a += a
                cursor.b += b
                cursor.c += c

    def window(self, length_s: float, at: float) -> Sums:
        """The sums over the ``length_s`` seconds that end at ``at``."""
        last = int(at) // PANE_S * PANE_S
        first = int(at - length_s) // PANE_S * PANE_S
        cursor = self._cursors.get(length_s)
        rows = self.rows
        if cursor is None or last < cursor.last or first < cursor.first or last - cursor.last > length_s:
            cursor = self._cursors[length_s] = _Cursor(first, last)
            for pane, (a, b, c) in rows.items():
                if first <= pane <= last:
                    cursor.a += a
                    cursor.b += b
                    cursor.c += c
        elif last != cursor.last or first != cursor.first:
            for pane in range(cursor.last + PANE_S, last + PANE_S, PANE_S):
                if pane in rows:
                    a, b, c = rows[pane]
                    cursor.a, cursor.b, cursor.c = cursor.a + a, cursor.b + b, cursor.c + c
            for pane in range(cursor.first, first, PANE_S):
                if pane in rows:
                    a, b, c = rows[pane]
                    cursor.a, cursor.b, cursor.c = cursor.a - a, cursor.b - b, cursor.c - c
            cursor.first, cursor.last = first, last
        return cursor.a, cursor.b, cursor.c

    def first_in(self, length_s: float, at: float) -> float:
        """Start of the earliest pane with an event in the window that ends at ``at``; ``at`` if there is none."""
        start = int(at - length_s) // PANE_S * PANE_S
        return float(min((pane for pane, row in self.rows.items() if start <= pane <= at and row[0] > 0), default=at))

    def since(self, first: float, latest: float) -> list[tuple[int, float]]:
        """Panes (start, events) from ``first`` to ``latest``, in any order; cheap when there are few in between.

        >>> panes = Panes()
        >>> panes.add(600, 2, 0, 0.0)
        >>> panes.since(540.0, 700.0), panes.since(601.0, 700.0)
        ([(600, 2)], [])
        """
        rows = self.rows
        start = -int(-first // PANE_S) * PANE_S
        if (latest - start) / PANE_S < len(rows):
            between = range(start, int(latest) + 1, PANE_S)
            return [(pane, rows[pane][0]) for pane in between if pane in rows and rows[pane][0]]
        return [(pane, row[0]) for pane, row in rows.items() if start <= pane <= latest and row[0]]

    def tidy(self, at: float, retention_s: float) -> None:
        """Forget what is older than the retention; coarsen what is hours old if there is much of it."""
        oldest = at - retention_s - _COARSE_S
        stale = [pane for pane in self.rows if pane < oldest]
        for pane in stale:
            del self.rows[pane]
        crowded = len(self.rows) > _MAX_PANES
        if crowded:
            self._coarsen(int(at - _FINE_SPAN_S) // PANE_S * PANE_S)
        if stale or crowded:
            self._cursors.clear()

    def _coarsen(self, before: int) -> None:
        coarse: dict[int, list[float]] = {}
        for pane, row in self.rows.items():
            start = pane // _COARSE_S * _COARSE_S if pane < before else pane
            kept = coarse.setdefault(start, [0.0, 0.0, 0.0])
            for column, value in enumerate(row):
                kept[column] += value
        self.rows = coarse

    def snapshot(self) -> list[tuple[float, float, float, float]]:
        """Plain data: (pane, a, b, c) rows."""
        return [(pane, a, b, c) for pane, (a, b, c) in self.rows.items()]

    @classmethod
    def restore(cls, rows: list[tuple[float, float, float, float]]) -> "Panes":
        """The inverse of :meth:`snapshot`."""
        panes = cls()
        panes.rows = {int(pane): [a, b, c] for pane, a, b, c in rows}
        return panes
