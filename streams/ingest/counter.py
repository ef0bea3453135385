"""Counts one source partition into panes, chunk by chunk. The hot path of the whole worker.

A chunk ends at an offset that is a multiple of its length, or where the records' own timestamps
enter the next stretch of time, so that a quiet partition's chunk does not stay open for weeks; or
where it has come to hold too much. All of it follows from the log alone: whoever reads it again
from a chunk's start cuts it the same way.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from math import inf
from operator import attrgetter
from typing import NamedTuple, Protocol

from xxhash import xxh3_64_intdigest

from detectors.panes import PANE_S
from schemas.event import Event
from schemas.panes import TRAFFIC, TRAFFIC_PANE_S, PaneUpdate, Sample
from streams.ingest.cells import MAX_SAMPLES, PaneCount, SeriesCount
from streams.ingest.count_settings import CountSettings
from streams.ingest.decode import EventDecoder, Limits, Rejected
from streams.ingest.dedupe import RecentIds
from streams.ingest.enrich import GIVEN, UNTAGGED, Enricher
from streams.ingest.redact import redact
from streams.ingest.slices import SliceNames

_MAX_PANES = 1000
"""Of one series in a chunk: a replay of years has an event in each."""
_MAX_SERIES = 50_000
_FEW, _RUN = 24, 1024
"""Fewer records than that are counted one by one; and no more than that at once."""


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
        self._values = _getter(self._decoder.paths)
        self._names = SliceNames(tuple(path.rpartition(".")[2] for path in self._decoder.paths))
        # They bring numpy, which whoever only reads a configuration does not need.
        from streams.ingest.bulk import columns_of
        from streams.ingest.columns import Rows

        self._rows, self._columns_of = Rows(len(self._decoder.paths)), columns_of
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
        self._rows.clear()
        self._panes: dict[tuple[str, str, int], int] = {}
        self._counts: list[PaneCount] = []
        self._owners: list[tuple[SeriesCount, int]] = []
        self._series: dict[tuple[str, str], SeriesCount] = {}
        self._most_panes = 0
        self._traffic: dict[str, SeriesCount] = {}
        self._dirty: set[int] = set()

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
        at, records = 0, records if isinstance(records, list) else list(records)
        while at < len(records):
            end = self._run(records, at)
            if end - at >= _FEW:
                at = self._count_run(records, at, end, refused, wall)
            else:
                end = max(end, at + 1)
                self._count_each(records[at:end], refused, wall)
                at = end
        if self.position is not None and self.position >= self._end and self._end_stamp is not None:
            self._finish()
            self._begin(self.position, None)
        return refused

    def _run(self, records: list[RawRecord], at: int) -> int:
        """Where the records end that surely belong to the chunk being counted and are new to it."""
        if self.position is None or self._end_stamp is None or records[at].offset < self.position:
            return at
        last, end, end_stamp = min(at + _RUN, len(records)), self._end, self._end_stamp
        if records[last - 1].offset < end and max(record.timestamp for record in records[at:last]) < end_stamp:
            return last
        for number, record in enumerate(islice(records, at, last), at):
            if record.offset >= end or record.timestamp >= end_stamp:
                return number
        return last

    def _count_run(self, records: list[RawRecord], at: int, end: int, refused: list[Refused], wall: float) -> int:
        """Count ordinary records of the chunk at once; returns how far it got."""
        run = records[at:end]
        values = [record.value for record in run]
        stamps = [record.timestamp / 1000.0 for record in run]
        if max(stamps) > wall:
            stamps = [min(stamp, wall) for stamp in stamps]
        plain = None not in values and not any(record.headers for record in run)
        if not plain or max(map(len, values)) > self._decoder.limits.max_record:  # type: ignore[arg-type]
            self._count_each(run, refused, wall)
            return end
        events: list[Event] = []
        try:
            # What parsed before the one that does not is kept.
            events.extend(map(self._decoder.parse, values))  # type: ignore[arg-type]
        except (ValueError, RecursionError):
            end = at + len(events) + 1
        good = at + len(events)
        if len(events) < _FEW or not self._add_run(events, stamps, records[good - 1].offset + 1):
            self._count_each(records[at:end], refused, wall)
        else:
            self._count_each(records[good:end], refused, wall)
        return end

    def _add_run(self, events: list[Event], stamps: list[float], position: int) -> bool:
        """Take in events that parsed; False, and nothing taken in, if one of them wants a closer look."""
        del stamps[len(events) :]
        columns = self._columns_of(events, stamps, self._decoder.limits)
        if columns is None or len(self._series) + len(events) >= _MAX_SERIES:
            return False
        if self._most_panes + columns.panes >= _MAX_PANES or not self._ids.all_new(columns.ids, stamps):
            return False
        self.position = position
        rows, names = self._rows, self._names
        panes = list(map(self._panes.get, columns.keys))
        if None in panes:
            panes = [
                self._open(key, at) if pane is None else pane
                for pane, key, at in zip(panes, columns.keys, columns.ats, strict=True)
            ]
        sentiments = columns.sentiments
        if None in sentiments:
            find = self._enricher.sentiment
            pairs = zip(sentiments, events, strict=True)
            sentiments = [find(event)[0] if given is None else given for given, event in pairs]
        rows.panes += panes  # type: ignore[arg-type]
        rows.ats += columns.ats
        rows.sentiments += sentiments
        rows.customers += columns.customers
        for place, values in enumerate(zip(*map(self._values, events), strict=True)):
            rows.slices[place] += names.numbers(place, values)
        rows.metrics += columns.metrics
        self._dirty.update(panes)  # type: ignore[arg-type]
        self.since_flush += len(events)
        self._latest = max(self._latest, max(columns.ats))
        return True

    def _count_each(self, records: list[RawRecord], refused: list[Refused], wall: float) -> None:
        """Count records one by one."""
        decoder = self._decoder
        for record in records:
            offset, stamp = record.offset, record.timestamp
            end_stamp = self._end_stamp
            if (
                self.position is None
                or offset < self.start
                or end_stamp is None
                or offset >= self._end
                or stamp >= end_stamp
            ):
                self._turn(self.position, offset, stamp)
            elif offset < self.position:
                continue
            self.position = offset + 1
            recorded_at = min(stamp / 1000.0, wall)
            event = decoder.decode(record.value, record.headers, recorded_at)
            if isinstance(event, Rejected):
                refused.append(Refused(record, event))
            elif self._ids.repeated((event.tenant, event.id), recorded_at):
                self.tally.repeated += 1
            else:
                self._add(event, event.time.timestamp())

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
        slices = [self._names.number(place, value) for place, value in enumerate(self._values(event))]
        sentiment, source = event.sentiment, event.sentiment_source
        if sentiment is None:
            sentiment, source = self._enricher.sentiment(event)
        themes = self._enricher.themes(event)
        if themes[0] == UNTAGGED:
            self.tally.untagged += 1
        text, rows = event.text, self._rows
        customer = xxh3_64_intdigest(event.customer.encode()) if event.customer else 0
        pane = int(at)
        pane -= pane % PANE_S
        for theme in themes:
            number = self._open((event.tenant, theme, pane), at)
            self._dirty.add(number)
            rows.panes.append(number)
            rows.ats.append(at)
            rows.sentiments.append(sentiment)
            rows.customers.append(customer)
            for column, slice_ in zip(rows.slices, slices, strict=True):
                column.append(slice_)
            rows.metrics.append(event.metrics)
            if text:
                samples = self._counts[number].samples
                if len(samples) < MAX_SAMPLES:
                    samples.append(Sample(event.id, at, redact(text), sentiment, source or GIVEN, customer))

    def _open(self, key: tuple[str, str, int], at: float) -> int:
        """The number of a pane of a series, which begins to be counted if it is new."""
        number = self._panes.get(key)
        if number is not None:
            return number
        tenant, theme, pane = key
        number = self._panes[key] = len(self._counts)
        count = PaneCount(at)
        self._counts.append(count)
        series = self._series.get((tenant, theme))
        if series is None:
            series = self._series[tenant, theme] = SeriesCount(tenant, theme)
        self._owners.append((series, pane))
        series.panes[pane] = count
        self._most_panes = max(self._most_panes, len(series.panes))
        if len(series.panes) >= _MAX_PANES or len(self._series) >= _MAX_SERIES:
            # What a chunk holds of a series travels as one piece, and all of it is kept until it ends.
            self._end = self.position or 0
        return number

    def _finish(self) -> None:
        self._finished.extend(self._updates(traffic=True))
        self.watermark = self._latest

    def _updates(self, *, traffic: bool) -> list[PaneUpdate]:
        upto = (self.position or 0) - 1
        dirty: dict[int, SeriesCount] = {}
        for number, events, slices in self._rows.settle(self._counts, self._names):
            series, pane = self._owners[number]
            dirty[id(series)] = series
            self._count_traffic(series, pane, events, slices)
        updates = [series.update(self.source, self.start, upto) for series in dirty.values()]
        self._dirty.clear()
        # Whoever looks for outages holds a pane's total for complete once the watermark is past it.
        newest = self._latest - self._latest % TRAFFIC_PANE_S if updates else self._told
        entered, self._told = newest > self._told, newest
        if traffic or entered:
            updates += [one.update(self.source, self.start, upto) for one in self._traffic.values()]
        return updates

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
