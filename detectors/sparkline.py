"""The recent past of a series as a few dozen numbers: enough of the usual to see the rise against it."""

from heapq import nsmallest
from math import ceil

from msgspec import UNSET

from detectors.history import History
from detectors.panes import PANE_S, Panes
from schemas.signal import Sparkline
from schemas.times import instant

POINTS = 48
"""Most values."""

_FEWEST = 8
_WINDOWS = 3.0
_LENGTHS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_ENOUGH = 4
_FINE_S, _COARSE_S = 7200.0, 900


def sparkline(
    history: History, metric: str, at: float, *, window_s: float, rising_s: float, usual: float | None
) -> Sparkline | None:
    """The past that shows what rose over ``rising_s`` and twice as much before it; None if there is none.

    Args:
        metric: ``mentions``, ``sentiment`` or the name of a metric.
        window_s: what ``usual`` is taken over.
        usual: what was expected in the window: a count of mentions, else a mean; None if unknown.

    >>> history = History(retention_s=86_400, since=0.0)
    >>> for minute in (9000, 10_200, 10_560, 10_680, 10_740, 10_800):
    ...     history.mentions.add(minute, 2, 0, 0.0)
    >>> line = sparkline(history, "mentions", 10_800.0, window_s=900.0, rising_s=900.0, usual=1.5)
    >>> line.pane_s, line.values[-6:], line.usual
    (60.0, [0.0, 2.0, 0.0, 2.0, 2.0, 2.0], 0.1)
    """
    panes = history.mentions if metric in ("mentions", "sentiment") else history.metrics.get(metric)
    span_s = min(_WINDOWS * rising_s, history.observed_s(at))
    if panes is None or span_s < _FEWEST * PANE_S:
        return None
    pane_s = next((length for length in _LENGTHS if span_s <= POINTS * length), _LENGTHS[-1])
    if _coarse(panes, at - span_s):
        pane_s = max(pane_s, _COARSE_S)
    count = min(max(int(span_s // pane_s), 1), POINTS)
    end = (int(at) // PANE_S + 1) * PANE_S
    rows = binned(panes, pane_s, count, end)
    if metric == "mentions":
        values: list[float | None] = [row[0] for row in rows]
        level = usual * pane_s / window_s if usual else None
    else:
        n, total = (1, 2) if metric == "sentiment" else (0, 1)
        values = [round(row[total] / row[n], 3) if row[n] else None for row in rows]
        level = usual
    shown = UNSET if level is None else float(f"{level:.3g}")
    return Sparkline(pane_s=float(pane_s), end=instant(float(end)), values=values, usual=shown)


def binned(panes: Panes, length_s: float, count: int, end: float) -> list[list[float]]:
    """The sums of ``count`` stretches of ``length_s`` seconds, the newest last, which ends at ``end``.

    A pane belongs to the stretch that holds its middle, the pane in which it ends to the last.

    >>> panes = Panes()
    >>> panes.add(0, 1, 0, 0.0), panes.add(60, 2, 0, 0.0), panes.add(120, 4, 0, 0.0)
    (None, None, None)
    >>> [sums[0] for sums in binned(panes, 90.0, 2, end=180.0)]
    [1.0, 6.0]
    """
    found = [[0.0, 0.0, 0.0] for _ in range(count)]
    rows, first, old = panes.rows, end - count * length_s - _COARSE_S, end - _FINE_S
    # Float sums depend on their order, and a restored series holds its panes in another one.
    for pane in sorted(pane for pane in rows if first <= pane <= end):
        length = _COARSE_S if pane < old and _alone(panes, pane) else PANE_S
        place = count - ceil((end - pane - length / 2) / length_s)
        if place >= 0:
            kept, (a, b, c) = found[place if place < count else -1], rows[pane]
            kept[0] += a
            kept[1] += b
            kept[2] += c
    return found


def _coarse(panes: Panes, first: float) -> bool:
    """Whether what is oldest is kept in coarser panes, which finer ones would show as a comb."""
    oldest = nsmallest(_ENOUGH, (pane for pane in panes.rows if pane >= first))
    return len(oldest) == _ENOUGH and not any(pane % _COARSE_S for pane in oldest)


def _alone(panes: Panes, pane: int) -> bool:
    """Whether a pane is, or might be, a coarser one."""
    return pane % _COARSE_S == 0 and not any(
        later in panes.rows for later in range(pane + PANE_S, pane + _COARSE_S, PANE_S)
    )
