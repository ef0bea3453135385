"""Free ports of the loopback address."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

# Below the range from which the system gives out ports by itself: a client that keeps trying the port of a stopped
# broker could otherwise be given that very port, and the broker could not come back.
_LOWEST, _HIGHEST = 15_000, 32_000


def free_ports(count: int) -> list[int]:
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = random.randint(_LOWEST, _HIGHEST)
            candidate = held.enter_context(socket.socket())
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found
