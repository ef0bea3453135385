"""The recent past of one series: panes of mentions and metrics, customers, slices."""

from typing import Any

from msgspec import Struct

from detectors.customers import Customers
from detectors.panes import Panes, Sums

SLICE_BUCKET_S = 900
_MAX_SLICES = 64
_MAX_BUCKETS = 96

Row = tuple[float, float, float, float]
"""A pane as plain data: its start, and its three sums."""


class HistoryRecord(Struct, array_like=True):
    """A history as plain data."""

    retention_s: float
    since: float
    latest: float
    total: int
    mentions: list[Row]
    metrics: dict[str, list[Row]]
    slices: dict[int, dict[str, int]]
    customers: list[Any]


class History:
    """What a series did, as far back as its rules look.

    Args:
        retention_s: how far back, seconds.
        since: event time from which the stream has been observed; before it, silence means nothing.

    Attributes:
        latest: time of the newest mention, epoch seconds; 0 before the first.
        total: mentions ever.

    >>> history = History(retention_s=86_400, since=0.0)
    >>> history.mentions.add(600, 2, 1, -0.5)
    >>> history.count(3600, at=700.0)
    2
    """

    __slots__ = ("customers", "latest", "mentions", "metrics", "retention_s", "since", "slices", "total")

    def __init__(self, retention_s: float, since: float) -> None:
        self.retention_s = retention_s
        self.since = since
        self.latest = 0.0
        self.total = 0
        self.mentions = Panes()
        self.metrics: dict[str, Panes] = {}
        self.slices: dict[int, dict[str, int]] = {}
        self.customers = Customers()

    def count(self, length_s: float, at: float) -> int:
        """Mentions in the window that ends at ``at``."""
        return int(self.mentions.window(length_s, at)[0])

    def sentiment(self, length_s: float, at: float) -> tuple[int, float]:
        """(events with a sentiment, sum of it) in the window that ends at ``at``."""
        _, n, total = self.mentions.window(length_s, at)
        return int(n), total

    def metric(self, name: str, length_s: float, at: float) -> Sums:
        """(observations, sum, sum of squares) of a metric in the window that ends at ``at``."""
        panes = self.metrics.get(name)
        return panes.window(length_s, at) if panes else (0.0, 0.0, 0.0)

    def add_metric(self, name: str, pane: int, n: int, total: float, squares: float) -> None:
        """Add ``n`` observations of a metric with their sum and sum of squares."""
        panes = self.metrics.get(name)
        if panes is None:
            panes = self.metrics[name] = Panes()
        panes.add(pane, n, total, squares)

    def add_slices(self, pane: int, counts: dict[str, int]) -> None:
        """Add events by slice (``dimension=value`` -> events)."""
        start = pane - pane % SLICE_BUCKET_S
        bucket = self.slices.get(start)
        if bucket is None:
            bucket = self.slices[start] = {}
        for name, count in counts.items():
            bucket[name] = bucket.get(name, 0) + count

    def slice_counts(self, length_s: float, at: float) -> dict[str, int]:
        """Events by slice in the window that ends at ``at``, its start rounded out to a slice bucket."""
        totals: dict[str, int] = {}
        for bucket, counts in self.slices.items():
            if at - length_s - SLICE_BUCKET_S < bucket <= at:
                for name, count in counts.items():
                    totals[name] = totals.get(name, 0) + count
        return totals

    def observed_s(self, at: float) -> float:
        """Seconds of past the series has at ``at``, its silence included."""
        return max(0.0, min(at - self.since, self.retention_s))

    def tidy(self, at: float) -> None:
        """Forget what is older than the retention and bound what is kept."""
        self.mentions.tidy(at, self.retention_s)
        for panes in self.metrics.values():
            panes.tidy(at, self.retention_s)
        self.metrics = {name: panes for name, panes in self.metrics.items() if panes.rows}
        oldest = at - self.retention_s
        for bucket in [bucket for bucket in self.slices if bucket < oldest - SLICE_BUCKET_S]:
            del self.slices[bucket]
        # Slices explain what is happening; those of a day of activity are enough, and a snapshot stays small.
        for bucket in sorted(self.slices)[:-_MAX_BUCKETS]:
            del self.slices[bucket]
        for bucket, counts in self.slices.items():
            if len(counts) > _MAX_SLICES:
                self.slices[bucket] = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MAX_SLICES])
        self.customers.forget(oldest)

    def snapshot(self) -> HistoryRecord:
        """Plain data; see :meth:`restore`."""
        return HistoryRecord(
            self.retention_s,
            self.since,
            self.latest,
            self.total,
            self.mentions.snapshot(),
            {name: panes.snapshot() for name, panes in self.metrics.items()},
            self.slices,
            self.customers.snapshot(),
        )

    @classmethod
    def restore(cls, record: HistoryRecord) -> "History":
        """The inverse of :meth:`snapshot`."""
        history = cls(record.retention_s, record.since)
        history.latest, history.total = record.latest, record.total
        history.mentions = Panes.restore(record.mentions)
        history.metrics = {name: Panes.restore(rows) for name, rows in record.metrics.items()}
        history.slices = record.slices
        history.customers = Customers.restore(record.customers)
        return history
