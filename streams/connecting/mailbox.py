"""What waits about one signal, and what becomes of it."""

import logging
from collections.abc import Callable
from typing import Any

from confluent_kafka import Message

from schemas.assignment import Assignment
from sinks.dead_letters import Failure, Headers, Reason, dead_letter
from streams.connecting.metrics import ConnectMetrics
from streams.connecting.outgoing import Outgoing
from streams.connecting.positions import Place

_log = logging.getLogger(__name__)


class Letters:
    """Dead letters of one connector."""

    def __init__(self, outgoing: Outgoing, topic: str, connector: str, component: str) -> None:
        self._outgoing, self._topic, self._connector, self._component = outgoing, topic, connector, component

    async def send(self, message: Message, detail: str, error: str, reason: Reason = Reason.UNDELIVERABLE) -> None:
        """Returns once the record is on the topic of dead letters."""
        place, offset = place_of(message)
        failure = Failure(
            reason=reason,
            detail=detail,
            topic=place.topic,
            partition=place.partition,
            offset=offset,
            stage="TASK_PUT",
            component=self._component,
            connector=self._connector,
            error=error,
        )
        given = message.headers() or []
        pairs: Any = given.items() if isinstance(given, dict) else given
        headers: Headers = [(name, data) for name, data in pairs]
        letter = dead_letter(failure, _bytes(message.key()), _bytes(message.value()), headers, message.timestamp()[1])
        _log.warning("%s: dead letter: %s", self._connector, letter.message)
        await self._outgoing.send(self._topic, letter.key, letter.value, letter.headers, letter.timestamp_ms)


class Mailbox:
    """The records about one signal that are not finished; a :class:`sinks.delivery.courier.Watch` of their delivery.

    Attributes:
        pending: revisions in rising order.
        offsets: of all records, repeats among them.
    """

    def __init__(
        self, name: str, place: Place, letters: Letters, metrics: ConnectMetrics, now: Callable[[], float]
    ) -> None:
        self.place = place
        self.pending: list[Assignment] = []
        self.offsets: list[int] = []
        self._name, self._letters, self._metrics, self._now = name, letters, metrics, now
        self._records: dict[int, Message] = {}

    def add(self, assignment: Assignment | None, message: Message) -> None:
        """One more; a revision that is no newer than the last says nothing new. None is a digest."""
        self.offsets.append(message.offset() or 0)
        revision = 1 if assignment is None else assignment.revision
        if assignment is not None:
            if self.pending and revision <= self.pending[-1].revision:
                return
            self.pending.append(assignment)
        self._records.setdefault(revision, message)

    def delivered(self, assignment: Assignment, kind: str) -> None:
        """A step has worked."""
        self._metrics.deliveries.labels(self._name, kind, "ok").inc()
        if kind == "create":
            stamp = self._records[assignment.revision].timestamp()[1]
            self._metrics.seconds.labels(self._name).observe(max(self._now() - stamp / 1000, 0.0))

    def failed(self, kind: str, reason: str) -> None:
        """A step has failed, and will be tried again."""
        self._metrics.deliveries.labels(self._name, kind, "retried").inc()
        _log.info("%s: %s failed, and will be tried again: %s", self._name, kind, reason)

    async def dropped(self, revision: int, kind: str, reason: str, error: str) -> None:
        """A step is given up."""
        self._metrics.deliveries.labels(self._name, kind, "dropped").inc()
        await self._letters.send(self._records[revision], f"{kind}: {reason}", error)


def place_of(message: Message) -> tuple[Place, int]:
    """Where a record came from."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return Place(topic, partition), offset


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
