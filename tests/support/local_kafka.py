"""One Apache Kafka server on the local Java, which a test may kill, pause and start again."""

from __future__ import annotations

import atexit
import base64
import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import free_ports
from tests.support.readiness import answers
from tests.support.unavailable import RealKafkaUnavailable

START_SECONDS = 60.0
STOP_SECONDS = 10.0

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent(parent: int) -> None:
    """Runs in the child before the server: whatever ends the tests, even a SIGKILL, ends the server too."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class LocalKafka:
    """A broker and controller in one process (KRaft), on ports that stay the same over restarts.

    Start it in a thread that lives as long as it: Linux ends the broker together with the thread that started it.
    """

    def __init__(
        self,
        libs: Path,
        data: Path,
        properties: Mapping[str, str] | None = None,
        format_arguments: Sequence[str] = (),
        *,
        port: int | None = None,
        cluster_id: str | None = None,
    ) -> None:
        self._libs = libs
        self._cluster_id = cluster_id
        self._format_arguments = tuple(format_arguments)
        self._data = data
        free, self._controller_port = free_ports(2)
        self._port = port or free
        self._properties = {**self._defaults(), **(properties or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def admin_client(self) -> dict[str, str]:
        """What a client that may do everything is made with, beside the address."""
        return {}

    @property
    def log(self) -> Path:
        return self._data / "server.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Starts the server, and returns when it answers."""
        if self.running:
            raise RuntimeError("this Kafka is already running")
        config = self._configure()
        self._process = self._spawn("-Xms256m", "-Xmx1g", "kafka.Kafka", str(config))
        atexit.register(self.kill)
        if not answers(self.bootstrap, within=START_SECONDS, alive=lambda: self.running, client=self.admin_client()):
            state = f"does not answer after {START_SECONDS:.0f} s" if self.running else "ended while starting"
            self.kill()
            raise RealKafkaUnavailable(f"the Kafka server on {self.bootstrap} {state}; its log ends:\n{self.log_end()}")
        return self

    def stop(self) -> None:
        """Asks the server to end, and ends it when it does not within ``STOP_SECONDS``."""
        if self._process is None:
            return
        self.resume()
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends the server on the spot, as a power cut would; what is on disk stays."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """Freezes the server: its connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        self.stop()
        self.start()

    def log_end(self, lines: int = 25) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _defaults(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            # A killed broker may register again only when its old session has run out (9 s by default).
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.dirs": str(self._data / "logs"),
            "auto.create.topics.enable": "false",
            "num.partitions": "4",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
        }

    def _configure(self) -> Path:
        """Writes the configuration, and formats the storage the first time."""
        self._data.mkdir(parents=True, exist_ok=True)
        config = self._data / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._properties.items()))
        if not (self._data / "logs" / "meta.properties").exists():
            # 16 bytes in URL-safe base64; the zero byte keeps a dash, which would read as an option, off the front.
            cluster = self._cluster_id or base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
            arguments = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config), *self._format_arguments)
            if self._spawn("-Xmx128m", *arguments).wait(START_SECONDS) != 0:
                raise RealKafkaUnavailable(f"formatting Kafka's storage failed; the log ends:\n{self.log_end()}")
        return config

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["java", "-cp", f"{self._libs}/*", "-Dorg.slf4j.simpleLogger.showDateTime=true", *arguments]
        parent = os.getpid()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _die_with_parent(parent),
            )

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
