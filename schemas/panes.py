"""What travels on theme-panes: cumulative counts of one chunk of one source partition.

The topic is internal and dense (tens of thousands of updates a second), so its records are
MessagePack arrays. Each says what a chunk holds *so far*, so that an update replaces the
one before it and a replay changes nothing.
"""

from msgspec import Struct

WIRE_VERSION = 1
TRAFFIC = "*"
"""The theme name under which a tenant's mentions of all themes are counted together (coarse panes).

What its cells list as customers are the hashes of its themes.
"""
TRAFFIC_PANE_S = 300
VALUES = "*"
"""How the theme name begins under which the mentions with a value of a dimension are counted: ``*channel=app``."""


class Sample(Struct, frozen=True, array_like=True):
    """A redacted quote.

    Attributes:
        at: epoch seconds.
        sentiment: -1 to 1, with where it came from (``given``, ``stars``, ``csat``, ``nps``, ``text``).
        customer: hash of the customer, 0 if unknown.
    """

    event_id: str
    at: float
    text: str
    sentiment: float | None = None
    sentiment_source: str | None = None
    customer: int = 0


class Cell(Struct, array_like=True, gc=False):
    """One pane of one series within a chunk.

    Attributes:
        pane: start of the pane, epoch seconds.
        count: events.
        first, last: event times, epoch seconds.
        sentiment_n, sentiment_sum: events that carry a sentiment, and their sum.
        customers: distinct customers as packed 64-bit hashes.
        customers_bits: only hashes below ``2 ** customers_bits`` are listed, if there are many.
        slices: ``dimension=value`` -> events, the most frequent values of each dimension.
        metrics: metric -> (events, sum, sum of squares).
        samples: a few quotes.
    """

    pane: int
    count: int
    first: float
    last: float
    sentiment_n: int = 0
    sentiment_sum: float = 0.0
    customers: bytes = b""
    customers_bits: int = 64
    slices: dict[str, int] = {}
    metrics: dict[str, tuple[int, float, float]] = {}
    samples: list[Sample] = []


class PaneUpdate(Struct, array_like=True):
    """What the chunk ``[start, upto]`` of a source partition holds for one series so far.

    Attributes:
        source: source partition, see :func:`schemas.ids.source_id`.
        start: first offset of the chunk.
        upto: last offset of the chunk that is included.
        cells: one for each pane the chunk touches, each cumulative within the chunk.
    """

    tenant: str
    theme: str
    source: int
    start: int
    upto: int
    cells: list[Cell]


class SourceState(Struct, array_like=True):
    """Where a source partition stands.

    Attributes:
        source: source partition.
        watermark: largest event time seen, epoch seconds; None before the first event.
        idle_s: seconds without a record while nothing is left to read; None while active.
    """

    source: int
    watermark: float | None
    idle_s: float | None


class Flush(Struct, array_like=True):
    """One record on theme-panes: a worker's updates for one destination partition.

    An empty ``updates`` is a tick: it only moves the watermark.
    """

    version: int
    sources: list[SourceState]
    updates: list[PaneUpdate]
