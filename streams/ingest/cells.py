"""What a chunk holds of one series, pane by pane, while it is being counted."""

from array import array

import xxhash

from schemas.panes import Cell, PaneUpdate, Sample

MAX_SAMPLES = 2
_MAX_CUSTOMERS = 512
_MAX_VALUES = 10


def customer_hash(reference: str) -> int:
    """A stable 64-bit hash of a customer reference: the reference itself never leaves ingest."""
    return xxhash.xxh3_64_intdigest(reference.encode())


class SliceNames:
    """Turns an event's dimension values into ``dimension=value`` names, each combination once.

    Args:
        dimensions: names, in the order of the values.
    """

    _MAX_CACHED = 50_000

    def __init__(self, dimensions: tuple[str, ...]) -> None:
        self.dimensions = dimensions
        self._cache: dict[tuple[object, ...], tuple[str, ...]] = {}

    def of(self, values: tuple[object, ...]) -> tuple[str, ...]:
        """The slices an event with these values belongs to."""
        names = self._cache.get(values)
        if names is None:
            if len(self._cache) >= self._MAX_CACHED:
                self._cache.clear()
            found = {
                f"{dimension}={value}"[:200]
                for dimension, value in zip(self.dimensions, values, strict=False)
                if value not in (None, "")
            }
            names = self._cache[values] = tuple(sorted(found))
        return names

    def tally(self, combinations: dict[tuple[object, ...], int]) -> dict[str, int]:
        """``dimension=value`` -> events, at most ten values a dimension."""
        counts: dict[str, int] = {}
        for values, n in combinations.items():
            for name in self.of(values):
                counts[name] = counts.get(name, 0) + n
        if len(counts) <= _MAX_VALUES:
            return counts
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

    __slots__ = ("bits", "combinations", "count", "customers", "first", "fresh", "last", "metrics", "samples", "sentiment_n", "sentiment_sum")  # fmt: skip

    def __init__(self, at: float) -> None:
        self.count = 0
        self.first = self.last = at
        self.sentiment_n = 0
        self.sentiment_sum = 0.0
        self.fresh: set[str] = set()
        self.customers: set[int] = set()
        self.bits = 64
        self.combinations: dict[tuple[object, ...], int] = {}
        self.metrics: dict[str, tuple[int, float, float]] | None = None
        self.samples: list[Sample] = []

    def observe(self, metrics: dict[str, float]) -> None:
        """Add an event's metrics."""
        mine = self.metrics
        if mine is None:
            mine = self.metrics = {}
        for name, value in metrics.items():
            n, total, squares = mine.get(name, (0, 0.0, 0.0))
            mine[name] = (n + 1, total + value, squares + value * value)

    def cell(self, pane: int, names: SliceNames) -> Cell:
        """The pane as it travels."""
        if self.fresh:
            bound = 1 << self.bits
            self.customers.update(hashed for reference in self.fresh if (hashed := customer_hash(reference)) < bound)
            self.fresh.clear()
            while len(self.customers) > _MAX_CUSTOMERS:
                self.bits -= 1
                self.customers = {hashed for hashed in self.customers if hashed >> self.bits == 0}
        return Cell(
            pane,
            self.count,
            self.first,
            self.last,
            self.sentiment_n,
            self.sentiment_sum,
            array("Q", self.customers).tobytes(),
            self.bits,
            names.tally(self.combinations),
            self.metrics or {},
            self.samples,
        )


class SeriesCount:
    """What a chunk holds of one series."""

    __slots__ = ("dirty", "panes", "tenant", "theme")

    def __init__(self, tenant: str, theme: str) -> None:
        self.tenant, self.theme = tenant, theme
        self.panes: dict[int, PaneCount] = {}
        self.dirty = False

    def update(self, source: int, start: int, upto: int, names: SliceNames) -> PaneUpdate:
        """Everything the chunk holds of the series so far, which thereby is no longer dirty."""
        self.dirty = False
        cells = [count.cell(pane, names) for pane, count in self.panes.items()]
        return PaneUpdate(self.tenant, self.theme, source, start, upto, cells)
