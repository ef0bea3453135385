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

    >>> from streams.clock import ManualClock
    >>> clock = ManualClock()
    >>> lease = Lease(clock, session_s=10.0)
    >>> clock.advance(4.0); lease.check(); lease.beat()
    >>> clock.advance(11.0); lease.beat(); lease.check()
    Traceback (most recent call last):
    streams.shell.lease.StaleWorker: the process stood still for 11 s, longer than its session of 10 s
    """

    def __init__(self, clock: Clock, session_s: float) -> None:
        self._clock, self._session_s = clock, session_s
        self._beat = clock.monotonic()
        self._longest = 0.0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Beat from now on, in a thread that ends with the process."""
        self._beat = self._clock.monotonic()
        threading.Thread(target=self._run, name="lease", daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._session_s / _BEATS_A_SESSION):
            self.beat()

    def beat(self) -> None:
        """The process is running; how long it had not been is remembered for ever."""
        now = self._clock.monotonic()
        self._longest = max(self._longest, now - self._beat)
        self._beat = now

    def check(self) -> None:
        """Raises StaleWorker if the process has ever stood still longer than its session."""
        still = max(self._longest, self._clock.monotonic() - self._beat)
        if still > self._session_s:
            raise StaleWorker(
                f"the process stood still for {still:.0f} s, longer than its session of {self._session_s:.0f} s"
            )
