"""Feeds the watchdog with what Faust and aiokafka know, and ends the worker when it says so."""

import threading
import time
from typing import Any

from faust.types import TP

from streams.clock import Clock
from streams.shell.app import StreamApp
from streams.shell.ending import Ending
from streams.watchdog import Partition, Reading, Watchdog, WatchdogSettings, loop_trouble

_LOOK_S = 0.5
_PAUSE_FACTOR = 6


class WorkerStuck(RuntimeError):
    """The worker does not get on; the message says with what, and for how long."""


class Watching:
    """Looks twice a second: on the event loop at what it does, from a thread of its own at whether it turns.

    Attributes:
        dog: what it tells.
    """

    def __init__(self, app: StreamApp, settings: WatchdogSettings, ending: Ending, clock: Clock) -> None:
        self._app, self._settings, self._ending, self._clock = app, settings, ending, clock
        now = clock.monotonic()
        self.dog = Watchdog(settings, now)
        self._rebalances = 0
        self._started_at = self._turned_at = self._looked_at = now

    def start(self) -> None:
        """Look at the event loop from now on, in a thread that ends with the process."""
        self._turned_at = self._clock.monotonic()
        threading.Thread(target=self._watch_loop, name="watchdog", daemon=True).start()

    def revoked(self) -> None:
        """The partitions are being shared out anew."""
        self.dog.revoked(self._clock.monotonic())

    def assigned(self) -> None:
        """Partitions were given; their changelogs are read from now on."""
        self._rebalances += 1
        self.dog.assigned(self._clock.monotonic())

    def recovery_progressed(self, _records: int = 0) -> None:
        """Records were read back. May be called from any thread."""
        self.dog.recovery_progressed(self._clock.monotonic())

    def recovered(self) -> None:
        """The agents begin."""
        self.dog.recovered(self._clock.monotonic())

    def turn(self) -> None:
        """The event loop turns; look, when it is time.

        Raises:
            WorkerStuck: with the reason to end.
        """
        now = self._turned_at = self._clock.monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        self.dog.observe(now, _readings(self._app) if self.dog.at_work else {})
        trouble = self.dog.trouble(now)
        if trouble is not None:
            raise WorkerStuck(trouble)

    def told_to_stop(self) -> None:
        """SIGTERM or SIGINT has come."""
        self.dog.stopping(self._clock.monotonic())

    def not_ready(self) -> str | None:
        """Why the worker is not ready; None if it is."""
        return self._ending.reason or self.dog.not_ready(self._clock.monotonic())

    def take_rebalances(self) -> int:
        """How often partitions were shared out since this was last asked."""
        found, self._rebalances = self._rebalances, 0
        return found

    @property
    def turning_s(self) -> float:
        """For how long the event loop has turned, in seconds."""
        return self._clock.monotonic() - self._started_at

    @property
    def stalled_s(self) -> float:
        """The longest stall of a partition now, in seconds."""
        return self.dog.stalled_s(self._clock.monotonic())

    def _watch_loop(self) -> None:
        before = self._clock.monotonic()
        while True:
            time.sleep(_LOOK_S)
            now = self._clock.monotonic()
            if now - before > _LOOK_S * _PAUSE_FACTOR:
                # The whole process stood still, not only its event loop; the lease knows what that means.
                self._turned_at = max(self._turned_at, now)
            before = now
            if self.dog.told_to_stop:
                trouble = self.dog.trouble(now)
            else:
                trouble = loop_trouble(now, self._turned_at, self._settings)
            if trouble is not None:
                self._ending.now(trouble)


def _readings(app: StreamApp) -> dict[Partition, Reading]:
    """How far each partition held has come, by what the consumer's thread and the agents last noted."""
    consumer: Any = app.consumer
    busy: set[TP] = consumer.busy()
    found = {}
    for tp in consumer.assignment():
        state = consumer.fetch_state(tp)
        if state is None:
            continue
        found[tp.topic, tp.partition] = Reading(
            position=state.position if state.has_valid_position else None,
            # Not the high watermark: what lies in an open transaction cannot be read yet.
            end=state.lso,
            answered=state.timestamp,
            taken=consumer.continuity.next_offset(tp),
            busy=tp in busy,
            finished=app.progress.offsets.get(tp),
            committed=consumer.committed.get(tp),
        )
    return found
