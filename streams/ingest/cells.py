"""What a chunk holds of one series, pane by pane, while it is being counted."""

from array import array
from collections import Counter
from itertools import chain

from xxhash import xxh3_64_intdigest

from detectors.customers import ALL_BITS
from schemas.panes import Cell, PaneUpdate, Sample

MAX_SAMPLES = 2
MAX_METRICS = 64
"""Metrics of a pane that are told; those of the first events."""
MAX_SLICE = 200
"""Characters of ``dimension=value``; a longer one is cut."""
ROOMY_SLICES = 1000
"""Slices of a pane up to which any new one is counted; then only those of a dimension with few values so far."""
FEW_VALUES = 200
_MAX_CUSTOMERS = 512
_MAX_VALUES = 10
_MANY_VALUES = 64


def customer_hash(reference: str) -> int:
    """A stable 64-bit hash of a customer reference: the reference itself never leaves ingest."""
    return xxh3_64_intdigest(reference.encode())


class SliceNames:
    """Turns an event's dimension values into ``dimension=value`` names, each combination once.

    Args:
        dimensions: names, in the order of the values.
    """

    _MAX_CACHED = 50_000
    _MAX_CHARACTERS = 8_000_000

    def __init__(self, dimensions: tuple[str, ...]) -> None:
        self.dimensions = dimensions
        self._cache: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._characters = 0
        self.known = self._cache.get

    def of(self, values: tuple[object, ...]) -> tuple[str, ...]:
        """The slices an event with these values belongs to."""
        names = self._cache.get(values)
        if names is None:
            if len(self._cache) >= self._MAX_CACHED or self._characters > self._MAX_CHARACTERS:
                self._cache.clear()
                self._characters = 0
            found = {
                f"{dimension}={value}"[:MAX_SLICE]
                for dimension, value in zip(self.dimensions, values, strict=False)
                if value not in (None, "")
            }
            names = self._cache[values] = tuple(sorted(found))
            self._characters += sum(map(len, names))
        return names


def most_frequent(counts: dict[str, int]) -> dict[str, int]:
    """``dimension=value`` -> events, at most ten values a dimension if there are many in all."""
    if len(counts) <= _MANY_VALUES:
        return dict(counts)
    kept: dict[str, int] = {}
    values_kept: dict[str, int] = {}
    for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        dimension = name.partition("=")[0]
        values_kept[dimension] = values_kept.get(dimension, 0) + 1
        if values_kept[dimension] <= _MAX_VALUES:
            kept[name] = n
    return kept


class PaneCount:
    """One pane of one series within a chunk, still counting."""

    __slots__ = (
        "bits", "count", "customers", "dirty", "first", "fresh", "last", "metrics", "named", "samples", "sentiment_n",
        "sentiment_sum", "slices", "told", "values",
    )  # fmt: skip

    def __init__(self, at: float) -> None:
        self.count = self.told = 0
        self.dirty = False
        self.first = self.last = at
        self.sentiment_n = 0
        self.sentiment_sum = 0.0
        self.fresh: set[int] = set()
        self.customers: set[int] = set()
        self.bits = ALL_BITS
        self.named: list[tuple[str, ...]] = []
        self.slices: dict[str, int] = {}
        self.values: dict[str, int] | None = None
        self.metrics: dict[str, list[float]] = {}
        self.samples: list[Sample] = []

    def observe(self, metrics: dict[str, float]) -> None:
        """Add an event's metrics; new ones only while there are few."""
        mine = self.metrics
        for name, value in metrics.items():
            if name in mine:
                sums = mine[name]
                sums[0] += 1
                sums[1] += value
                sums[2] += value * value
            elif len(mine) < MAX_METRICS:
                mine[name] = [1, value, value * value]

    def settle(self) -> tuple[int, dict[str, int]]:
        """Add up the slices of what was counted since the last time; returns those events, and theirs alone."""
        fresh: dict[str, int] = Counter(chain.from_iterable(self.named))
        self.named.clear()
        self.add_slices(fresh)
        events, self.told = self.count - self.told, self.count
        return events, fresh

    def add_slices(self, counts: dict[str, int]) -> None:
        """Add events by slice; of too many, those that come first, whatever flushes lie between."""
        slices = self.slices
        if len(slices) + len(counts) <= ROOMY_SLICES:
            for name, n in counts.items():
                slices[name] = slices.get(name, 0) + n
            return
        for name, n in counts.items():
            if name in slices:
                slices[name] += n
            elif len(slices) < ROOMY_SLICES or self._room(name):
                slices[name] = n

    def _room(self, name: str) -> bool:
        """Whether a new slice is counted though there are many."""
        if self.values is None:
            self.values = {}
            for known in self.slices:
                dimension = known.partition("=")[0]
                self.values[dimension] = self.values.get(dimension, 0) + 1
        dimension = name.partition("=")[0]
        found = self.values.get(dimension, 0)
        if found < FEW_VALUES:
            self.values[dimension] = found + 1
        return found < FEW_VALUES

    def cell(self, pane: int) -> Cell:
        """The pane as it travels; counting on does not change it."""
        self.dirty = False
        if self.fresh:
            hashes, self.fresh = self.fresh, set()
            self.customers |= hashes if self.bits == ALL_BITS else {one for one in hashes if one >> self.bits == 0}
            while len(self.customers) > _MAX_CUSTOMERS:
                self.bits -= 1
                self.customers = {one for one in self.customers if one >> self.bits == 0}
        return Cell(
            pane,
            self.count,
            self.first,
            self.last,
            self.sentiment_n,
            self.sentiment_sum,
            array("Q", self.customers).tobytes(),
            self.bits,
            most_frequent(self.slices),
            {name: (int(n), total, squares) for name, (n, total, squares) in self.metrics.items()},
            self.samples.copy(),
        )


class SeriesCount:
    """What a chunk holds of one series.

    Attributes:
        mark: hash of the theme.
    """

    __slots__ = ("mark", "panes", "tenant", "theme")

    def __init__(self, tenant: str, theme: str) -> None:
        self.tenant, self.theme, self.mark = tenant, theme, xxh3_64_intdigest(theme.encode())
        self.panes: dict[int, PaneCount] = {}

    def settle(self) -> dict[int, tuple[int, dict[str, int]]]:
        """Pane -> (events, slices) counted since the last time; see :meth:`PaneCount.settle`."""
        return {pane: count.settle() for pane, count in self.panes.items() if count.count > count.told}

    def update(self, source: int, start: int, upto: int) -> PaneUpdate:
        """Everything the chunk holds of the series so far, which thereby is no longer dirty."""
        cells = [count.cell(pane) for pane, count in self.panes.items()]
        return PaneUpdate(self.tenant, self.theme, source, start, upto, cells)
