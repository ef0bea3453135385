"""One fault case: workers on a broker, a load, and the comparison at the end."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.load import Load
from tests.faults.oracle import Meanings, Row, compare, differences
from tests.faults.recovery import recovered
from tests.support.brokers import Broker
from tests.support.reading import counted, read_all
from tests.support.workers import OWNERS, RULES, WorkerProcess

CHUNKS = "[ingest.counting]\nchunk_records = 512\n"
"""Chunks of about a second, so that many are finished and committed between two faults."""
BODY = RULES + OWNERS + CHUNKS
TOP = 'checkpoint = "1s"'


class Scene:
    """Workers of one group on one broker.

    Args:
        body: TOML of every worker's configuration, beyond Kafka and web.
    """

    def __init__(self, broker: Broker, directory: Path, prefix: str, body: str = BODY) -> None:
        self.broker, self.directory, self.prefix, self.body = broker, directory, prefix, body
        self.workers: list[WorkerProcess] = []
        self.loads: list[Load] = []
        self._supervised: set[WorkerProcess] = set()

    def worker(self, name: str | None = None, body: str | None = None, top: str = TOP, **options: Any) -> WorkerProcess:
        """Another worker, not started; the first one makes the topics."""
        name = name or f"w{len(self.workers)}"
        made = WorkerProcess(self.broker, self.directory, self.prefix, body or self.body, top, name=name, **options)
        if not self.workers:
            made.create_topics()
        self.workers.append(made)
        return made

    def load(self, events: int | None = None, kind: type[Load] = Load, **options: Any) -> Load:
        """A load on the inputs, begun."""
        topics = self.workers[0].topics.inputs
        made = kind(self.broker.bootstrap, topics, self.broker.partitions, events, **options)
        self.loads.append(made)
        return made.start()

    def recovered_after(self, began: float, within_s: float = 60.0) -> float:
        """Seconds from ``began`` (monotonic) until every input partition is read again, while a load goes on.

        That is so when the pages of the workers that run name the lag of each, and counts of each have been sent
        after ``began``; see :func:`tests.faults.recovery.recovered`.
        """
        since = time.time() - (time.monotonic() - began)
        done = recovered(self.workers, self.broker, since, time.monotonic() + within_s)
        assert done, f"not every input partition was read again within {within_s:.0f} s\n{self.logs()}"
        return round(time.monotonic() - began, 1)

    @contextmanager
    def supervised(self, worker: WorkerProcess) -> Iterator[None]:
        """Start the worker again whenever it has ended with an error, as an orchestrator would."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.5):
                if worker.returncode:
                    worker.start(wait_ready_s=0)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        self._supervised.add(worker)
        try:
            yield
        finally:
            self._supervised.discard(worker)
            done.set()
            thread.join()

    def logs(self) -> str:
        """The end of every worker's log."""
        return "\n".join(f"--- {worker.config.stem}:\n{worker.log_end(15)}" for worker in self.workers)

    def finish(
        self, fault: str, recovery_s: float | None = None, *, broker: bool = False, within_s: float = 90.0
    ) -> Row:
        """Wait until all is counted, compare, and say what came out; fails on any difference."""
        expected: dict[tuple[str, int], int] = {}
        for load in self.loads:
            for key, n in load.wait().expected.items():
                expected[key] = expected.get(key, 0) + n
        total, changelog = sum(expected.values()), self.workers[0].topics.series_log
        deadline = time.monotonic() + within_s
        while (found := sum(counted(self.broker, changelog).values())) < total and time.monotonic() < deadline:
            running = self._supervised or any(worker.returncode is None for worker in self.workers)
            assert running, f"no worker runs\n{self.logs()}"
            time.sleep(1.0)
        # What is doubled would come now.
        time.sleep(3.0)
        panes = counted(self.broker, changelog)
        lost, doubled = compare(expected, panes)
        meanings = self._meanings()
        row = Row(
            fault,
            total,
            sum(panes.values()),
            lost,
            doubled,
            len(meanings.signals),
            len(meanings.second),
            recovery_s,
            broker,
        )
        assert row.exact, f"{row}\n{differences(expected, panes)}\n{list(meanings.second)[:5]}\n{self.logs()}"
        assert not meanings.gaps(), f"revisions are missing of {sorted(meanings.gaps())[:5]}"
        assert found >= total
        assert meanings.signals, "no signal at all: the case has shown nothing"
        return row

    def _meanings(self) -> Meanings:
        topics = self.workers[0].topics
        deadline = time.monotonic() + 90
        while True:
            meanings = Meanings()
            meanings.read(read_all(self.broker, topics.signals), read_all(self.broker, topics.assignments))
            left = meanings.unassigned()
            if not left:
                return meanings
            assert time.monotonic() < deadline, f"no assignment follows {sorted(left)[:5]}\n{self.logs()}"
            time.sleep(1.0)

    def stop(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.resume()
            worker.kill()


@contextmanager
def scene(broker: Broker, directory: Path, prefix: str, body: str = BODY) -> Iterator[Scene]:
    """A scene whose workers are gone at the end, whatever happens."""
    made = Scene(broker, directory, prefix, body)
    try:
        yield made
    finally:
        made.stop()
