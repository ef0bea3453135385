"""For how long a worker's event loop stands still, seen from outside."""

import http.client
import threading
import time
from typing import NamedTuple, Self

_EVERY_S = 0.005
_TIMEOUT_S = 60.0


class Stall(NamedTuple):
    """An answer that took its time: when it was asked for, on the wall clock, and for how long, in seconds."""

    at: float
    took_s: float


class LoopWatch:
    """Asks for /healthz every 5 ms in a thread: an answer can be no sooner than the loop turns.

    Args:
        port: of the worker's pages on the loopback.
    """

    def __init__(self, port: int) -> None:
        self.stalls: list[Stall] = []
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=_TIMEOUT_S)

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        while not self._stop.wait(_EVERY_S):
            at, began = time.time(), time.monotonic()
            try:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except OSError:
                connection.close()
            self.stalls.append(Stall(at, time.monotonic() - began))
        connection.close()

    def longest_s(self, first: float = 0.0, last: float = float("inf")) -> float:
        """The longest that began in this stretch of the wall clock."""
        return max((stall.took_s for stall in self.stalls if first <= stall.at <= last), default=0.0)
