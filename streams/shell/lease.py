"""A process that has been stopped longer than its session is nobody: it must not write another word."""

import threading

from streams.clock import Clock

_BEATS_A_SESSION = 10


class StaleWorker(RuntimeError):
    """This process stood still so long that the group has given its partitions away."""


class Lease:
    """Renewed by a thread of its own, as the group's heartbeats are; whatever goes out asks it first.

    After a SIGSTOP, or a pause of the machine, the group has moved on, and writing a checkpoint
    would overwrite the new owner's. A busy event loop is no reason to stop: the heartbeats go on.

    The last heartbeat may have been sent just before the next was due, so the session may end that
    much sooner after the process stops.

    Args:
        heartbeat_s: between two heartbeats to the group.

    >>> from streams.clock import ManualClock
    >>> clock = ManualClock()
    >>> lease = Lease(clock, session_s=10.0, heartbeat_s=3.0)
    >>> lease.beat()
    >>> clock.advance(4.0); lease.check(); lease.beat()
    >>> clock.advance(8.0); lease.beat(); lease.check()
    Traceback (most recent call last):
    streams.shell.lease.StaleWorker: the process stood still for 8 s: its session of 10 s may be over
    """

    def __init__(self, clock: Clock, session_s: float, heartbeat_s: float) -> None:
        self._clock, self._session_s = clock, session_s
        self._limit_s = session_s - heartbeat_s
        self._beat: float | None = None
        self._longest = 0.0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Beat from now on, in a thread that ends with the process."""
        self.beat()
        threading.Thread(target=self._run, name="lease", daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._session_s / _BEATS_A_SESSION):
            self.beat()

    def beat(self) -> None:
        """The process is running; how long it had not been is remembered for ever."""
        self._longest = max(self._longest, self._still())
        self._beat = self._clock.monotonic()

    def _still(self) -> float:
        return 0.0 if self._beat is None else self._clock.monotonic() - self._beat

    def check(self) -> None:
        """Raises StaleWorker if the process has ever stood still so long that its session may have ended."""
        still = max(self._longest, self._still())
        if still > self._limit_s:
            raise StaleWorker(
                f"the process stood still for {still:.0f} s: its session of {self._session_s:.0f} s may be over"
            )
