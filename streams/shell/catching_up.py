"""Whether a partition has caught up since it was assigned: all that lay in its topics has been worked on."""

from collections.abc import Mapping, Sequence
from typing import Any

from faust.types import TP

from streams.clock import Clock
from streams.shell.app import StreamApp

_LOOK_S = 0.5
_LOOKS = 2
"""So often in a row: what the consumer's thread has just handed over is not seen for an instant."""


class CatchingUp:
    """Looks at the consumer until each partition has caught up once; from then on it has."""

    def __init__(self, app: StreamApp, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self._waiting: dict[int, Sequence[TP]] = {}
        self._seen: dict[int, int] = {}
        self._looked_at = 0.0

    def begin(self, parts: Mapping[int, Sequence[TP]]) -> None:
        """Wait for each number's topic partitions."""
        self._waiting, self._seen = dict(parts), dict.fromkeys(parts, 0)
        self._looked_at = self._clock.monotonic()

    def done(self, number: int) -> bool:
        """Whether a number's topic partitions have been worked through to their ends."""
        if self._waiting and self._clock.monotonic() - self._looked_at >= _LOOK_S:
            self._looked_at = self._clock.monotonic()
            self._look()
        return number not in self._waiting

    def _look(self) -> None:
        consumer: Any = self._app.consumer
        busy = consumer.busy()
        for number, tps in list(self._waiting.items()):
            through = not busy.intersection(tps) and all(_at_end(consumer.fetch_state(tp)) for tp in tps)
            self._seen[number] = self._seen[number] + 1 if through else 0
            if self._seen[number] >= _LOOKS:
                del self._waiting[number], self._seen[number]


def _at_end(state: Any) -> bool:
    """Whether all that can be read has been fetched, by what aiokafka notes of a partition."""
    if state is None or not state.has_valid_position or state.lso is None:
        return False
    return bool(state.position >= state.lso)
