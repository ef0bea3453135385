"""Merging cumulative chunk updates into a history, so that a repeat, a replay or a zombie never counts twice.

For each source partition the series remembers what the newest chunk has contributed. An update
of an older chunk is ignored; the same chunk is replaced by the update that reaches further, only
the difference being added; a newer chunk starts afresh, which folds the last one for good.
"""

from typing import Any

from msgspec import Struct

from detectors.history import History
from detectors.panes import PANE_S
from schemas.panes import Cell, PaneUpdate


class Held(Struct, array_like=True):
    """What a pane of the newest chunk has contributed so far."""

    count: int
    sentiment_n: int
    sentiment_sum: float
    slices: dict[str, int]
    metrics: dict[str, tuple[int, float, float]]


class Chunk(Struct, array_like=True):
    """The newest chunk of one source partition: its first offset, the last one included, its panes."""

    start: int
    upto: int
    panes: dict[int, Held]


class Merged(Struct):
    """What an update did: mentions added, mentions too late to count, metrics it touched."""

    mentions: int = 0
    late: int = 0
    overlap: bool = False
    metrics: set[str] = set()


class Merge:
    """The newest chunk of every source partition that fed a series.

    >>> history, merge = History(retention_s=3600.0, since=0.0), Merge()
    >>> three = PaneUpdate("t", "login", 0, 0, 9, [Cell(0, 3, 1.0, 2.0)])
    >>> merge.apply(three, history, closed=0.0).mentions, merge.apply(three, history, closed=0.0)
    (3, None)
    >>> merge.apply(PaneUpdate("t", "login", 0, 0, 19, [Cell(0, 5, 1.0, 3.0)]), history, closed=0.0).mentions
    2
    """

    __slots__ = ("chunks",)

    def __init__(self, chunks: dict[int, Chunk] | None = None) -> None:
        self.chunks = {} if chunks is None else chunks

    def apply(self, update: PaneUpdate, history: History, closed: float) -> Merged | None:
        """Add to ``history`` what ``update`` says that was not known; None if it says nothing new.

        Args:
            closed: event time before which panes take no more mentions, epoch seconds.
        """
        known = self.chunks.get(update.source)
        merged = Merged(metrics=set())
        if known is not None and update.start <= known.start:
            if update.start < known.start or update.upto <= known.upto:
                return None
            panes = known.panes
            known.upto = update.upto
        else:
            merged.overlap = known is not None and update.start <= known.upto
            panes = {}
            self.chunks[update.source] = Chunk(update.start, update.upto, panes)
        for cell in update.cells:
            self._add(cell, panes, history, closed, merged)
        return merged

    def _add(self, cell: Cell, panes: dict[int, Held], history: History, closed: float, merged: Merged) -> None:
        held = panes.get(cell.pane)
        # A slice that is no longer among the most frequent may come back: what it has contributed is not forgotten.
        told = {**held.slices, **cell.slices} if held else cell.slices
        panes[cell.pane] = Held(cell.count, cell.sentiment_n, cell.sentiment_sum, told, cell.metrics)
        count = cell.count - (held.count if held else 0)
        if count == 0:
            return
        if cell.pane + PANE_S <= closed:
            merged.late += count
            return
        merged.mentions += count
        if held is None:
            history.mentions.add(cell.pane, count, cell.sentiment_n, cell.sentiment_sum)
            slices = cell.slices
        else:
            history.mentions.add(
                cell.pane, count, cell.sentiment_n - held.sentiment_n, cell.sentiment_sum - held.sentiment_sum
            )
            before = held.slices
            slices = {name: n - before.get(name, 0) for name, n in cell.slices.items()}
        history.total += count
        history.latest = max(history.latest, cell.last)
        if slices:
            history.add_slices(cell.pane, slices)
        for name, (n, total, squares) in cell.metrics.items():
            old_n, old_total, old_squares = held.metrics.get(name, (0, 0.0, 0.0)) if held else (0, 0.0, 0.0)
            if n != old_n:
                history.add_metric(name, cell.pane, n - old_n, total - old_total, squares - old_squares)
                merged.metrics.add(name)
        if cell.customers:
            history.customers.heard(memoryview(cell.customers).cast("Q"), cell.last, cell.customers_bits)

    def tidy(self, closed: float) -> None:
        """Forget of panes that take no more mentions what only a further mention would ask for.

        Args:
            closed: see :meth:`apply`.
        """
        for chunk in self.chunks.values():
            for pane, held in chunk.panes.items():
                if pane + PANE_S <= closed and (held.slices or held.metrics):
                    chunk.panes[pane] = Held(held.count, held.sentiment_n, held.sentiment_sum, {}, {})

    def snapshot(self) -> dict[int, Any]:
        """Plain data, encodable as it is."""
        return self.chunks
