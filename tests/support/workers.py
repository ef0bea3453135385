"""Worker processes of a test, as a user would run them, and what their pages say."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from streams.config import load_settings
from streams.topics import Topics
from tests.support.brokers import Broker
from tests.support.patience import patiently
from tests.support.ports import free_ports

COMMAND = (sys.executable, "-m", "streams.cli.main")

RULES = """
[[rules]]
name = "complaints"
detector = "count"
window = "5h"
levels = { low = 3, critical = 15 }
"""

OWNERS = """
[ownership]
default = { role = "cx-operations", accountable = "head-of-cx" }
"""


class WorkerProcess:
    """One ``groundswell worker`` on a broker; a context manager that always reaps it.

    Args:
        body: TOML of the rules and owners; Kafka and web sections are written here.
        kafka: more lines of the Kafka section.
        session: timeout of its membership in the group.
    """

    def __init__(
        self,
        broker: Broker,
        directory: Path,
        prefix: str,
        body: str = RULES + OWNERS,
        top: str = "",
        name: str = "w",
        partitions: int | None = None,
        group: str | None = None,
        kafka: str = "",
        session: str = "6s",
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.broker, self.prefix = broker, prefix
        self.port = free_ports(1)[0]
        self.config = directory / f"{name}.toml"
        group = group or f"{prefix}group"
        # What is sent at once can be looked for at once.
        triage = "" if "[triage]" in body else '[triage]\ngroup_wait = "0s"\npatience = "0s"\n'
        self.config.write_text(
            f'{top}\n[kafka]\nbootstrap = "{broker.bootstrap}"\ngroup = "{group}"\nprefix = "{prefix}"\n'
            f"partitions = {partitions or broker.partitions}\n"
            f'session_timeout = "{session}"\n{kafka}\n[web]\nport = {self.port}\n{triage}{body}',
            encoding="utf-8",
        )
        self.settings = load_settings(self.config)
        self.topics = Topics(self.settings.kafka)
        self.log = directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def create_topics(self) -> Self:
        """Make every topic the worker needs, as a user would where the broker allows it."""
        if self.broker.kind == "real":
            command = [*COMMAND, "topics", "create", "--config", str(self.config)]
            patiently(lambda: subprocess.run(command, check=True, capture_output=True, timeout=60))
        else:
            self.broker.create_topics(*(spec.name for spec in self.topics.specs()))
        return self

    def start(
        self,
        *,
        wait_ready_s: float = 60.0,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Start it, and return once it says that it is ready; at once if ``wait_ready_s`` is 0."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "worker", "--config", str(self.config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )
        deadline = time.monotonic() + wait_ready_s
        while wait_ready_s and not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the worker did not become ready:\n{self.log_end()}")
            time.sleep(0.05)
        return self

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def memory(self) -> int:
        """Bytes that it holds in memory now, with the processes that count for it."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(_resident(pid) for pid in (self.pid, *map(int, children)))

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    def page(self, path: str) -> str:
        """What a page of its web server says; empty if there is no answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            return ""

    def ready(self) -> bool:
        """Whether /readyz says so."""
        return self.page("/readyz") == "ready\n"

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; 0 if it is not there."""
        values = [line for line in self.page("/metrics").splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in values)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: it stands still, and its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, if it is still there."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)

    def wait(self, timeout_s: float) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def stop(self) -> int:
        """SIGTERM, then SIGKILL after 20 s; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def log_end(self, lines: int = 40) -> str:
        """The end of what it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))
