"""The agent on theme-panes: merge, judge, checkpoint, and signals that leave only after their checkpoint."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

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
_STEP_S = 0.008
"""Of a checkpoint at a turn: what else is to be done waits no longer for it."""


class _Checkpoint(NamedTuple):
    """What is being written; ``leaving`` may go once it is, ``offset`` may be committed then."""

    steps: Iterator[tuple[bytes, bytes | None] | None]
    leaving: list[tuple[Key, Signal]]
    offset: int
    began: float


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
        self._underway: dict[int, _Checkpoint] = {}
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
        self._underway.clear()

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for tp, records in self.app.batches(stream):
            detector = self.detectors[tp.partition]
            for record in records:
                told = detector.apply(record.value)
                if told:
                    self._write(tp.partition, detector, told)
                self._applied[tp.partition] = record.offset + 1
                # A record holds up to a thousand updates: what is on its way to an owner waits for one, not for all.
                await asyncio.sleep(0)
                if self.detectors.get(tp.partition) is not detector:
                    # Shared out anew meanwhile: whoever has it now reads it from where it was committed.
                    break
            self._bound()

    def checkpoint_if_due(self) -> None:
        """Write what changed, partition by partition, when it is time: a part at a turn, so that nothing waits long."""
        for partition, detector in self.detectors.items():
            if told := detector.late(self.clock.now()):
                self._write(partition, detector, told)
        now = self.clock.monotonic()
        for partition in self._applied.keys() - self._underway.keys():
            if now - self._checkpointed.get(partition, 0.0) >= self._checkpoint_s:
                self._underway[partition] = self._begun(partition, now)
        for partition, checkpoint in list(self._underway.items()):
            if not self._step(partition, checkpoint, now):
                return

    def _begun(self, partition: int, now: float) -> _Checkpoint:
        """What is to be written, as far as theme-panes have been applied now."""
        detector = self.detectors[partition]
        leaving = self._not_leaving(detector)
        return _Checkpoint(detector.checkpointing(), leaving, self._applied.pop(partition), now)

    def _step(self, partition: int, checkpoint: _Checkpoint, since: float) -> bool:
        """Write until the time is up; whether all is written."""
        detector, monotonic = self.detectors[partition], self.clock.monotonic
        began = monotonic()
        # What does not get through in time gets more of it: a checkpoint must not take for ever.
        until = since + _STEP_S * max(1.0, (began - checkpoint.began) / self._checkpoint_s)
        written, through = 0, True
        for each in checkpoint.steps:
            if each is not None:
                self._put(partition, detector, each, checkpoint.leaving)
                written += 1
            if monotonic() >= until:
                through = False
                break
        self.metrics.checkpoint_records.inc(written)
        self.metrics.checkpoint_seconds.observe(monotonic() - began)
        if through:
            del self._underway[partition]
            self._checkpointed[partition] = monotonic()
            self.app.progress.finished(TP(self.topics.theme_panes, partition), checkpoint.offset)
        return through

    def _bound(self) -> None:
        """Forget series beyond the cap, and a few more, so that it does not happen at every batch."""
        most = self._settings.max_series
        total = sum(len(detector.series) for detector in self.detectors.values())
        if total <= most:
            return
        excess = total - most + most // _SLACK
        for detector in self.detectors.values():
            detector.forget(-(-excess * len(detector.series) // total))

    def _write(self, partition: int, detector: PartitionDetector, keys: list[Key]) -> None:
        """Write some series, and send their signals once that is acknowledged."""
        leaving = self._not_leaving(detector)
        for each in detector.checkpoint(keys):
            self._put(partition, detector, each, leaving)

    def _not_leaving(self, detector: PartitionDetector) -> list[tuple[Key, Signal]]:
        """What is in the outbox and not on its way yet; it is from now on."""
        waiting = [
            (key, signal) for key, signal in detector.outbox() if (signal.id, signal.revision) not in self._leaving
        ]
        self._leaving.update((signal.id, signal.revision) for _, signal in waiting)
        return waiting

    def _put(
        self,
        partition: int,
        detector: PartitionDetector,
        record: tuple[bytes, bytes | None],
        waiting: list[tuple[Key, Signal]],
    ) -> None:
        key, value = record
        leaving = [pair for pair in waiting if self._holds(key, pair[0])] if waiting else []
        self.changelog.write(partition, key, value, self._then(detector, leaving) if leaving else None)

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
