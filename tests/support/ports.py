"""Free ports of the loopback address, none given twice, not even to tests of other processes."""

from __future__ import annotations

import fcntl
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

# Below the range from which the system gives out ports by itself: a client that keeps trying the port of a stopped
# broker could otherwise be given that very port, and the broker could not come back.
_LOWEST, _HIGHEST = 15_000, 32_000

_FOLDER = Path(tempfile.gettempdir()) / "groundswell-test-ports"
_taken: list[IO[bytes]] = []
"""Locked files, one a port; the system unlocks them when the process ends, however it does."""


def free_ports(count: int) -> list[int]:
    """So many ports that nothing listens on, kept for this process."""
    _FOLDER.mkdir(exist_ok=True)
    found: list[int] = []
    while len(found) < count:
        port = random.randint(_LOWEST, _HIGHEST)
        lock = (_FOLDER / str(port)).open("wb")
        if _locked(lock) and _free(port):
            _taken.append(lock)
            found.append(port)
        else:
            lock.close()
    return found


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
