"""The agent on theme-panes: merge, judge, checkpoint, and signals that leave only after their checkpoint."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from confluent_kafka import Message
from faust.types import TP

from detectors.rules import RuleSet
from detectors.shelf import Key
from schemas.cloudevents import headers_for
from schemas.codec import encode_json
from schemas.signal import Signal
from streams.claims import Replayed
from streams.clock import Clock
from streams.detecting import DetectSettings, PartitionDetector
from streams.metrics import Metrics
from streams.renaming import Names
from streams.shell.app import StreamApp
from streams.shell.changelog import Changelog
from streams.topics import Topics

_SLACK = 50


class DetectAgent:
    """Feeds one pure :class:`PartitionDetector` a partition, and keeps its promises to the broker.

    Args:
        sources: every source partition there is.
        partitions: of theme-panes.
        names: themes that have a new name.
        checkpoint_s: seconds between checkpoints of what changed.
    """

    def __init__(
        self,
        app: StreamApp,
        topics: Topics,
        changelog: Changelog,
        rules: RuleSet,
        sources: set[int],
        partitions: int,
        names: Names,
        settings: DetectSettings,
        checkpoint_s: float,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.app, self.topics, self.changelog, self.clock, self.metrics = app, topics, changelog, clock, metrics
        self._rules, self._sources, self._settings, self._checkpoint_s = rules, sources, settings, checkpoint_s
        self._partitions, self._names = partitions, names
        self.detectors: dict[int, PartitionDetector] = {}
        self._applied: dict[int, int] = {}
        self._checkpointed: dict[int, float] = {}
        self._leaving: set[tuple[str, int]] = set()
        changelog.on_stale = self._rewrite

    def resume(self, logs: Mapping[int, Replayed]) -> None:
        """Resume theme-panes partitions from what their changelogs hold; send what was not sent."""
        self.revoked()
        for partition, log in logs.items():
            detector = PartitionDetector(
                partition, self._rules, self._sources, self._settings, self._partitions, self._names
            )
            detector.restore(log.state.items())
            self.detectors[partition] = detector
            self._rewrite(partition, log.stale)
            self._checkpointed[partition] = self.clock.monotonic()
            for key, signal in list(detector.outbox()):
                self._send(detector, key, signal)

    def _rewrite(self, partition: int, keys: set[bytes]) -> None:
        """Write again what stale records lie upon; what nobody knows was forgotten, and is so again."""
        for key in self.detectors[partition].rewrite(keys):
            self.changelog.write(partition, key, None)

    def revoked(self) -> None:
        """Forget everything: the next owner resumes from the changelog."""
        self.detectors.clear()
        self._applied.clear()
        self._leaving.clear()

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for tp, records in self.app.batches(stream):
            detector = self.detectors[tp.partition]
            for record in records:
                told = detector.apply(record.value)
                if told:
                    self._write(tp.partition, detector, told)
            self._applied[tp.partition] = records[-1].offset + 1
            self._bound()
            self._checkpoint_if_due(tp.partition)

    def checkpoint_if_due(self) -> None:
        """Write what changed, partition by partition, when it is time."""
        for partition in list(self._applied):
            self._checkpoint_if_due(partition)

    def _checkpoint_if_due(self, partition: int) -> None:
        now = self.clock.monotonic()
        if now - self._checkpointed.get(partition, 0.0) < self._checkpoint_s or partition not in self._applied:
            return
        self._write(partition, self.detectors[partition], None)
        self._checkpointed[partition] = now
        self.app.progress.finished(TP(self.topics.theme_panes, partition), self._applied.pop(partition))

    def _bound(self) -> None:
        """Forget series beyond the cap, and a few more, so that it does not happen at every batch."""
        most = self._settings.max_series
        total = sum(len(detector.series) for detector in self.detectors.values())
        if total <= most:
            return
        excess = total - most + most // _SLACK
        for detector in self.detectors.values():
            detector.forget(-(-excess * len(detector.series) // total))

    def _write(self, partition: int, detector: PartitionDetector, keys: list[Key] | None) -> None:
        started = self.clock.monotonic()
        waiting = [
            (key, signal) for key, signal in detector.outbox() if (signal.id, signal.revision) not in self._leaving
        ]
        self._leaving.update((signal.id, signal.revision) for _, signal in waiting)
        written = 0
        for key, value in detector.checkpoint(keys):
            leaving = [pair for pair in waiting if self._holds(key, pair[0])]
            self.changelog.write(partition, key, value, self._then(detector, leaving) if leaving else None)
            written += 1
        self.metrics.checkpoint_records.inc(written)
        self.metrics.checkpoint_seconds.observe(self.clock.monotonic() - started)

    @staticmethod
    def _holds(key: bytes, series: Key) -> bool:
        return key == "\x1f".join(series).encode()

    def _then(self, detector: PartitionDetector, leaving: list[tuple[Key, Signal]]) -> Callable[[Message], None]:
        def acknowledged(_message: Message) -> None:
            for key, signal in leaving:
                self._send(detector, key, signal)

        return acknowledged

    def _send(self, detector: PartitionDetector, key: Key, signal: Signal) -> None:
        """Send a signal whose checkpoint is acknowledged; unless the partition is somebody else's by now."""
        if detector not in self.detectors.values():
            return
        self._leaving.add((signal.id, signal.revision))
        event_id = f"{signal.id}.{signal.revision}"
        kind = f"dev.groundswell.candidate.{signal.state.value}.v1"
        self.app.deliveries.produce(
            self.topics.candidates,
            encode_json(signal),
            key=signal.tenant.encode(),
            headers=headers_for(kind, "/groundswell/detect", event_id, signal.at),
            on_delivery=partial(self._sent, detector, key, signal),
        )

    def _sent(self, detector: PartitionDetector, key: Key, signal: Signal, _message: Message) -> None:
        self._leaving.discard((signal.id, signal.revision))
        self.metrics.candidates.inc()
        if detector in self.detectors.values():
            detector.sent(key, signal)
