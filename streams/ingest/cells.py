"""What a chunk holds of one series, pane by pane, while it is being counted."""

from array import array

from xxhash import xxh3_64_intdigest

from detectors.customers import ALL_BITS
from schemas.panes import Cell, PaneUpdate, Sample

MAX_SAMPLES = 2
MAX_METRICS = 64
"""Metrics of a pane that are told; those of the first events."""
ROOMY_SLICES = 1000
"""Slices of a pane up to which any new one is counted; then only those of a dimension with few values so far."""
FEW_VALUES = 200
_MAX_CUSTOMERS = 512
_MAX_VALUES = 10
_MANY_VALUES = 64


def customer_hash(reference: str) -> int:
    """A stable 64-bit hash of a customer reference: the reference itself never leaves ingest."""
    return xxh3_64_intdigest(reference.encode())


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
        "bits", "count", "customers", "first", "fresh", "last", "metrics", "samples", "sentiment_n", "sentiment_sum",
        "slices", "values",
    )  # fmt: skip

    def __init__(self, at: float) -> None:
        self.count = 0
        self.first = self.last = at
        self.sentiment_n = 0
        self.sentiment_sum = 0.0
        self.fresh: set[int] = set()
        self.customers: set[int] = set()
        self.bits = ALL_BITS
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

    def add(self, events: int, first: float, last: float) -> None:
        """Add events by their number and the times of the first and the last."""
        self.count += events
        self.first, self.last = min(first, self.first), max(last, self.last)

    def crowded(self, new: int) -> bool:
        """Whether it matters which of so many more slices come first."""
        return len(self.slices) + new > ROOMY_SLICES

    def add_slices(self, counts: dict[str, int]) -> None:
        """Add events by slice; of too many, those that come first, whatever flushes lie between."""
        slices = self.slices
        if not self.crowded(len(counts)):
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

    def update(self, source: int, start: int, upto: int) -> PaneUpdate:
        """Everything the chunk holds of the series so far, which thereby is no longer dirty."""
        cells = [count.cell(pane) for pane, count in self.panes.items()]
        return PaneUpdate(self.tenant, self.theme, source, start, upto, cells)
