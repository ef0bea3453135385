"""The agent on signals and actions: the record first, then the assignment, then the offset."""

from collections.abc import Iterable
from typing import Any

import msgspec
from faust.types import TP

from schemas.assignment import Assignment
from schemas.cloudevents import headers_for
from schemas.codec import decode_action, decode_signal, encode_json
from sinks.assigning import Assigner, Outcome, decode_record, encode_record
from sinks.dead_letters import Failure, Reason, dead_letter
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.shell.changelog import Changelog
from streams.shell.producer import GuardedProducer
from streams.topics import Topics


class AssignAgent:
    """Feeds the pure :class:`Assigner`; its records live in memory and in the changelog."""

    def __init__(
        self, app: StreamApp, topics: Topics, changelog: Changelog, assigner: Assigner, metrics: Metrics
    ) -> None:
        self.app, self.topics, self.changelog, self.assigner, self.metrics = app, topics, changelog, assigner, metrics
        self._records: dict[bytes, bytes] = {}

    @property
    def _producer(self) -> GuardedProducer:
        producer: GuardedProducer = self.app.producer
        return producer

    def recovered(self, tps: Iterable[TP]) -> None:
        """Resume from the changelog."""
        self._records = {}
        for tp in tps:
            if tp.topic == self.topics.signals:
                self._records.update(self.changelog.recovered(tp.partition))

    def revoked(self) -> None:
        """Forget everything: the next owner resumes from the changelog."""
        self._records = {}

    async def run(self, stream: Any) -> None:
        """The agent's body."""
        async for records in stream:
            tp = stream.current_event.message.tp
            for record in records:
                self._take(tp, record)
            self.app.progress.finished(tp, records[-1].offset + 1)

    def _take(self, tp: TP, record: Any) -> None:
        is_signal = tp.topic == self.topics.signals
        try:
            thing = decode_signal(record.value) if is_signal else decode_action(record.value)
        except (msgspec.DecodeError, TypeError) as error:
            self._dead_letter(tp, record, str(error))
            return
        key = (thing.id if is_signal else thing.signal_id).encode()  # type: ignore[union-attr]
        stored = self._records.get(key)
        held = decode_record(stored) if stored is not None else None
        outcome: Outcome = self.assigner.on_signal(thing, held) if is_signal else self.assigner.on_action(thing, held)  # type: ignore[arg-type]
        if outcome.record is not None:
            data = self._records[key] = encode_record(outcome.record)
            self.changelog.write(tp.partition, key, data)
        if outcome.assignment is not None:
            self._send(outcome.assignment)

    def _send(self, assignment: Assignment) -> None:
        event_id = f"{assignment.id}.{assignment.revision}"
        kind = f"dev.groundswell.assignment.{assignment.state.value}.v1"
        self.metrics.assignments.labels(state=assignment.state.value, severity=assignment.severity.value).inc()
        self._producer.produce(
            self.topics.assignments,
            encode_json(assignment),
            key=assignment.signal_id.encode(),
            headers=headers_for(kind, "/groundswell/assign", event_id, assignment.signal.at),
        )

    def _dead_letter(self, tp: TP, record: Any, message: str) -> None:
        reason = Reason.NULL_VALUE if record.value is None else Reason.WRONG_TYPE
        failure = Failure(
            reason=reason, detail=message, topic=tp.topic, partition=tp.partition, offset=record.offset,
            component="groundswell.assign",
        )  # fmt: skip
        letter = dead_letter(failure, record.key, record.value, record.headers)
        self.metrics.dead_letters.labels(reason=reason.value).inc()
        self._producer.produce(
            self.topics.dead_letters,
            letter.value,
            key=letter.key,
            headers=letter.headers,  # type: ignore[arg-type]
        )
