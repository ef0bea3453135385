"""Counted events of a chunk as columns, added up by pane when somebody asks.

An event costs an entry in each column; what is dear (sums, sets, slices) is done for thousands at
once. Rows keep the order of the log and sums go on from where the last ones ended, so that what
comes out does not depend on how often it was asked for, to the last bit.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from streams.ingest.cells import MAX_METRICS, PaneCount
from streams.ingest.slices import SliceNames

_DENSE = 16
"""A table of panes by slices may be so many times as large as what is to be counted into it."""


class Settled(NamedTuple):
    """What was added to a pane: its number, the events, and their slices."""

    pane: int
    events: int
    slices: dict[str, int]


class Rows:
    """Events that are counted and not added up yet.

    Attributes:
        panes: number of the pane each belongs to.
        ats: event times, epoch seconds.
        sentiments: None for an event without one.
        customers: hashes, 0 for an event without a customer.
        slices: for each dimension the numbers of the events' slices, see :class:`streams.ingest.slices.SliceNames`.
        metrics: name -> value.
    """

    __slots__ = ("ats", "customers", "metrics", "panes", "sentiments", "slices")

    def __init__(self, dimensions: int) -> None:
        self.panes: list[int] = []
        self.ats: list[float] = []
        self.sentiments: list[float | None] = []
        self.customers: list[int] = []
        self.slices: list[list[int]] = [[] for _ in range(dimensions)]
        self.metrics: list[dict[str, float]] = []

    def clear(self) -> None:
        """Forget all of them."""
        for column in (self.panes, self.ats, self.sentiments, self.customers, self.metrics, *self.slices):
            column.clear()

    def settle(self, counts: Sequence[PaneCount], names: SliceNames) -> list[Settled]:
        """Add everything to its pane, and begin anew.

        Args:
            counts: the panes by their numbers.
            names: what the numbers of slices mean.
        """
        if not self.panes:
            return []
        numbers = np.array(self.panes)
        order = np.argsort(numbers, kind="stable")
        touched, begins = np.unique(numbers[order], return_index=True)
        places = np.searchsorted(touched, numbers)
        panes = [counts[number] for number in touched.tolist()]
        ends = [*begins[1:].tolist(), len(numbers)]
        self._add_numbers(panes, order, begins, ends, places)
        self._add_customers(panes, order, ends)
        slices = self._add_slices(panes, order, ends, places, names)
        self._add_metrics(panes, places)
        self.clear()
        names.trim()
        events = np.diff(np.array([*begins.tolist(), len(numbers)])).tolist()
        return list(map(Settled, touched.tolist(), events, slices))

    def _add_numbers(self, panes: list[PaneCount], order: Any, begins: Any, ends: list[int], places: Any) -> None:
        ats = np.array(self.ats)[order]
        firsts = np.minimum.reduceat(ats, begins).tolist()
        lasts = np.maximum.reduceat(ats, begins).tolist()
        sentiments = np.array(self.sentiments, dtype=float)
        given = ~np.isnan(sentiments)
        sums = np.array([pane.sentiment_sum for pane in panes])
        # One after the other, in the order of the log.
        np.add.at(sums, places[given], sentiments[given])
        numbers = np.bincount(places[given], minlength=len(panes)).tolist()
        begin = 0
        for pane, end, first, last, n, total in zip(panes, ends, firsts, lasts, numbers, sums.tolist(), strict=True):
            pane.add(end - begin, first, last)
            pane.sentiment_n += n
            pane.sentiment_sum = total
            begin = end

    def _add_customers(self, panes: list[PaneCount], order: Any, ends: list[int]) -> None:
        customers = _picked(self.customers, order)
        begin = 0
        for pane, end in zip(panes, ends, strict=True):
            pane.fresh.update(customers[begin:end])
            pane.fresh.discard(0)
            begin = end

    def _add_slices(
        self, panes: list[PaneCount], order: Any, ends: list[int], places: Any, names: SliceNames
    ) -> list[dict[str, int]]:
        width, texts, table = len(names.names), names.names, np.array(self.slices)
        for place, earlier in names.again:
            # Said twice, at both places, is one slice.
            table[place][table[place] == table[earlier]] = 0
        cells = (places * width + table).ravel()
        if len(panes) * width <= _DENSE * len(cells):
            grid = np.bincount(cells, minlength=len(panes) * width)
            found = np.flatnonzero(grid)
            numbers = grid[found]
        else:
            found, numbers = np.unique(cells, return_counts=True)
        place, name = np.divmod(found, width)
        # Name 0 is the filler of events with fewer slices than others.
        real = name > 0
        name, numbers = name[real].tolist(), numbers[real].tolist()
        edges = np.searchsorted(place[real], np.arange(len(panes) + 1)).tolist()
        result, begin = [], 0
        for number, (pane, end) in enumerate(zip(panes, ends, strict=True)):
            low, high = edges[number], edges[number + 1]
            fresh = dict(zip([texts[each] for each in name[low:high]], numbers[low:high], strict=True))
            if pane.crowded(len(fresh)):
                fresh = _in_order(
                    sorted(texts[one] for one in row if one) for row in table.T[order[begin:end]].tolist()
                )
            pane.add_slices(fresh)
            result.append(fresh)
            begin = end
        return result

    def _add_metrics(self, panes: list[PaneCount], places: Any) -> None:
        metrics = self.metrics
        named = list(chain.from_iterable(metrics))
        if not named:
            return
        ids = {name: number for number, name in enumerate(dict.fromkeys(named))}
        if len(ids) + max(len(pane.metrics) for pane in panes) > MAX_METRICS:
            # Too many for all of them: which come first is decided event by event.
            for place, observed in zip(places.tolist(), metrics, strict=True):
                panes[place].observe(observed)
            return
        width, names = len(ids), list(ids)
        values = np.array(list(chain.from_iterable(map(dict.values, metrics))), dtype=float)
        cells = np.repeat(places, list(map(len, metrics))) * width + np.array([ids[name] for name in named])
        numbers = np.bincount(cells, minlength=len(panes) * width)
        totals, squares = np.zeros(len(numbers)), np.zeros(len(numbers))
        touched = np.flatnonzero(numbers).tolist()
        for cell in touched:
            known = panes[cell // width].metrics.get(names[cell % width])
            if known is not None:
                totals[cell], squares[cell] = known[1], known[2]
        np.add.at(totals, cells, values)
        np.add.at(squares, cells, values * values)
        for cell in touched:
            mine, name = panes[cell // width].metrics, names[cell % width]
            before = mine[name][0] if name in mine else 0
            mine[name] = [before + int(numbers[cell]), float(totals[cell]), float(squares[cell])]


def _picked(column: list[int], order: Any) -> Sequence[int]:
    """The column in another order."""
    return itemgetter(*order.tolist())(column) if len(column) > 1 else column


def _in_order(rows: Iterable[Sequence[str]]) -> dict[str, int]:
    """Slice -> events, those that come first first."""
    counts: dict[str, int] = {}
    for name in chain.from_iterable(rows):
        counts[name] = counts.get(name, 0) + 1
    return counts
