"""Detection on one theme-panes partition: merge, watermark, judge, checkpoint. Pure: no Kafka, no clock."""

from collections.abc import Iterable, Iterator

import msgspec

from detectors.history import History
from detectors.merge import Chunk, Merge
from detectors.panes import PANE_S
from detectors.rules import RuleSet
from detectors.series import Record, Series
from detectors.watermark import Watermark
from schemas.codec import decode_flush
from schemas.panes import TRAFFIC, PaneUpdate, SourceState
from schemas.signal import Signal

_TRAFFIC_S = 86_400.0
_PARTITION_VERSION = 1
_MAX_STEPS = 32


class DetectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events are judged.

    Attributes:
        lateness_s: how far behind the watermark a mention may lie and still count.
        heard_ratio: share of affected customers who say something, for the estimate of all affected.
    """

    lateness_s: float = 900.0
    heard_ratio: float = 0.004


class _PartitionRecord(msgspec.Struct, array_like=True):
    """What the partition remembers beyond its series."""

    version: int
    watermark: float
    sources: list[SourceState]
    since: dict[str, float]
    traffic: dict[str, tuple[dict[int, Chunk], dict[int, dict[str, int]]]]


class DetectTally:
    """What happened, for the metrics."""

    __slots__ = ("late", "mentions", "overlaps", "repeats", "signals", "updates")

    def __init__(self) -> None:
        self.updates = self.repeats = self.mentions = self.late = self.overlaps = self.signals = 0


_series_decoder = msgspec.msgpack.Decoder(Record)
_partition_decoder = msgspec.msgpack.Decoder(_PartitionRecord)
_encoder = msgspec.msgpack.Encoder()

Key = tuple[str, str]


def series_key(tenant: str, theme: str) -> bytes:
    """The checkpoint key of a series."""
    return f"{tenant}\x1f{theme}".encode()


def _steps(since: float, now: float) -> list[float]:
    """Where to judge open episodes when the watermark moves from ``since`` to ``now``.

    A leap of hours, as after a quiet night or in a replay, is taken in steps: an episode is over
    only once it has been seen to stay quiet.

    >>> _steps(600.0, 660.0), len(_steps(600.0, 86_400.0)), _steps(0.0, 660.0)
    ([660.0], 32, [660.0])
    """
    if not since:
        return [now]
    count = max(1, min(_MAX_STEPS, int((now - since) // PANE_S)))
    return [since + (now - since) * step / count for step in range(1, count + 1)]


class PartitionDetector:
    """Every series of one theme-panes partition.

    Args:
        partition: its number; part of its checkpoint key, since a Table's keys share one space.
        sources: every source partition there is.
    """

    def __init__(self, partition: int, rules: RuleSet, sources: set[int], settings: DetectSettings) -> None:
        self.rules, self.settings = rules, settings
        self.series: dict[Key, Series] = {}
        self.watermark = Watermark(sources)
        self.tally = DetectTally()
        self.dirty: set[Key] = set()
        self.open: set[Key] = set()
        self._partition_key = f"\x1fpartition\x1f{partition}".encode()
        self._since: dict[str, float] = {}
        self._traffic: dict[str, tuple[Merge, History]] = {}
        self._shares: dict[str, tuple[float, dict[str, int]]] = {}
        self._judged = 0.0

    def apply(self, data: bytes) -> list[Key]:
        """Take in one theme-panes record; return the series that have a new signal in their outbox.

        Raises:
            ValueError: if the record is not one this build can read.
        """
        flush = decode_flush(data)
        closed = self.watermark.at - self.settings.lateness_s
        touched: dict[Key, Series] = {}
        for update in flush.updates:
            self.tally.updates += 1
            if update.theme == TRAFFIC:
                self._count_traffic(update)
                continue
            key = (update.tenant, update.theme)
            series = self.series.get(key) or self._new(update)
            merged = series.apply(update, closed)
            if merged is None:
                self.tally.repeats += 1
                continue
            self.dirty.add(key)
            self.tally.mentions += merged.mentions
            self.tally.late += merged.late
            self.tally.overlaps += merged.overlap
            if merged.mentions and series.detectors:
                touched[key] = series
        now = self.watermark.advance(flush.sources)
        told = [key for key, series in touched.items() if self._judge(key, series, now)]
        if now // PANE_S > self._judged // PANE_S:
            quiet = sorted(self.open - touched.keys())
            for at in _steps(self._judged, now):
                told += [key for key in quiet if self._judge(key, self.series[key], at)]
            self._judged = now
        return list(dict.fromkeys(told))

    def _new(self, update: PaneUpdate) -> Series:
        first = min((cell.first for cell in update.cells), default=self.watermark.at)
        since = self._since.setdefault(update.tenant, first)
        series = Series(update.tenant, update.theme, self.rules, since, self.settings.heard_ratio)
        self.series[update.tenant, update.theme] = series
        return series

    def _judge(self, key: Key, series: Series, now: float) -> bool:
        told = series.judge(max(series.history.latest, now), self._traffic_of(series))
        # A signal that has not left keeps its series in sight: a checkpoint of it is no longer dirty.
        if series.episodes or series.outbox:
            self.open.add(key)
            self.dirty.add(key)
        else:
            self.open.discard(key)
        if told:
            self.dirty.add(key)
            self.tally.signals += len(told)
        return bool(told)

    def _count_traffic(self, update: PaneUpdate) -> None:
        self._since.setdefault(update.tenant, min((cell.first for cell in update.cells), default=self.watermark.at))
        found = self._traffic.get(update.tenant)
        if found is None:
            found = self._traffic[update.tenant] = (Merge(), History(_TRAFFIC_S, 0.0))
        found[0].apply(update, found[1], closed=0.0)

    def _traffic_of(self, series: Series) -> dict[str, int]:
        found = self._traffic.get(series.tenant)
        if found is None:
            return {}
        history = found[1]
        at, shares = self._shares.get(series.tenant, (0.0, {}))
        if not shares or history.latest - at >= PANE_S:
            shares = history.slice_counts(_TRAFFIC_S, history.latest)
            self._shares[series.tenant] = (history.latest, shares)
        return shares

    def outbox(self) -> Iterator[tuple[Key, Signal]]:
        """Signals not yet known to be delivered, those of recovered series among them."""
        for key in sorted(self.open | self.dirty):
            for signal in self.series[key].outbox:
                yield key, signal

    def sent(self, key: Key, signal: Signal) -> None:
        """Note that a signal is delivered; the next checkpoint no longer holds it."""
        series = self.series.get(key)
        if series is not None:
            series.outbox = [kept for kept in series.outbox if (kept.id, kept.revision) != (signal.id, signal.revision)]
            self.dirty.add(key)

    def checkpoint(self, keys: Iterable[Key] | None = None) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of the given series; without ``keys``, of all that changed, and of the partition itself."""
        at = self.watermark.at
        whole = keys is None
        for key in list(self.dirty) if keys is None else keys:
            series = self.series[key]
            self.dirty.discard(key)
            yield series_key(*key), _encoder.encode(series.record(max(at, series.history.latest)))
        if whole:
            for _, history in self._traffic.values():
                history.tidy(history.latest)
            traffic = {tenant: (merge.chunks, history.slices) for tenant, (merge, history) in self._traffic.items()}
            sources = list(self.watermark.sources.values())
            yield (
                self._partition_key,
                _encoder.encode(_PartitionRecord(_PARTITION_VERSION, at, sources, self._since, traffic)),
            )

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Resume from checkpoints.

        Raises:
            detectors.series.SnapshotError: if a newer build wrote one; msgspec.DecodeError if one is corrupt.
        """
        for key, value in records:
            if key == self._partition_key:
                self._restore_partition(_partition_decoder.decode(value))
                continue
            series = Series.restore(_series_decoder.decode(value), self.rules, self.settings.heard_ratio)
            name = (series.tenant, series.theme)
            self.series[name] = series
            if series.episodes or series.outbox:
                self.open.add(name)

    def _restore_partition(self, record: _PartitionRecord) -> None:
        self.watermark.at = self._judged = record.watermark
        # A source that the configuration no longer names would hold the watermark for ever.
        expected = self.watermark.expected
        self.watermark.sources = {state.source: state for state in record.sources if state.source in expected}
        self._since = record.since
        for tenant, (chunks, slices) in record.traffic.items():
            history = History(_TRAFFIC_S, 0.0)
            history.slices = slices
            history.latest = float(max(slices, default=0))
            self._traffic[tenant] = (Merge(chunks), history)
