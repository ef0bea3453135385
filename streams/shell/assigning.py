"""The agent on signals and actions: the record first, then the assignment, then the offset.

What a timer decides has no offset that would bring it back: it stays in the record until the broker has it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from confluent_kafka import Message
from faust.types import TP

from schemas.assignment import Assignment
from schemas.cloudevents import headers_for
from schemas.codec import decode_action, decode_signal, encode_json
from schemas.times import instant
from sinks.assigning import Assigner, Outcome
from sinks.assignment_record import Record, at_rest, decode_record, encode_record
from sinks.dead_letters import Reason
from sinks.timers import Alarm, sent
from streams.claims import Replayed
from streams.clock import Clock
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.shell.catching_up import CatchingUp
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
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.app, self.topics, self.changelog, self.assigner = app, topics, changelog, assigner
        self.rejecter, self.clock, self.metrics = rejecter, clock, metrics
        self._records: dict[bytes, bytes] = {}
        self._writing: dict[bytes, int] = {}
        self._alarms: dict[int, Alarm[bytes]] = {}
        self._catching_up = CatchingUp(app, clock)
        changelog.on_stale = self._rewrite

    def resume(self, logs: Mapping[int, Replayed]) -> None:
        """Resume from what the changelog's partitions hold."""
        self.revoked()
        for log in logs.values():
            self._records.update(log.state)
        for partition, log in logs.items():
            self._rewrite(partition, log.stale)
            alarm = self._alarms[partition] = Alarm()
            for key in log.state:
                if not at_rest(self._records[key]):
                    self._wake(partition, alarm, key)
        # What somebody has done meanwhile is heard before anybody is told that he has not.
        both = (self.topics.signals, self.topics.actions)
        self._catching_up.begin({n: [TP(topic, n) for topic in both] for n in logs})

    def _wake(self, partition: int, alarm: Alarm[bytes], key: bytes) -> None:
        record = decode_record(self._records[key])
        alarm.set(key, _seconds(self.assigner.due(record)))
        for assignment in record.outbox:
            self._send(assignment, self._told(partition, key, assignment.revision))

    def _rewrite(self, partition: int, keys: set[bytes]) -> None:
        """Write again what stale records lie upon."""
        for key in sorted(keys):
            self.changelog.write(partition, key, self._records.get(key))

    def revoked(self) -> None:
        """Forget everything: the next owner resumes from the changelog."""
        self._records, self._writing, self._alarms = {}, {}, {}
        self._catching_up.begin({})

    def turn(self) -> None:
        """Let the timers go off that are due."""
        now = self.clock.now()
        for partition, alarm in self._alarms.items():
            if not self._catching_up.done(partition):
                continue
            for key in list(alarm.due(now)):
                record = decode_record(self._records[key])
                outcome = self.assigner.on_time(record, instant(now))
                if outcome.record is None:
                    alarm.set(key, _seconds(self.assigner.due(record)))
                else:
                    self._keep(partition, key, outcome.record, outcome.assignment, timer=True)

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
        outcome = decide(self._records.get(key))
        if outcome.record is not None:
            self._keep(tp.partition, key, outcome.record, outcome.assignment)
        elif outcome.assignment is not None and key not in self._writing:
            # A write on its way sends the assignment itself: nothing leaves before it is durable.
            self._send(outcome.assignment)

    def _keep(
        self, partition: int, key: bytes, record: Record, assignment: Assignment | None, *, timer: bool = False
    ) -> None:
        """Write a record, and once the broker has it send its assignment."""
        data = self._records[key] = encode_record(record)
        self._alarms[partition].set(key, _seconds(self.assigner.due(record)))
        self._writing[key] = self._writing.get(key, 0) + 1
        told = self._told(partition, key, assignment.revision) if timer and assignment is not None else None
        self.changelog.write(partition, key, data, self._then(key, assignment, told))

    def _told(self, partition: int, key: bytes, revision: int) -> Callable[[Message], None]:
        """Strikes out what a timer decided, once the broker has it; unless the record is somebody else's by now."""
        records = self._records

        def delivered(_message: Message) -> None:
            if records is self._records:
                self._keep(partition, key, sent(decode_record(records[key]), revision), None)

        return delivered

    def _read(self, topic: str, value: bytes) -> tuple[bytes, Callable[[bytes | None], Outcome]]:
        """The signal id a record is about, and what decides on it, given the stored record."""
        now = instant(self.clock.now())
        if topic == self.topics.signals:
            signal = decode_signal(value)
            return signal.id.encode(), lambda stored: self.assigner.on_signal(signal, _decoded(stored), now)
        action = decode_action(value)
        return action.signal_id.encode(), lambda stored: self.assigner.on_action(action, _decoded(stored), now)

    def _then(
        self, key: bytes, assignment: Assignment | None, told: Callable[[Message], None] | None
    ) -> Callable[[Message], None]:
        writing = self._writing

        def acknowledged(_message: Message) -> None:
            left = writing.get(key, 0) - 1
            if left > 0:
                writing[key] = left
            else:
                writing.pop(key, None)
            if assignment is not None:
                self._send(assignment, told)

        return acknowledged

    def _send(self, assignment: Assignment, told: Callable[[Message], None] | None = None) -> None:
        event_id = f"{assignment.id}.{assignment.revision}"
        kind = f"dev.groundswell.assignment.{assignment.state.value}.v1"
        self.metrics.assignments.labels(state=assignment.state.value, severity=assignment.severity.value).inc()
        self.app.deliveries.produce(
            self.topics.assignments,
            encode_json(assignment),
            key=assignment.signal_id.encode(),
            headers=headers_for(kind, "/groundswell/assign", event_id, assignment.signal.at),
            on_delivery=told,
        )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _decoded(stored: bytes | None) -> Any:
    return None if stored is None else decode_record(stored)
