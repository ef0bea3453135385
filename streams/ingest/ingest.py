"""All source partitions of one worker: batches in, theme-panes records out. Pure: no Kafka, no clock.

Nothing needs saving: what may be committed is always the start of a chunk, and whoever starts
there says the same again.
"""

from collections.abc import Iterable, Sequence
from math import inf, isfinite

import msgspec

from schemas.codec import encode_flush
from schemas.panes import TRAFFIC, WIRE_VERSION, Flush, PaneUpdate, SourceState
from streams.ingest.counter import CountSettings, PartitionCounter, RawRecord, Refused
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.renaming import Names

_FEW = 1000
_MANY = 2000
_MAX_DESTINATIONS = 200_000
_RECORD_BYTES, _LARGEST_BYTES = 100_000, 900_000


class FlushSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When counts are sent on.

    Attributes:
        flush_s: after so long, if that sends at most a thousand updates or they are worth their cost.
        max_flush_s: after so long in any case.
        behind_flush_s: after so long while there is much left to read; whole chunks are sent meanwhile.
        events_per_update: what an update must stand for to be worth its cost.
        tick_s: how often the watermark is told while nothing happens, and the whole traffic while much does.
        idle_s: a partition with nothing left to read is idle after so long without a record.
    """

    flush_s: float = 0.1
    max_flush_s: float = 1.0
    behind_flush_s: float = 15.0
    events_per_update: int = 10
    tick_s: float = 1.0
    idle_s: float = 10.0


class Output(msgspec.Struct, frozen=True):
    """A record for theme-panes: its partition and its value."""

    partition: int
    value: bytes


class Ingest:
    """Counters of the assigned source partitions, flushed together so that watermarks never overtake counts.

    Args:
        partitions: of theme-panes.
    """

    def __init__(
        self, partitions: int, counting: CountSettings, limits: Limits, flushing: FlushSettings, enricher: Enricher
    ) -> None:
        self.partitions = partitions
        self._counting, self._limits, self._flushing, self._enricher = counting, limits, flushing, enricher
        self._names = Names(counting.renamed)
        self.counters: dict[int, PartitionCounter] = {}
        self._heard: dict[int, float] = {}
        self._destinations: dict[tuple[str, str], int] = {}
        self._flushed_at = self._told_at = self._whole_at = self._urgent_at = float("-inf")

    def assign(self, sources: Iterable[int], now: float) -> None:
        """Start from nothing on ``sources``; whatever else was being counted is dropped, unsent."""
        self.counters = {
            source: PartitionCounter(source, self._counting, self._limits, self._enricher) for source in sources
        }
        self._heard = dict.fromkeys(self.counters, now)

    def take(self, source: int, records: Sequence[RawRecord], now: float, wall: float = inf) -> list[Refused]:
        """Count a batch of one source partition, at monotonic time ``now``; return what is no event.

        Args:
            wall: see :meth:`PartitionCounter.count`.
        """
        self._heard[source] = now
        return self.counters[source].count(records, wall)

    def late(self) -> list[tuple[int, Refused]]:
        """What is no event and was not told by :meth:`take`: nothing, since here all is counted at once."""
        return []

    def room(self, source: int) -> bool:
        """Whether more may be taken in."""
        return source in self.counters

    def recall(self, source: int, records: Sequence[RawRecord], wall: float = inf) -> None:
        """Remember the ids of records from before a restart; see :meth:`PartitionCounter.recall`."""
        self.counters[source].recall(records, wall)

    def heard(self, source: int) -> float:
        """When a source partition last had a record, monotonic time; when it was assigned, if never."""
        return self._heard[source]

    def due(self, now: float, *, behind: bool = False) -> bool:
        """Whether it is time to flush, at monotonic time ``now``.

        Args:
            behind: much is left to read. Then counts travel a chunk at a time: sooner would not be soon, only dear.
        """
        settings, age = self._flushing, now - self._flushed_at
        if age < settings.flush_s:
            return False
        if behind and now - self._whole_at < settings.behind_flush_s:
            return sum(counter.finished for counter in self.counters.values()) >= _MANY or age >= settings.tick_s
        waiting = sum(counter.waiting for counter in self.counters.values())
        if waiting == 0:
            return age >= settings.tick_s
        if waiting <= _FEW or age >= settings.max_flush_s:
            return True
        events = sum(counter.since_flush for counter in self.counters.values())
        return events >= waiting * settings.events_per_update

    def urgent(self, now: float) -> list[Output]:
        """Records about series that are rarely mentioned, when it is time, and there are few of them; else none.

        What is often mentioned waits for :meth:`flush`: a fraction of a second more hardly changes it.
        """
        if now - max(self._flushed_at, self._urgent_at) < self._flushing.flush_s:
            return []
        if not 0 < sum(counter.rare for counter in self.counters.values()) <= _FEW:
            return []
        self._urgent_at = now
        updates: list[list[PaneUpdate]] = [[] for _ in range(self.partitions)]
        for counter in self.counters.values():
            for update in counter.urgent() if counter.rare else ():
                updates[self._destination(update.tenant, update.theme)].append(update)
        return self._outputs(updates, [])

    def flush(self, now: float, drained: Iterable[int] = (), *, behind: bool = False) -> list[Output]:
        """Records that tell detect what is new, one or a few for each of its partitions.

        Args:
            drained: source partitions that have nothing left to read.
            behind: see :meth:`due`.
        """
        settings = self._flushing
        self._flushed_at = now
        whole_chunks = behind and now - self._whole_at < settings.behind_flush_s
        if not whole_chunks:
            self._whole_at = now
        traffic = now - self._told_at >= settings.tick_s
        if traffic:
            self._told_at = now
        empty = set(drained)
        updates: list[list[PaneUpdate]] = [[] for _ in range(self.partitions)]
        states: list[SourceState] = []
        for source, counter in self.counters.items():
            for update in counter.flush(whole_chunks=whole_chunks, traffic=traffic):
                if update.theme == TRAFFIC:
                    for destination in updates:
                        destination.append(update)
                else:
                    updates[self._destination(update.tenant, update.theme)].append(update)
            quiet_s = now - self._heard[source]
            idle = source in empty and quiet_s >= settings.idle_s
            watermark = counter.watermark if isfinite(counter.watermark) else None
            states.append(SourceState(source, watermark, quiet_s if idle else None))
        return self._outputs(updates, states)

    @staticmethod
    def _outputs(updates: list[list[PaneUpdate]], states: list[SourceState]) -> list[Output]:
        return [
            Output(partition, value)
            for partition, batch in enumerate(updates)
            if batch or states
            for part, last in _parts(batch)
            for value in _encoded(states if last else [], part)
        ]

    def _destination(self, tenant: str, theme: str) -> int:
        key = (tenant, theme)
        found = self._destinations.get(key)
        if found is None:
            if len(self._destinations) >= _MAX_DESTINATIONS:
                self._destinations.clear()
            found = self._destinations[key] = self._names.partition(tenant, theme, self.partitions)
        return found

    def committable(self) -> dict[int, int]:
        """Source partition -> offset that may be committed once everything flushed is delivered."""
        return {source: counter.start for source, counter in self.counters.items() if counter.position is not None}


def _parts(updates: list[PaneUpdate]) -> Iterable[tuple[list[PaneUpdate], bool]]:
    """Cut into records of a bounded size; only the last may carry the watermarks."""
    part: list[PaneUpdate] = []
    size = 0
    for update in updates:
        weight = 64 + sum(
            80 + len(cell.customers) + 32 * len(cell.slices) + 600 * len(cell.samples) for cell in update.cells
        )
        if part and size + weight > _RECORD_BYTES:
            yield part, False
            part, size = [], 0
        part.append(update)
        size += weight
    yield part, True


def _encoded(states: list[SourceState], updates: list[PaneUpdate]) -> Iterable[bytes]:
    """As one record, or as several where long names make it larger than brokers take; the last has the watermarks."""
    value = encode_flush(Flush(WIRE_VERSION, states, updates))
    if len(value) <= _LARGEST_BYTES or len(updates) == 1:
        yield value
        return
    half = len(updates) // 2
    yield from _encoded([], updates[:half])
    yield from _encoded(states, updates[half:])
