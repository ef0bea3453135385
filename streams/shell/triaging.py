"""The agent on candidates: what a person hears about; all of it leaves only after its checkpoint."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Message
from faust.types import TP

from schemas.audit import Audit
from schemas.cloudevents import headers_for
from schemas.codec import encode_json
from schemas.signal import Signal
from schemas.triage_codec import encode
from sinks.dead_letters import Reason
from sinks.triage.desk import Policy
from sinks.triage.ledger import Entry
from streams.claims import Replayed
from streams.clock import Clock
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.shell.changelog import Changelog
from streams.shell.controls import ControlLog
from streams.shell.rejecting import Rejecter
from streams.topics import Topics
from streams.triaging import Outgoing, PartitionTriage, tenant_key

_SOURCE = "/groundswell/triage"


class TriageAgent:
    """Feeds one pure :class:`PartitionTriage` a partition, and keeps its promises to the broker.

    Args:
        checkpoint_s: seconds between checkpoints of what has come in; what is decided is written at once.
    """

    def __init__(
        self,
        app: StreamApp,
        topics: Topics,
        changelog: Changelog,
        controls: ControlLog,
        policy: Policy,
        rejecter: Rejecter,
        checkpoint_s: float,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.app, self.topics, self.changelog, self.controls = app, topics, changelog, controls
        self.clock, self.metrics, self.rejecter = clock, metrics, rejecter
        self._policy, self._checkpoint_s = policy, checkpoint_s
        self.partitions: dict[int, PartitionTriage] = {}
        self._applied: dict[int, int] = {}
        self._checkpointed: dict[int, float] = {}
        self._leaving: set[tuple[str, int]] = set()
        changelog.on_stale = self._rewrite

    def resume(self, logs: Mapping[int, Replayed]) -> None:
        """Resume candidates partitions from what their changelogs hold; send what was not sent."""
        self.revoked()
        self._heed()
        for partition, log in logs.items():
            triage = PartitionTriage(partition, self._policy)
            triage.restore(log.state.items())
            for key, value in self.controls.known.items():
                triage.control(key, value)
            self.partitions[partition] = triage
            self._rewrite(partition, log.stale)
            self._checkpointed[partition] = self.clock.monotonic()
            for outgoing in list(triage.outbox()):
                self._send(triage, outgoing)

    def _rewrite(self, partition: int, keys: set[bytes]) -> None:
        """Write again what stale records lie upon; what nobody knows was forgotten, and is so again."""
        for key in self.partitions[partition].rewrite(keys):
            self.changelog.write(partition, key, None)

    def revoked(self) -> None:
        """Forget everything: the next owner resumes from the changelog."""
        self.partitions.clear()
        self._applied.clear()
        self._leaving.clear()

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for tp, records in self.app.batches(stream):
            triage = self.partitions[tp.partition]
            for record in records:
                self._take(tp, triage, record)
            self._applied[tp.partition] = records[-1].offset + 1
            self._turn(tp.partition, triage)

    def turn(self) -> None:
        """Decide on what time alone makes ripe, and write what has come in when it is due."""
        self._heed()
        for partition, triage in list(self.partitions.items()):
            self._turn(partition, triage)

    def _take(self, tp: TP, triage: PartitionTriage, record: Any) -> None:
        if record.value is None:
            self.rejecter.reject(tp, record, Reason.NULL_VALUE, "the record has no value", "groundswell.triage")
            return
        try:
            triage.apply(record.value)
        except msgspec.DecodeError as error:
            reason = Reason.WRONG_TYPE if isinstance(error, msgspec.ValidationError) else Reason.NOT_JSON
            self.rejecter.reject(tp, record, reason, str(error), "groundswell.triage")

    def _heed(self) -> None:
        """Tell every partition of controls that have come."""
        for key, value in self.controls.news():
            for triage in self.partitions.values():
                triage.control(key, value)

    def _turn(self, partition: int, triage: PartitionTriage) -> None:
        told = triage.turn(self.clock.now())
        due = self.clock.monotonic() - self._checkpointed[partition] >= self._checkpoint_s
        if not told and not (due and (triage.dirty or partition in self._applied)):
            return
        self._write(partition, triage, told)
        self._checkpointed[partition] = self.clock.monotonic()
        if partition in self._applied:
            self.app.progress.finished(TP(self.topics.candidates, partition), self._applied.pop(partition))

    def _write(self, partition: int, triage: PartitionTriage, told: Iterable[str]) -> None:
        waiting: dict[bytes, list[Outgoing]] = {}
        for outgoing in triage.outbox(told):
            if (outgoing.tenant, outgoing.number) not in self._leaving:
                self._leaving.add((outgoing.tenant, outgoing.number))
                waiting.setdefault(tenant_key(outgoing.tenant), []).append(outgoing)
        for key, value in triage.checkpoint():
            leaving = waiting.pop(key, None)
            self.changelog.write(partition, key, value, self._then(triage, leaving) if leaving else None)
        assert not waiting, "a decision was made that no checkpoint holds"

    def _then(self, triage: PartitionTriage, leaving: list[Outgoing]) -> Callable[[Message], None]:
        def acknowledged(_message: Message) -> None:
            for outgoing in leaving:
                self._send(triage, outgoing)

        return acknowledged

    def _send(self, triage: PartitionTriage, outgoing: Outgoing) -> None:
        """Send what a checkpoint holds that is acknowledged; unless the partition is somebody else's by now."""
        if triage not in self.partitions.values():
            return
        self._leaving.add((outgoing.tenant, outgoing.number))
        letter = self._letter(outgoing.entry)
        self.app.deliveries.produce(
            letter.topic,
            letter.value,
            key=letter.key.encode(),
            headers=letter.headers,
            on_delivery=partial(self._sent, triage, outgoing),
        )

    def _letter(self, entry: Entry) -> "_Letter":
        if isinstance(entry, Signal):
            kind, name = f"dev.groundswell.signal.{entry.state.value}.v1", f"{entry.id}.{entry.revision}"
            headers = headers_for(kind, _SOURCE, name, entry.at)
            return _Letter(self.topics.signals, entry.id, encode_json(entry), headers)
        if isinstance(entry, Audit):
            headers = headers_for(f"dev.groundswell.audit.{entry.kind.value}.v1", _SOURCE, entry.id, entry.decided_at)
            return _Letter(self.topics.audit, entry.signal_id, encode(entry), headers)
        headers = headers_for("dev.groundswell.digest.v1", _SOURCE, entry.id, entry.at)
        return _Letter(self.topics.digests, entry.id, encode(entry), headers)

    def _sent(self, triage: PartitionTriage, outgoing: Outgoing, _message: Message) -> None:
        self._leaving.discard((outgoing.tenant, outgoing.number))
        entry = outgoing.entry
        if isinstance(entry, Signal):
            self.metrics.signals.labels(state=entry.state.value, severity=entry.severity.value).inc()
            if entry.attention:
                self.metrics.attention.labels(attention=entry.attention.value).inc()
        if triage in self.partitions.values():
            triage.sent(outgoing)


class _Letter(NamedTuple):
    topic: str
    key: str
    value: bytes
    headers: list[tuple[str, bytes]]
