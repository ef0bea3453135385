"""The agent on the input topics: batches into counters, counters onto theme-panes."""

from typing import Any

from faust.types import TP

from schemas.ids import source_id
from sinks.dead_letters import Failure, dead_letter
from streams.clock import Clock
from streams.ingest.counter import Refused
from streams.ingest.ingest import Ingest
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.shell.producer import GuardedProducer
from streams.topics import Topics

_QUIET_FACTOR = 3


class IngestAgent:
    """Feeds the pure :class:`Ingest` and sends what it says."""

    def __init__(
        self, app: StreamApp, topics: Topics, ingest: Ingest, idle_s: float, clock: Clock, metrics: Metrics
    ) -> None:
        self.app, self.topics, self.ingest, self.clock, self.metrics = app, topics, ingest, clock, metrics
        self._idle_s = idle_s
        self._tps: dict[int, TP] = {}
        self._number = {name: index for index, name in enumerate(topics.inputs)}

    @property
    def _producer(self) -> GuardedProducer:
        producer: GuardedProducer = self.app.producer
        return producer

    def assigned(self, tps: set[TP]) -> None:
        """Start counting afresh on the input partitions among ``tps``."""
        self._tps = {source_id(self._number[tp.topic], tp.partition): tp for tp in tps if tp.topic in self._number}
        self.ingest.assign(self._tps, self.clock.monotonic())

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
        async for records in stream:
            tp = stream.current_event.message.tp
            source = source_id(self._number[tp.topic], tp.partition)
            refused = self.ingest.take(source, records, self.clock.monotonic())
            for one in refused:
                self._dead_letter(tp, one)
            self.flush_if_due()

    def flush_if_due(self) -> None:
        """Send counts, or a tick, when it is time."""
        now = self.clock.monotonic()
        if not self._tps or not self.ingest.due(now):
            return
        drained = [source for source in self._tps if self._drained(source, now)]
        for output in self.ingest.flush(now, drained):
            self._producer.produce(self.topics.theme_panes, output.value, partition=output.partition)
        for source, offset in self.ingest.committable().items():
            self.app.progress.finished(self._tps[source], offset)

    def _drained(self, source: int, now: float) -> bool:
        position = self.ingest.counters[source].position
        end = self.app.consumer.highwater(self._tps[source])
        if position is not None and end is not None:
            return bool(position >= end)
        return now - self.ingest.heard(source) > _QUIET_FACTOR * self._idle_s or end == 0

    def _dead_letter(self, tp: TP, refused: Refused) -> None:
        record, why = refused
        failure = Failure(
            reason=why.reason, detail=why.message, topic=tp.topic, partition=tp.partition, offset=record.offset
        )
        letter = dead_letter(failure, record.key, record.value, record.headers)
        self.metrics.dead_letters.labels(reason=why.reason.value).inc()
        self._producer.produce(
            self.topics.dead_letters,
            letter.value,
            key=letter.key,
            headers=letter.headers,  # type: ignore[arg-type]
        )
