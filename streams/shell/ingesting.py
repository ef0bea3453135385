"""The agent on the input topics: batches into counters, counters onto theme-panes."""

import asyncio
from bisect import bisect_left
from operator import attrgetter
from typing import Any

from faust.types import TP

from schemas.ids import source_id
from streams.clock import Clock
from streams.counting.packed import Packed
from streams.counting.pool import Pool
from streams.ingest.ingest import Ingest, Output
from streams.letter_limit import Letter, LetterLimit
from streams.shell.app import StreamApp
from streams.shell.rejecting import Rejecter
from streams.topics import Topics

_QUIET_FACTOR = 3
_FULL_S = 0.002
BEHIND_RECORDS = 50_000
"""With more than this left to read, latency is lost anyway and counts travel a chunk at a time."""


class IngestAgent:
    """Feeds the pure :class:`Ingest` and sends what it says."""

    def __init__(
        self,
        app: StreamApp,
        topics: Topics,
        ingest: Ingest | Pool,
        rejecter: Rejecter,
        limit: LetterLimit,
        idle_s: float,
        clock: Clock,
    ) -> None:
        self.app, self.topics, self.ingest, self.rejecter, self.clock = app, topics, ingest, rejecter, clock
        self._limit, self._idle_s = limit, idle_s
        self._tps: dict[int, TP] = {}
        self._number = {name: index for index, name in enumerate(topics.inputs)}

    def assigned(self, tps: set[TP]) -> None:
        """Start counting afresh on the input partitions among ``tps``."""
        self._tps = {source_id(self._number[tp.topic], tp.partition): tp for tp in tps if tp.topic in self._number}
        self.ingest.assign(self._tps, self.clock.monotonic())
        self._limit.assign()

    def revoked(self) -> None:
        """Drop what is being counted: whoever is assigned next reads it again from the chunk's start."""
        self.assigned(set())

    def positions(self) -> list[tuple[TP, int]]:
        """Where each input partition is read up to."""
        counters = self.ingest.counters
        return [
            (self._tps[source], counter.position)
            for source, counter in counters.items()
            if counter.position is not None
        ]

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for tp, records in self.app.batches(stream):
            source = source_id(self._number[tp.topic], tp.partition)
            if isinstance(self.ingest, Pool):
                self._hand_over(self.ingest, tp, source, records)
            else:
                self._count(self.ingest, tp, source, records)
            self.flush_if_due()
            while source in self._tps and not self.ingest.room(source):
                await asyncio.sleep(_FULL_S)
                self.flush_if_due()

    def _count(self, ingest: Ingest, tp: TP, source: int, records: list[Any]) -> None:
        wall = self.clock.now()
        known = bisect_left(records, self.app.start_of(tp), key=attrgetter("offset"))
        if known:
            ingest.recall(source, records[:known], wall)
        fresh, now = records[known:], self.clock.monotonic()
        refused = ingest.take(source, fresh, now, wall)
        letters = [Letter(one.record.offset, one.why.reason.value) for one in refused]
        self._limit.take(now, source, f"{tp.topic}, partition {tp.partition}", fresh, letters)
        for one in refused:
            self.rejecter.reject(tp, one.record, one.why.reason, one.why.message, "groundswell.ingest")

    def _hand_over(self, pool: Pool, tp: TP, source: int, batches: list[Packed]) -> None:
        now, known = self.clock.monotonic(), self.app.start_of(tp)
        pool.take(source, batches, now, self.clock.now(), known)
        for each in batches:
            if each.offset >= known:
                self._limit.read(now, source, max(each.first, known), each.offset + 1)

    def flush_if_due(self) -> None:
        """Send counts, or a tick, when it is time."""
        now = self.clock.monotonic()
        if not self._tps:
            return
        behind = self._left_to_read() > BEHIND_RECORDS
        if not self.ingest.due(now, behind=behind):
            self._send([] if behind else self.ingest.urgent(now))
            return
        drained = [source for source in self._tps if self._drained(source, now)]
        self._send(self.ingest.flush(now, drained, behind=behind))
        for source, one in self.ingest.late():
            tp = self._tps[source]
            letter = Letter(one.record.offset, one.why.reason.value)
            self._limit.take(now, source, f"{tp.topic}, partition {tp.partition}", [], [letter])
            self.rejecter.reject(tp, one.record, one.why.reason, one.why.message, "groundswell.ingest")
        for source, offset in self.ingest.committable().items():
            allowed = self._limit.committable(now, source, offset)
            if allowed is not None:
                self.app.progress.finished(self._tps[source], allowed)

    def _send(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.app.deliveries.produce(self.topics.theme_panes, output.value, partition=output.partition)

    def _left_to_read(self) -> int:
        """Records fetched late or not yet, over all partitions, as far as the broker has told."""
        return sum(max(0, (self.app.consumer.highwater(tp) or 0) - at) for tp, at in self.positions())

    def _drained(self, source: int, now: float) -> bool:
        position = self.ingest.counters[source].position
        end = self.app.consumer.highwater(self._tps[source])
        if position is not None and end is not None:
            return bool(position >= end)
        # Nothing has come although there seems to be something: expired, if everybody else is through.
        quiet_s = now - self.ingest.heard(source)
        return end == 0 or (quiet_s > _QUIET_FACTOR * self._idle_s and self._left_to_read() == 0)
