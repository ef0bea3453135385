"""Detection on one theme-panes partition: merge, watermark, judge, checkpoint. Pure: no Kafka, no clock."""

import heapq
from collections.abc import Iterable, Iterator

import msgspec

from detectors.doubling import Part
from detectors.panes import PANE_S
from detectors.rules import RuleSet
from detectors.series import UNREADABLE, Series, SnapshotError
from detectors.shelf import Key, Shelf
from detectors.watermark import Watermark
from schemas.codec import decode_flush
from schemas.panes import TRAFFIC, VALUES, PaneUpdate, SourceState
from schemas.signal import Signal
from streams.outages import OUTAGES, Outages
from streams.renaming import NO_NEW_NAMES, Names
from streams.traffic import Traffic

_PARTITION_VERSION = 2
_MAX_STEPS = 32
_ASLEEP_AFTER_S = 1800.0
_MANY_TENANTS = 10_000
_LIVE_S = 120.0


class DetectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events are judged.

    Attributes:
        lateness_s: how far behind the watermark a mention may lie and still count.
        heard_ratio: share of affected customers who say something, for the estimate of all affected.
        max_series: series a worker keeps; beyond it, those unheard of for longest are forgotten, never one with an
            open signal.
    """

    lateness_s: float = 900.0
    heard_ratio: float = 0.004
    max_series: int = 200_000

    def __post_init__(self) -> None:
        if self.max_series < 1:
            raise ValueError(f"max_series: expected at least 1, got {self.max_series}")
        if not 0 < self.heard_ratio <= 1:
            raise ValueError(f"heard_ratio: expected more than 0 and at most 1, got {self.heard_ratio}")


class _PartitionRecord(msgspec.Struct, array_like=True):
    """What the partition remembers beyond its series."""

    version: int
    watermark: float
    sources: list[SourceState]
    since: dict[str, float]


class DetectTally:
    """What happened, for the metrics."""

    __slots__ = ("evicted", "late", "mentions", "overlaps", "repeats", "signals", "updates")

    def __init__(self) -> None:
        self.updates = self.repeats = self.mentions = self.late = self.overlaps = self.signals = self.evicted = 0


_AWAITED = 3
"""Mentions that a series must have had for its silence to say anything."""

_partition_decoder = msgspec.msgpack.Decoder(_PartitionRecord)
_encoder = msgspec.msgpack.Encoder()


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
        partition: its number; part of the keys of what is kept beside the series.
        sources: every source partition there is.
        partitions: how many theme-panes partitions there are.
        names: themes that have a new name.
    """

    def __init__(
        self,
        partition: int,
        rules: RuleSet,
        sources: set[int],
        settings: DetectSettings,
        partitions: int = 1,
        names: Names = NO_NEW_NAMES,
    ) -> None:
        self.rules, self.settings = rules, settings
        self.series = Shelf(rules, settings.heard_ratio)
        self.watermark = Watermark(sources)
        self.tally = DetectTally()
        self.dirty: set[Key] = set()
        self.open: set[Key] = set()
        self.awaited: set[Key] = set()
        self._unsent: set[Key] = set()
        self._partition_key = f"\x1fpartition\x1f{partition}".encode()
        self._since: dict[str, float] = {}
        self._names = names
        self._traffic = Traffic(partition)
        around = self.series.around
        self.outages: Outages | None = None
        if rules.heeds_outages:
            self.outages = Outages(partition, around, self._parts, partitions, rules.version)
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
                self._note_since(update)
                self._traffic.apply(update)
                continue
            if update.theme in self._names.changed:
                # Told by a worker that did not know the new name, or read again.
                update = self._called_now(update)
            key, of_value = (update.tenant, update.theme), update.theme.startswith(VALUES)
            if of_value and not self.rules.watching(*key):
                # The rule that asked for it is gone.
                continue
            series = self.series.get(key) or self._new(update)
            merged = series.apply(update, closed)
            if merged is None:
                self.tally.repeats += 1
                continue
            self.dirty.add(key)
            if not of_value:
                self.tally.mentions += merged.mentions
            self.tally.late += merged.late
            self.tally.overlaps += merged.overlap
            if merged.mentions and series.detectors:
                touched[key] = series
        now = self.watermark.advance(flush.sources)
        operational = [] if self.outages is None else self.outages.close(now, self._traffic, self._since)
        self.tally.signals += len(operational)
        told = [key for key, series in touched.items() if self._judge(key, series, now)]
        if now // PANE_S > self._judged // PANE_S:
            quiet = sorted((self.open | self.awaited) - touched.keys())
            for at in _steps(self._judged, now):
                told += [key for key in quiet if self._judge(key, self.series[key], at)]
            self._judged = now
        return [*dict.fromkeys(told), *operational]

    def late(self, now: float) -> list[Key]:
        """Look at wall time ``now`` whether an input is late; keys of what has a new signal in its outbox.

        One is late if others bring events of today, and it is behind them by more than may be late.
        """
        if self.outages is None:
            return []
        reached = [each.watermark for each in self.watermark.sources.values() if each.idle_s is None and each.watermark]
        behind_s = max(reached) - min(reached) if reached and now - max(reached) <= _LIVE_S else 0.0
        told = self.outages.late(now, behind_s if behind_s > self.settings.lateness_s else None, self._traffic)
        self.tally.signals += len(told)
        return told

    def _parts(self, tenant: str, first: float, end: float) -> list[Part]:
        """What the tenant's series that are awake had in a stretch, as far as it is known what was to be expected."""
        mine = [one for (of, theme), one in self.series.awake.items() if of == tenant and not theme.startswith(VALUES)]
        return [part for series in mine if (part := series.part(first, end)) is not None]

    def _called_now(self, update: PaneUpdate) -> PaneUpdate:
        """An update under its theme's new name, if the series that goes on under it is this one."""
        now = self._names.now(update.theme)
        return msgspec.structs.replace(update, theme=now) if self._names.first(now) == update.theme else update

    def _note_since(self, update: PaneUpdate) -> float:
        """Event time from which the update's tenant has been observed."""
        since = self._since.get(update.tenant)
        if since is None:
            since = min((cell.first for cell in update.cells), default=self.watermark.at)
            self._since[update.tenant] = since
        return since

    def _new(self, update: PaneUpdate) -> Series:
        since, around = self._note_since(update), self.series.around(update.tenant)
        series = Series(update.tenant, update.theme, self.rules, since, self.settings.heard_ratio, around)
        self.series.add(series)
        return series

    def _judge(self, key: Key, series: Series, now: float) -> bool:
        before = series.standing()
        told = series.judge(max(series.history.latest, now), self._traffic.of(series.tenant))
        # Thousands may be open; only what has changed is written again.
        if told or series.standing() != before:
            self.dirty.add(key)
        if told:
            self._unsent.add(key)
            self.tally.signals += len(told)
        if series.episodes or series.outbox:
            self.open.add(key)
        else:
            self.open.discard(key)
        if series.awaited:
            self.awaited.add(key)
        else:
            self.awaited.discard(key)
        return bool(told)

    def outbox(self) -> Iterator[tuple[Key, Signal]]:
        """Signals not yet known to be delivered, those of recovered series among them."""
        for key in sorted(self._unsent):
            for signal in self.series[key].outbox:
                yield key, signal
        if self.outages is not None:
            yield from self.outages.outbox()

    def sent(self, key: Key, signal: Signal) -> None:
        """Note that a signal is delivered; the next checkpoint no longer holds it."""
        if self.outages is not None and self.outages.sent(key, signal):
            return
        series = self.series.get(key)
        if series is not None:
            series.outbox = [kept for kept in series.outbox if (kept.id, kept.revision) != (signal.id, signal.revision)]
            self.dirty.add(key)
            if not series.outbox:
                self._unsent.discard(key)

    def checkpoint(self, keys: Iterable[Key] | None = None) -> Iterator[tuple[bytes, bytes | None]]:
        """(key, value) of the given series; without ``keys``, all of :meth:`checkpointing`.

        A value of None is a tombstone: what stood under the key is forgotten.
        """
        if keys is None:
            yield from (each for each in self.checkpointing() if each is not None)
            return
        keys, at = list(keys), self.watermark.at
        operational = [] if self.outages is None else list(self.outages.records(keys))
        yield from operational
        apart = {name for name, _ in operational}
        for key in keys:
            if series_key(*key) not in apart:
                yield self._snapshot(key, at)

    def checkpointing(self) -> Iterator[tuple[bytes, bytes | None] | None]:
        """All that has changed by the first step, record by record, and then steps that only tidy up, None each.

        More may be applied between two steps: a record then holds more than had been applied at the first, and who
        resumes from it and reads that again finds it said already.
        """
        at, sources = self.watermark.at, list(self.watermark.sources.values())
        if len(self._since) > _MANY_TENANTS:
            tenants = {tenant for tenant, _ in self.series}
            self._since = {tenant: since for tenant, since in self._since.items() if tenant in tenants}
        # Few, and each dirty only once: these are of one moment.
        together = list(self._traffic.checkpoint())
        if self.outages is not None:
            together += self.outages.checkpoint(self._traffic)
        own = _encoder.encode(_PartitionRecord(_PARTITION_VERSION, at, sources, self._since))
        for key in sorted(self.dirty):
            yield self._snapshot(key, at)
        yield from together
        yield self._partition_key, own
        for _ in self.series.settling(at - _ASLEEP_AFTER_S, self._busy, at - self.settings.lateness_s):
            yield None

    def _snapshot(self, key: Key, at: float) -> tuple[bytes, bytes | None]:
        self.dirty.discard(key)
        return series_key(*key), self.series.snapshot(key, at)

    def _busy(self, key: Key) -> bool:
        return key in self.open or key in self.dirty or key in self.awaited

    def forget(self, count: int) -> int:
        """Forget the ``count`` series unheard of for longest, none of them open; how many it were.

        The next checkpoint holds tombstones for them.
        """
        # What has a signal still to be sent is among the open ones as well.
        quiet = ((latest, key) for latest, key in self.series.seen() if key not in self.open)
        chosen = [key for _, key in heapq.nsmallest(count, quiet)]
        for key in chosen:
            self.series.drop(key)
            self.awaited.discard(key)
            self.dirty.add(key)
        self.tally.evicted += len(chosen)
        return len(chosen)

    def rewrite(self, keys: Iterable[bytes]) -> list[bytes]:
        """Have the next checkpoint hold these again; those that nothing is known of, and that want a tombstone."""
        unknown: list[bytes] = []
        for key in keys:
            tenant, _, theme = key.decode(errors="replace").partition("\x1f")
            if (tenant, theme) in self.series:
                self.dirty.add((tenant, theme))
            elif key != self._partition_key and not (self._traffic.rewrite(key) or self._rewritten(key)):
                unknown.append(key)
        return unknown

    def _rewritten(self, key: bytes) -> bool:
        return self.outages is not None and self.outages.rewrite(key)

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Resume from checkpoints.

        Raises:
            detectors.series.SnapshotError: if another build wrote one, or it is corrupt.
        """
        for key, value in records:
            if key == self._partition_key:
                self._restore_partition(value)
            elif key.startswith(OUTAGES):
                # Without a rule that heeds outages nobody watches for them, and what was kept is left.
                if self.outages is not None:
                    self.outages.restore(key, value)
            elif not self._traffic.restore(key, value):
                tenant, _, theme = key.decode(errors="replace").partition("\x1f")
                self._resume((tenant, theme), value)
        for tenant, theme in [key for key in self.series if key[1] in self._names.changed]:
            self._rename(tenant, theme)

    def _rename(self, tenant: str, theme: str) -> None:
        """Have a series go on under its new name, or end what is open of it if another one does."""
        old, now = (tenant, theme), self._names.now(theme)
        self.dirty.add(old)
        if self._names.first(now) == theme and (tenant, now) not in self.series:
            self.series.rename(old, now)
            for keys in (self.open, self.awaited, self._unsent):
                if old in keys:
                    keys.discard(old)
                    keys.add((tenant, now))
            self.dirty.add((tenant, now))
        elif (series := self.series[old]).episodes:
            series.end(f"it is counted as {now} from now on")
            self.tally.signals += len(series.outbox)
            self._unsent.add(old)

    def _resume(self, key: Key, value: bytes) -> None:
        series = self.series.load(value, key)
        if series is not None:
            self.open.add(key)
            if series.outbox:
                self._unsent.add(key)
        # Most series are hardly ever mentioned: to wake each would take a start minutes.
        often = any(spec.hears_silence for spec in self.rules.watching(*key)) and self.series.total(key) >= _AWAITED
        if often and self.series[key].awaited:
            self.awaited.add(key)

    def _restore_partition(self, value: bytes) -> None:
        try:
            record = _partition_decoder.decode(value)
        except UNREADABLE as error:
            raise SnapshotError(f"checkpoint of partition {self._partition_key!r} cannot be read: {error}") from None
        if record.version != _PARTITION_VERSION:
            raise SnapshotError(
                f"checkpoint of partition {self._partition_key!r} has version {record.version}, "
                f"expected {_PARTITION_VERSION}"
            )
        self.watermark.at = self._judged = record.watermark
        # A source that the configuration no longer names would hold the watermark for ever.
        expected = self.watermark.expected
        self.watermark.sources = {state.source: state for state in record.sources if state.source in expected}
        self._since = record.since
