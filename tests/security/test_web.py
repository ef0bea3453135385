"""A worker with the default settings listens on loopback alone, and on one port alone."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import pytest

from streams.settings import Web
from tests.support.brokers import Broker
from tests.support.workers import WorkerProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

_LISTEN = "0A"


def listening(pid: int) -> set[tuple[str, int]]:
    """(address, port) of every TCP socket on which a process listens."""
    links = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()]
    inodes = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    found_: set[tuple[str, int]] = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] != _LISTEN or fields[9] not in inodes:
                continue
            address, _, port = fields[1].partition(":")
            # Words of four bytes, each in the machine's order.
            packed = b"".join(
                bytes.fromhex(address[i : i + 8])[:: -1 if sys.byteorder == "little" else 1]
                for i in range(0, len(address), 8)
            )
            found_.add((socket.inet_ntop(family, packed), int(port, 16)))
    return found_


def test_the_look_into_proc_sees_what_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("0.0.0.0", 0)) as other:
        seen = listening(os.getpid())
        assert {("127.0.0.1", one.getsockname()[1]), ("0.0.0.0", other.getsockname()[1])} <= seen


def test_a_worker_listens_on_loopback_only(embedded_broker: Broker, tmp_path: Path, topic_prefix: str) -> None:
    assert Web().host == "127.0.0.1"
    with WorkerProcess(embedded_broker, tmp_path, topic_prefix) as worker:
        assert "host" not in worker.config.read_text()
        worker.create_topics().start()
        assert listening(worker.pid) == {("127.0.0.1", worker.port)}
