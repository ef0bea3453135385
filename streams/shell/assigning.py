"""The agent on signals and actions: the record first, then the assignment, then the offset."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from confluent_kafka import Message
from faust.types import TP

from schemas.assignment import Assignment
from schemas.cloudevents import headers_for
from schemas.codec import decode_action, decode_signal, encode_json
from sinks.assigning import Assigner, Outcome, decode_record, encode_record
from sinks.dead_letters import Reason
from streams.claims import Replayed
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.shell.changelog import Changelog
from streams.shell.rejecting import Rejecter
from streams.topics import Topics


class AssignAgent:
    """Feeds the pure :class:`Assigner`; its records live in memory and in the changelog."""

    def __init__(
        self,
        app: StreamApp,
        topics: Topics,
        changelog: Changelog,
        assigner: Assigner,
        rejecter: Rejecter,
        metrics: Metrics,
    ) -> None:
        self.app, self.topics, self.changelog, self.assigner = app, topics, changelog, assigner
        self.rejecter, self.metrics = rejecter, metrics
        self._records: dict[bytes, bytes] = {}
        self._writing: dict[bytes, int] = {}
        changelog.on_stale = self._rewrite

    def resume(self, logs: Mapping[int, Replayed]) -> None:
        """Resume from what the changelog's partitions hold."""
        self.revoked()
        for log in logs.values():
            self._records.update(log.state)
        for partition, log in logs.items():
            self._rewrite(partition, log.stale)

    def _rewrite(self, partition: int, keys: set[bytes]) -> None:
        """Write again what stale records lie upon."""
        for key in sorted(keys):
            self.changelog.write(partition, key, self._records.get(key))

    def revoked(self) -> None:
        """Forget everything: the next owner resumes from the changelog."""
        self._records, self._writing = {}, {}

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for tp, records in self.app.batches(stream):
            for record in records:
                self._take(tp, record)
            self.app.progress.finished(tp, records[-1].offset + 1)

    def _take(self, tp: TP, record: Any) -> None:
        if record.value is None:
            self.rejecter.reject(tp, record, Reason.NULL_VALUE, "the record has no value", "groundswell.assign")
            return
        try:
            key, decide = self._read(tp.topic, record.value)
        except msgspec.DecodeError as error:
            reason = Reason.WRONG_TYPE if isinstance(error, msgspec.ValidationError) else Reason.NOT_JSON
            self.rejecter.reject(tp, record, reason, str(error), "groundswell.assign")
            return
        stored = self._records.get(key)
        outcome = decide(stored)
        if outcome.record is not None:
            data = self._records[key] = encode_record(outcome.record)
            self._writing[key] = self._writing.get(key, 0) + 1
            self.changelog.write(tp.partition, key, data, self._then(key, outcome.assignment))
        elif outcome.assignment is not None and key not in self._writing:
            # A write on its way sends the assignment itself: nothing leaves before it is durable.
            self._send(outcome.assignment)

    def _read(self, topic: str, value: bytes) -> tuple[bytes, Callable[[bytes | None], Outcome]]:
        """The signal id a record is about, and what decides on it, given the stored record."""
        if topic == self.topics.signals:
            signal = decode_signal(value)
            return signal.id.encode(), lambda stored: self.assigner.on_signal(signal, _decoded(stored))
        action = decode_action(value)
        return action.signal_id.encode(), lambda stored: self.assigner.on_action(action, _decoded(stored))

    def _then(self, key: bytes, assignment: Assignment | None) -> Callable[[Message], None]:
        writing = self._writing

        def acknowledged(_message: Message) -> None:
            left = writing.get(key, 0) - 1
            if left > 0:
                writing[key] = left
            else:
                writing.pop(key, None)
            if assignment is not None:
                self._send(assignment)

        return acknowledged

    def _send(self, assignment: Assignment) -> None:
        event_id = f"{assignment.id}.{assignment.revision}"
        kind = f"dev.groundswell.assignment.{assignment.state.value}.v1"
        self.metrics.assignments.labels(state=assignment.state.value, severity=assignment.severity.value).inc()
        self.app.deliveries.produce(
            self.topics.assignments,
            encode_json(assignment),
            key=assignment.signal_id.encode(),
            headers=headers_for(kind, "/groundswell/assign", event_id, assignment.signal.at),
        )


def _decoded(stored: bytes | None) -> Any:
    return None if stored is None else decode_record(stored)
