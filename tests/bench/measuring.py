"""What the benches have in common: workers that drain a topic, and what a process takes."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench.load import Event, write
from tests.bench.rules import RULES
from tests.support.brokers import Broker
from tests.support.real_kafka import real_kafka
from tests.support.workers import OWNERS, WorkerProcess

PARTITIONS = 8
WARM = 0.05
"""Share of the events merged before the clock starts."""
_POLL_S = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


class Drained(NamedTuple):
    """How a filled topic was read.

    Attributes:
        rate: events a second, all workers together.
        cpu_us: processor time of the workers and their counting processes, microseconds an event.
        updates: theme-panes updates an event.
        rss: bytes in memory at the end, all workers and their counting processes.
        broker_us: processor time of a broker below this process, microseconds an event; 0 if it runs elsewhere.
    """

    rate: float
    cpu_us: float
    updates: float
    rss: int
    broker_us: float


@contextmanager
def arena() -> Iterator[tuple[Broker, Path, str]]:
    """A real Kafka, a folder, and a start of topic names that no other run has.

    What was started ends with the bench, also when that is told to end.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with TemporaryDirectory(prefix="groundswell-bench-") as folder, real_kafka(Path(folder) / "kafka") as broker:
        yield broker, Path(folder), f"bench-{time.time_ns():x}."


def family(pid: int) -> list[int]:
    """A process and those below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def rss_bytes(pid: int) -> int:
    """What a process and those below it hold in memory, bytes."""
    return sum(_status(one, "VmRSS") for one in family(pid))


def peak_rss_bytes(pid: int) -> int:
    """The most that a process itself has held in memory so far, bytes."""
    return _status(pid, "VmHWM")


def _status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and those below it have taken."""
    stats = (Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split() for one in family(pid))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / _TICKS


def broker_seconds() -> float:
    """Processor time that brokers started by this process have taken; 0 if they run elsewhere."""
    brokers = [pid for pid in family(os.getpid()) if Path(f"/proc/{pid}/comm").read_text() == "java\n"]
    return sum(cpu_seconds(pid) for pid in brokers)


def until(true: Callable[[], bool], what: str, within_s: float, every_s: float = _POLL_S) -> None:
    """Return once ``true`` says so.

    Raises:
        TimeoutError: it did not within the time.
    """
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:.0f} s: {what}")
        time.sleep(every_s)


def drain(workers: Sequence[WorkerProcess], count: int, within_s: float = 900.0) -> Drained:
    """Wait until ``count`` events, each of one theme, are merged; the clock runs from the first few percent on.

    Raises:
        RuntimeError: a worker has ended, or more was counted than there was.
    """
    began = first = cpu = broker = 0.0

    def merged() -> float:
        for worker in workers:
            if worker.returncode is not None:
                raise RuntimeError(worker.log_end())
        return sum(worker.metric("groundswell_mentions_total") for worker in workers)

    def through() -> bool:
        nonlocal began, first, cpu, broker
        now = merged()
        if not began and now >= WARM * count:
            began, first, broker = time.monotonic(), now, broker_seconds()
            cpu = sum(cpu_seconds(worker.pid) for worker in workers)
        return now >= count

    until(through, f"{count} events merged", within_s)
    took = time.monotonic() - began
    cpu = sum(cpu_seconds(worker.pid) for worker in workers) - cpu
    broker = broker_seconds() - broker
    if merged() != count:
        raise RuntimeError("counted more than there was")
    updates = sum(worker.metric("groundswell_pane_updates_total") for worker in workers)
    left = max(1.0, count - first)
    rss = sum(rss_bytes(worker.pid) for worker in workers)
    return Drained(left / max(took, 1e-9), 1e6 * cpu / left, updates / count, rss, 1e6 * broker / left)


def body(ingest: str = "", rules: str = RULES, detect: str = "", ingest_tables: str = "") -> str:
    """A worker's rules, owners and sections."""
    return f"{rules}{OWNERS}\n[ingest]\n{ingest}\n{ingest_tables}\n[detect]\n{detect}\n"


def drained_by_one(
    broker: Broker, directory: Path, prefix: str, load: list[Event], text: str, partitions: int = PARTITIONS
) -> Drained:
    """Write the events to topics of their own, and have one worker read them."""
    with WorkerProcess(broker, directory, prefix, text, name=prefix.strip("."), partitions=partitions) as worker:
        worker.create_topics()
        write(broker.bootstrap, worker.topics.interactions, load, partitions)
        worker.start()
        return drain([worker], len(load))
