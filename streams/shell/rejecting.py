"""Sends what could not be taken to dead-letters, as it came."""

from typing import Any

from faust.types import TP

from sinks.dead_letters import Failure, Reason, dead_letter
from streams.clock import Clock
from streams.metrics import Metrics
from streams.shell.app import StreamApp
from streams.topics import Topics


class Rejecter:
    """Counts and forwards refused records; the offset commits only once they are delivered."""

    def __init__(self, app: StreamApp, topics: Topics, metrics: Metrics, clock: Clock) -> None:
        self._app, self._topics, self._metrics, self._clock = app, topics, metrics, clock

    def reject(self, tp: TP, record: Any, reason: Reason, message: str, component: str) -> None:
        """Forward ``record``, with the reason in words and for machines in its headers."""
        failure = Failure(
            reason=reason,
            detail=message,
            topic=tp.topic,
            partition=tp.partition,
            offset=record.offset,
            component=component,
        )
        letter = dead_letter(failure, record.key, record.value, record.headers, record.timestamp)
        # A broker takes no stamp from the future, which may be the very reason for the refusal.
        ahead = letter.timestamp_ms is not None and letter.timestamp_ms > self._clock.now() * 1000
        self._metrics.dead_letters.labels(reason=reason.value).inc()
        self._app.deliveries.produce(
            self._topics.dead_letters,
            letter.value,
            key=letter.key,
            headers=letter.headers,
            timestamp_ms=None if ahead else letter.timestamp_ms,
        )
