"""A worker that has been stopped longer than its session is nobody: it must not write another word."""

from streams.clock import Clock


class StaleWorker(RuntimeError):
    """This process stood still so long that the group has given its partitions away."""


class Lease:
    """Renewed by the event loop; whatever goes out asks it first.

    After a SIGSTOP, or a pause of the machine, the group has moved on. Writing a checkpoint then
    would overwrite the new owner's.

    >>> from streams.clock import ManualClock
    >>> clock = ManualClock()
    >>> lease = Lease(clock, session_s=10.0)
    >>> clock.advance(4.0); lease.check(); lease.renew()
    >>> clock.advance(11.0); lease.check()
    Traceback (most recent call last):
    streams.shell.lease.StaleWorker: the process stood still for 11 s, longer than its session of 10 s
    """

    def __init__(self, clock: Clock, session_s: float) -> None:
        self._clock, self._session_s = clock, session_s
        self._renewed = clock.monotonic()

    def renew(self) -> None:
        """The event loop is turning.

        Raises:
            StaleWorker: if it had stopped for too long.
        """
        self.check()
        self._renewed = self._clock.monotonic()

    def check(self) -> None:
        """Raises StaleWorker if the loop has stood still longer than the session."""
        still = self._clock.monotonic() - self._renewed
        if still > self._session_s:
            raise StaleWorker(
                f"the process stood still for {still:.0f} s, longer than its session of {self._session_s:.0f} s"
            )
