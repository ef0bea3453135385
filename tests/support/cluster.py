"""Three Apache Kafka servers on the local Java: one broker and controller, two brokers only."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.local_kafka import LocalKafka
from tests.support.ports import free_ports

SIZE = 3
_REPLICATED = {
    "default.replication.factor": "3",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "1",
    "min.insync.replicas": "2",
}


class Cluster:
    """Topics are kept three times, and a write needs two of them; the first server is never stopped."""

    def __init__(self, libs: Path, data: Path) -> None:
        self._controller = free_ports(1)[0]
        self.servers = [self._server(libs, data, number) for number in range(1, SIZE + 1)]

    def _server(self, libs: Path, data: Path, number: int) -> LocalKafka:
        port = free_ports(1)[0]
        first = number == 1
        listeners = f"PLAINTEXT://127.0.0.1:{port}"
        properties = {
            **_REPLICATED,
            "node.id": str(number),
            "process.roles": "broker,controller" if first else "broker",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": f"{listeners},CONTROLLER://127.0.0.1:{self._controller}" if first else listeners,
            "advertised.listeners": listeners,
        }
        return LocalKafka(libs, data / f"server-{number}", properties, port=port, cluster_id="Z3JvdW5kc3dlbGwtM2s")

    @property
    def bootstrap(self) -> str:
        """All three."""
        return ",".join(server.bootstrap for server in self.servers)

    def __enter__(self) -> Self:
        for server in self.servers:
            server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in reversed(self.servers):
            server.kill()
