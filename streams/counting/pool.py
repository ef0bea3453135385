"""Counting in processes of its own: to the agent much like an :class:`Ingest`, a little behind."""

import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf
from queue import SimpleQueue
from typing import Any

from sinks.dead_letters import Reason
from streams.counting.packed import Packed
from streams.counting.wire import Assign, Begin, RefusedRecord, Report, Take, Turn, receive, send, up
from streams.ingest.counter import Refused, Tally
from streams.ingest.decode import Rejected
from streams.ingest.ingest import Output

_ASK_S = 0.01
MOST_WAITING = 120_000
"""Records on their way to a process; beyond it the agent waits."""


_AS_A_RULE = 2


def usual_processes() -> int:
    """How many counting processes suit this machine: one for each core that may be used, two at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if cores == 1 else min(cores, _AS_A_RULE)


class CounterEnded(RuntimeError):
    """A counting process has ended."""


class View:
    """What is known of a source partition's counter.

    Attributes:
        position: offset of the next record; None before the first.
        tally: what happened to its events.
    """

    __slots__ = ("position", "tally")

    def __init__(self) -> None:
        self.position: int | None = None
        self.tally = Tally()


class _Process:
    """One of them, with a thread that writes to it and one that reads from it."""

    def __init__(self, begin: Begin) -> None:
        ours, theirs = socket.socketpair()
        for one in (ours, theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        command = [sys.executable, "-m", "streams.shell.counting", str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module
        theirs.close()
        self.sock = ours
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.reports: deque[Report] = deque()
        self.sent = self.taken = 0
        self.asked = False
        self.failed: str | None = None
        self.queue.put(begin)
        bodies = (self._send, self._receive)
        self._threads = [threading.Thread(target=body, daemon=True, name="counting") for body in bodies]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """It ends once it reads that nothing more will come."""
        self.queue.put(None)
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.process.wait(timeout=10)
        for thread in self._threads:
            thread.join(timeout=10)
        self.sock.close()

    def _send(self) -> None:
        try:
            while (message := self.queue.get()) is not None:
                send(self.sock, message)
        except OSError as error:
            self.failed = f"a counting process does not listen: {error}"

    def _receive(self) -> None:
        try:
            while (data := receive(self.sock)) is not None:
                self.reports.append(up.decode(data))
            self.failed = "a counting process has ended"
        except OSError as error:
            self.failed = f"a counting process does not answer: {error}"


class Pool:
    """Does what :class:`streams.ingest.ingest.Ingest` does; source partitions are dealt out by their number.

    Args:
        processes: how many.
        begin: how they are to count.
    """

    def __init__(self, processes: int, begin: Begin) -> None:
        self.partitions = begin.partitions
        self._flushing = begin.flushing
        self._processes = [_Process(begin) for _ in range(processes)]
        self._epoch = 0
        self._asked_at = -inf
        self._committable: dict[int, int] = {}
        self.counters: dict[int, View] = {}
        self._refused: list[RefusedRecord] = []
        self._heard: dict[int, float] = {}

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [process.process.pid for process in self._processes]

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.close()

    def _of(self, source: int) -> _Process:
        return self._processes[source % len(self._processes)]

    def late(self) -> list[tuple[int, Refused]]:
        """(source, what is no event) of what was taken in some time ago; each is told once, with the next flush."""
        found, self._refused = self._refused, []
        return [(one.source, Refused(one.record, Rejected(Reason(one.reason), one.message))) for one in found]

    def assign(self, sources: Iterable[int], now: float) -> None:
        """Start from nothing on ``sources``; whatever else was being counted is dropped, unsent."""
        self._epoch += 1
        self.counters = {source: View() for source in sources}
        self._heard = dict.fromkeys(self.counters, now)
        self._committable, self._refused = {}, []
        for process in self._processes:
            mine = [source for source in self.counters if self._of(source) is process]
            process.sent = process.taken = 0
            process.asked = False
            process.queue.put(Assign(self._epoch, now, mine))

    def take(self, source: int, batches: Sequence[Packed], now: float, wall: float = inf, known: int = 0) -> None:
        """Hand batches of one source partition over; what is no event is told by :meth:`late`.

        Args:
            known: offset before which only the ids are to be remembered.
        """
        process = self._of(source)
        self._heard[source] = now
        process.sent += sum(map(len, batches))
        process.queue.put(Take(source, now, wall, list(batches), known))

    def room(self, source: int) -> bool:
        """Whether more may be handed over."""
        process = self._of(source)
        return process.sent - process.taken < MOST_WAITING

    def heard(self, source: int) -> float:
        """When a source partition last had a record, monotonic time; when it was assigned, if never."""
        return self._heard[source]

    def due(self, now: float, *, behind: bool = False) -> bool:
        """Whether there is something to hear, or time to ask. What is due is for the processes to say.

        Raises:
            CounterEnded: a process has.
        """
        del behind
        for process in self._processes:
            if process.failed:
                raise CounterEnded(process.failed)
        return now - self._asked_at >= _ASK_S or any(process.reports for process in self._processes)

    def flush(self, now: float, drained: Iterable[int] = (), *, behind: bool = False) -> list[Output]:
        """What the processes have said since the last time, and the next question to them."""
        self._committable = {}
        outputs: list[Output] = []
        for process in self._processes:
            while process.reports:
                report = process.reports.popleft()
                if report.epoch != self._epoch:
                    continue
                process.asked = False
                process.taken = report.taken
                outputs += [Output(partition, value) for partition, value in report.outputs]
                self._committable.update(report.committable)
                self._refused += report.refused
                for source, position in report.positions.items():
                    self.counters[source].position = position
                for source, (events, repeated, untagged) in report.tallies.items():
                    tally = self.counters[source].tally
                    tally.events += events
                    tally.repeated += repeated
                    tally.untagged += untagged
        if now - self._asked_at >= _ASK_S:
            self._asked_at = now
            empty = list(drained)
            for process in self._processes:
                if not process.asked:
                    process.asked = True
                    process.queue.put(Turn(now, [s for s in empty if self._of(s) is process], behind))
        return outputs

    def urgent(self, now: float) -> list[Output]:
        """Nothing: what the processes find urgent comes with the next flush, which is due as soon as they say it."""
        del now
        return []

    def committable(self) -> dict[int, int]:
        """Source partition -> offset that may be committed once what was last flushed is delivered."""
        return self._committable
