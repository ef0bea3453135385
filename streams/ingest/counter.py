"""Counts one source partition into panes, chunk by chunk. The hot path of the whole worker.

A chunk ends at an offset that is a multiple of its length, or where the records' own timestamps
enter the next stretch of time, so that a quiet partition's chunk does not stay open for weeks; or
where it has come to hold too much. All of it follows from the log alone: whoever reads it again
from a chunk's start cuts it the same way.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple, Protocol

import msgspec
from xxhash import xxh3_64_intdigest

from detectors.panes import PANE_S
from schemas.event import Event
from schemas.panes import TRAFFIC, TRAFFIC_PANE_S, VALUES, PaneUpdate, Sample
from streams.ingest.cells import MAX_SAMPLES, PaneCount, SeriesCount, SliceNames
from streams.ingest.decode import EventDecoder, Limits, Rejected, why_not
from streams.ingest.dedupe import RecentIds
from streams.ingest.enrich import GIVEN, UNTAGGED, Enricher
from streams.ingest.redact import redact
from streams.renaming import Names, Rename

_RARE = 20
"""Mentions in a pane from which on a series can wait until telling of all is worth its cost."""
_MAX_PANES = 1000
"""Of one series in a chunk: a replay of years has an event in each."""
_MAX_SERIES = 50_000


class RawRecord(Protocol):
    """A record as a Kafka client hands it over."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """The record's own time, epoch milliseconds."""

    @property
    def key(self) -> bytes | None:
        """None if it has none."""

    @property
    def value(self) -> bytes | None:
        """None for a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """In the order they were written."""


class Refused(NamedTuple):
    """A record that is no event, and why."""

    record: RawRecord
    why: Rejected


class CountSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events are counted.

    Attributes:
        dimensions: fields or attributes whose values become slices.
        chunk_records: offsets a chunk spans at most.
        chunk_s: stretch of record time a chunk spans at most.
        dedupe_s, dedupe_ids: how long, and how many, event ids are remembered per source partition.
        recall_records: offsets before the first chunk that are read again at a start, for their ids alone.
        series_of: dimensions whose values are counted as series of their own; those that rules ask for are among them.
        renamed: themes that have a new name.
    """

    dimensions: tuple[str, ...] = ("channel", "region", "tier", "segment", "product", "version", "os_version")
    chunk_records: int = 65_536
    chunk_s: int = 600
    dedupe_s: float = 600.0
    dedupe_ids: int = 200_000
    recall_records: int = 32_768
    series_of: tuple[str, ...] = ()
    renamed: tuple[Rename, ...] = ()

    def __post_init__(self) -> None:
        Names(self.renamed)
        for key, value, least in (
            ("chunk_records", self.chunk_records, 1),
            ("dedupe_ids", self.dedupe_ids, 1),
            ("recall_records", self.recall_records, 0),
        ):
            if value < least:
                raise ValueError(f"{key}: expected {least} or more, got {value}")
        if self.chunk_s < 1:
            raise ValueError("chunk: expected at least a second")


class Tally:
    """What happened to the events of a partition, for the metrics."""

    __slots__ = ("events", "repeated", "untagged")

    def __init__(self) -> None:
        self.events = self.repeated = self.untagged = 0


def _getter(paths: Sequence[str]) -> Callable[[Event], tuple[object, ...]]:
    """What reads an event's dimensions, always as a tuple."""
    if len(paths) > 1:
        return attrgetter(*paths)
    return lambda event: tuple(attrgetter(path)(event) for path in paths)


class PartitionCounter:
    """Counts one source partition.

    Args:
        source: see :func:`schemas.ids.source_id`.

    Attributes:
        start: first offset of the chunk being counted, where a successor would have to begin.
        position: offset of the next record; None before the first.
        watermark: largest event time that was flushed, epoch seconds; -inf before the first.
        since_flush: events counted since the last flush.
    """

    def __init__(self, source: int, settings: CountSettings, limits: Limits, enricher: Enricher) -> None:
        self.source = source
        self._settings = settings
        self._enricher = enricher
        self._decoder = EventDecoder(limits, settings.dimensions)
        self._renamed = Names(settings.renamed).changed
        self._series_of = tuple(f"{dimension}=" for dimension in settings.series_of)
        self._values = _getter(self._decoder.paths)
        self._names = names = SliceNames(tuple(path.rpartition(".")[2] for path in self._decoder.paths))
        self._known_names = names.known
        self.tally = Tally()
        self.watermark = self._latest = float("-inf")
        self._told = inf
        self.position: int | None = None
        self._restart(0)

    def _restart(self, offset: int) -> None:
        self._ids = RecentIds(self._settings.dedupe_s, self._settings.dedupe_ids)
        self._finished: list[PaneUpdate] = []
        self.since_flush = 0
        self._begin(offset, None)

    def _begin(self, offset: int, stamp: int | None) -> None:
        length, span = self._settings.chunk_records, self._settings.chunk_s * 1000
        self.start = offset
        self._end = (offset // length + 1) * length
        self._end_stamp = None if stamp is None else (stamp // span + 1) * span
        self._panes: dict[tuple[str, str, int], PaneCount] = {}
        self._series: dict[tuple[str, str], SeriesCount] = {}
        self._traffic: dict[str, SeriesCount] = {}
        self._values_series: dict[tuple[str, str], SeriesCount] = {}
        self._dirty: dict[tuple[str, str], None] = {}
        self._rare: dict[tuple[str, str], None] = {}

    def count(self, records: Iterable[RawRecord], wall: float = inf) -> list[Refused]:
        """Count records in the order of their offsets; return those that are no events.

        Records from before the chunk being counted mean that the partition is read again from an
        earlier chunk's start: the count begins anew there. Those of the chunk that were counted
        already are passed over.

        Args:
            wall: what time it is, epoch seconds. A record cannot have been made later: one that says so comes from
                a producer whose clock is wrong, and its events' times are held against this instead.
        """
        refused: list[Refused] = []
        decoder, limit = self._decoder, self._decoder.limits.max_record
        parse, plain = decoder.parse, decoder.plain
        position, start, end, end_stamp = self.position, self.start, self._end, self._end_stamp
        repeated = self._ids.repeated
        for record in records:
            offset, stamp, value = record.offset, record.timestamp, record.value
            if position is None or offset < start or end_stamp is None or offset >= end or stamp >= end_stamp:
                self._turn(position, offset, stamp)
                start, end, end_stamp = self.start, self._end, self._end_stamp
                repeated = self._ids.repeated
            elif offset < position:
                continue
            self.position = position = offset + 1
            recorded_at = stamp / 1000.0
            if recorded_at > wall:
                recorded_at = wall
            if value is None or record.headers or len(value) > limit:
                found = decoder.decode(value, record.headers, recorded_at)
                if isinstance(found, Rejected):
                    refused.append(Refused(record, found))
                    continue
                event = found
                at = event.time.timestamp()
            else:
                try:
                    event = parse(value)
                except (ValueError, RecursionError) as error:
                    refused.append(Refused(record, why_not(value, error)))
                    continue
                at = event.time.timestamp()
                if not plain(event, at - recorded_at) and (bad := decoder.check(event, at - recorded_at)) is not None:
                    refused.append(Refused(record, bad))
                    continue
            if repeated((event.tenant, event.id), recorded_at):
                self.tally.repeated += 1
            else:
                self._add(event, at)
                end = self._end
        if position is not None and position >= self._end and self._end_stamp is not None:
            self._finish()
            self._begin(position, None)
        return refused

    def _turn(self, position: int | None, offset: int, stamp: int) -> None:
        """Begin the chunk that the record at ``offset`` is the first of."""
        if position is not None:
            if offset < self.start:
                self._restart(offset)
            elif self._end_stamp is not None:
                self._finish()
        self._begin(offset, stamp)

    def recall(self, records: Iterable[RawRecord], wall: float = inf) -> None:
        """Remember the ids of records that were counted before a restart, so that a repeat of one is known as such.

        Args:
            wall: see :meth:`count`.
        """
        for record in records:
            recorded_at = min(record.timestamp / 1000.0, wall)
            event = self._decoder.decode(record.value, record.headers, recorded_at)
            if not isinstance(event, Rejected):
                self._ids.repeated((event.tenant, event.id), recorded_at)

    def _add(self, event: Event, at: float) -> None:
        self.since_flush += 1
        if at > self._latest:
            self._latest = at
        values = self._values(event)
        names = self._known_names(values) or self._names.of(values)
        sentiment, source = event.sentiment, event.sentiment_source
        if sentiment is None:
            sentiment, source = self._enricher.sentiment(event)
        themes: Sequence[str]
        if event.theme is not None and not event.themes:
            themes = (event.theme,)
        else:
            themes = self._enricher.themes(event)
            if themes[0] == UNTAGGED:
                self.tally.untagged += 1
        if self._renamed:
            themes = tuple(dict.fromkeys(self._renamed.get(theme, theme) for theme in themes))
        tenant, metrics, text = event.tenant, event.metrics, event.text
        # Hashed while it is at hand: a kept string costs more later, when it is no longer in the cache.
        customer = xxh3_64_intdigest(event.customer.encode()) if event.customer else 0
        pane = int(at)
        pane -= pane % PANE_S
        for theme in themes:
            key = (tenant, theme, pane)
            count = self._panes.get(key)
            if count is None:
                count = self._open(key, at)
            if not count.dirty:
                count.dirty = True
                self._dirty[tenant, theme] = None
                if count.count < _RARE:
                    self._rare[tenant, theme] = None
            count.count += 1
            if at > count.last:
                count.last = at
            elif at < count.first:
                count.first = at
            if sentiment is not None:
                count.sentiment_n += 1
                count.sentiment_sum += sentiment
            if customer:
                count.fresh.add(customer)
            count.named.append(names)
            if metrics:
                count.observe(metrics)
            if text and len(count.samples) < MAX_SAMPLES:
                count.samples.append(Sample(event.id, at, redact(text), sentiment, source or GIVEN, customer))

    def _open(self, key: tuple[str, str, int], at: float) -> PaneCount:
        """Begin to count a pane of a series."""
        tenant, theme, pane = key
        count = self._panes[key] = PaneCount(at)
        series = self._series.get((tenant, theme))
        if series is None:
            series = self._series[tenant, theme] = SeriesCount(tenant, theme)
        series.panes[pane] = count
        if len(series.panes) >= _MAX_PANES or len(self._series) >= _MAX_SERIES:
            # What a chunk holds of a series travels as one piece, and all of it is kept until it ends.
            self._end = self.position or 0
        return count

    def _finish(self) -> None:
        self._finished.extend(self._updates(traffic=True))
        self.watermark = self._latest

    def _updates(self, *, traffic: bool) -> list[PaneUpdate]:
        updates = self._told_of(self._dirty)
        self._dirty.clear()
        self._rare.clear()
        # Whoever looks for outages holds a pane's total for complete once the watermark is past it.
        newest = self._latest - self._latest % TRAFFIC_PANE_S if updates else self._told
        entered, self._told = newest > self._told, newest
        if traffic or entered:
            upto = (self.position or 0) - 1
            updates += [one.update(self.source, self.start, upto) for one in self._traffic.values()]
        return updates

    def _told_of(self, keys: Iterable[tuple[str, str]]) -> list[PaneUpdate]:
        upto = (self.position or 0) - 1
        updates = []
        values: dict[tuple[str, str], SeriesCount] = {}
        for key in keys:
            series = self._series[key]
            for pane, (events, slices) in series.settle().items():
                self._count_traffic(series, pane, events, slices)
                if self._series_of:
                    self._count_values(series.tenant, pane, slices, values)
            updates.append(series.update(self.source, self.start, upto))
        return updates + [one.update(self.source, self.start, upto) for one in values.values()]

    def _count_values(
        self, tenant: str, pane: int, slices: dict[str, int], touched: dict[tuple[str, str], SeriesCount]
    ) -> None:
        """Count what is told of a series into those of the values that are watched, and note them as touched."""
        for name, n in slices.items():
            if name.startswith(self._series_of):
                key = (tenant, VALUES + name)
                series = self._values_series.get(key)
                if series is None:
                    series = self._values_series[key] = SeriesCount(*key)
                count = series.panes.get(pane)
                if count is None:
                    count = series.panes[pane] = PaneCount(float(pane))
                count.count += n
                touched[key] = series

    def _count_traffic(self, series: SeriesCount, pane: int, events: int, slices: dict[str, int]) -> None:
        """Count what is told of a series into its tenant's whole traffic."""
        whole = self._traffic.get(series.tenant)
        if whole is None:
            whole = self._traffic[series.tenant] = SeriesCount(series.tenant, TRAFFIC)
        bucket = pane - pane % TRAFFIC_PANE_S
        count = whole.panes.get(bucket)
        if count is None:
            count = whole.panes[bucket] = PaneCount(float(pane))
        count.fresh.add(series.mark)
        count.first, count.last = min(count.first, pane), max(count.last, pane)
        count.count += events
        count.add_slices(slices)

    @property
    def waiting(self) -> int:
        """Series with something to send."""
        return len(self._finished) + len(self._dirty)

    @property
    def rare(self) -> int:
        """Series among them of which each mention may matter, if an older chunk's counts need not come first."""
        return 0 if self._finished else len(self._rare)

    def urgent(self) -> list[PaneUpdate]:
        """Updates of the rare series alone; :attr:`watermark` does not move, for it would overtake the others."""
        updates = self._told_of(self._rare)
        for key in self._rare:
            del self._dirty[key]
        self._rare.clear()
        return updates

    @property
    def finished(self) -> int:
        """Updates of finished chunks that wait to be sent."""
        return len(self._finished)

    def flush(self, *, whole_chunks: bool = False, traffic: bool = True) -> list[PaneUpdate]:
        """Updates of every series that changed since the last flush, older chunks first.

        Once these are delivered, :attr:`start` may be committed.

        Args:
            whole_chunks: leave the chunk that is being counted for later; :attr:`watermark` does not overtake it.
            traffic: whether the tenants' whole traffic is told too; it can wait, a chunk's end tells it anyway, and
                the watermark's entering another pane of it does.
        """
        updates, self._finished = self._finished, []
        self.tally.events += self.since_flush
        if not whole_chunks:
            updates += self._updates(traffic=traffic)
            self.watermark = self._latest
        self.since_flush = 0
        return updates
