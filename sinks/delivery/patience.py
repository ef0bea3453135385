"""When to try again: backing off, a circuit breaker, a token bucket. Pure: the time is handed in."""

import zlib
from enum import StrEnum

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 300.0


def pause_s(tries: int, key: str) -> float:
    """How long to wait after the ``tries``-th failure, seconds: doubling, and between half of it and all of it.

    Args:
        key: of the job; it spreads those that failed together, and a run can be repeated.

    >>> 0.25 <= pause_s(1, "a") <= 0.5, 150.0 <= pause_s(99, "a") <= 300.0
    (True, True)
    """
    whole = min(FIRST_PAUSE_S * 2.0 ** min(tries - 1, 30), LONGEST_PAUSE_S)
    return whole * (0.5 + 0.5 * zlib.crc32(f"{key}\x1f{tries}".encode()) / 0xFFFFFFFF)


class BreakerState(StrEnum):
    """``closed`` lets calls through, ``open`` none, ``half_open`` one to see."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Spares a target that is down, and us the waiting (M. Nygard, *Release It!*, 2007, "Circuit Breaker").

    Args:
        after: failures in a row that open it.
        first_s, longest_s: how long it stays open; doubled each time the call that was let through fails as well.
        probe_s: how long that call may take before another one is let through.
    """

    def __init__(self, after: int = 10, first_s: float = 5.0, longest_s: float = 300.0, probe_s: float = 60.0) -> None:
        self.state = BreakerState.CLOSED
        self._after, self._first_s, self._longest_s, self._probe_s = after, first_s, longest_s, probe_s
        self._failures, self._open_s = 0, first_s
        self._until = self._probing_until = 0.0
        self._held_until = 0.0

    def wait_s(self, now: float) -> float:
        """How long to wait before asking again, seconds; 0 lets a call through."""
        if now < self._held_until:
            return self._held_until - now
        if self.state is BreakerState.CLOSED:
            return 0.0
        if self.state is BreakerState.OPEN:
            if now < self._until:
                return self._until - now
            self.state = BreakerState.HALF_OPEN
        elif now < self._probing_until:
            return min(1.0, self._probing_until - now)
        self._probing_until = now + self._probe_s
        return 0.0

    def succeeded(self) -> None:
        """A call has come back, be it with a refusal: the target is there."""
        self.state, self._failures, self._open_s = BreakerState.CLOSED, 0, self._first_s

    def failed(self, now: float, *, at_once: bool = False) -> None:
        """A call has failed; ``at_once`` opens it whatever came before."""
        self._failures += 1
        if self.state is BreakerState.HALF_OPEN:
            self._open_s = min(self._open_s * 2.0, self._longest_s)
        elif self._failures < self._after and not at_once:
            return
        if self.state is not BreakerState.OPEN:
            self.state, self._until = BreakerState.OPEN, now + self._open_s

    def hold(self, now: float, seconds: float) -> None:
        """The target asks for a pause; it is not broken."""
        self._held_until = max(self._held_until, now + seconds)
        if self.state is BreakerState.HALF_OPEN:
            self.succeeded()


class Bucket:
    """A token bucket: ``burst`` calls at once, ``rate`` a second over time.

    >>> bucket = Bucket(rate=2.0, burst=1)
    >>> bucket.take(0.0), bucket.take(0.0), bucket.take(0.0), bucket.take(10.0)
    (0.0, 0.5, 1.0, 0.0)
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = float(burst), 0.0

    def take(self, now: float) -> float:
        """Take a token, in advance if there is none; how long to wait for it, seconds."""
        self._tokens = min(self._tokens + max(now - self._at, 0.0) * self._rate, self._burst)
        self._at = max(now, self._at)
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._rate)
