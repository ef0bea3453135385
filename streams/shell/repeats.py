"""A line that comes again and again is logged once in a while: of a broker that is away, thirty come a second."""

import logging

from streams.clock import Clock

_QUIET_S = 10.0


class Repeats:
    """A filter for log handlers; what differs only in its details counts as the same line.

    >>> from streams.clock import ManualClock
    >>> clock = ManualClock()
    >>> repeats = Repeats(clock)
    >>> record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "Unable to connect to %s", ("kafka:9092",), None)
    >>> [repeats.lets_through(record) for _ in range(3)]
    [True, False, False]
    >>> clock.advance(10.0); repeats.lets_through(record), record.getMessage()
    (True, 'Unable to connect to kafka:9092 (2 more like it in between)')
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def lets_through(self, record: logging.LogRecord) -> bool:
        """Whether the like of it was not said a short while ago."""
        key, now = (record.name, str(record.msg)), self._clock.monotonic()
        said_at, kept_back = self._said.get(key, (-_QUIET_S, 0))
        if now - said_at < _QUIET_S:
            self._said[key] = said_at, kept_back + 1
            return False
        self._said[key] = now, 0
        if kept_back:
            record.msg, record.args = f"{record.getMessage()} ({kept_back} more like it in between)", None
        return True
