"""A target in memory that fails, loses answers and hides what is new, and a book that outlives its courier."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from schemas.assignment import Assignment
from sinks.connectors.base import External, Job, Later, Refused
from sinks.delivery.courier import Times
from sinks.delivery.link import Link


class Crash(BaseException):
    """The process has died here."""


class Time:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.slept: list[float] = []

    def times(self) -> Times:
        return Times(lambda: self.at, lambda: self.at, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Ticket:
    """What the target has."""

    def __init__(self, job: Job, at: float) -> None:
        self.marker, self.at, self.open = job.marker, at, True
        self.shown = job.assignment.revision
        self.comments: list[int] = []
        self.history: list[tuple[str, int]] = [("create", job.assignment.revision)]


class Target:
    """A connector and its target.

    Args:
        index_s: for how long ``find`` does not see a new ticket.
        fault: asked at each call; what it raises is raised after the call took effect if it is ``unsure``.
    """

    def __init__(
        self,
        time: Time,
        *,
        tracks: bool = True,
        index_s: float = 0.0,
        fault: Callable[[str], Exception | Crash | None] = lambda kind: None,
    ) -> None:
        self.name, self.tracks, self.settle_s = "mem", tracks, index_s
        self.tickets: list[Ticket] = []
        self.calls: list[str] = []
        self._time, self._fault = time, fault

    async def find(self, job: Job) -> External | None:
        self._called("find", lambda: None)
        for number, ticket in enumerate(self.tickets):
            if ticket.marker == job.marker and self._time.at - ticket.at >= self.settle_s:
                return External(str(number), open=ticket.open)
        return None

    async def create(self, job: Job) -> External:
        self._called("create", lambda: self.tickets.append(Ticket(job, self._time.at)))
        return External(str(len(self.tickets) - 1))

    async def update(self, job: Job, external: External) -> External:
        ticket = self.tickets[int(external.key)]

        def change() -> None:
            ticket.shown = job.assignment.revision
            ticket.history.append(("update", job.assignment.revision))

        self._called("update", change)
        return external

    async def comment(self, job: Job, external: External) -> None:
        ticket = self.tickets[int(external.key)]

        def change() -> None:
            ticket.comments.append(job.assignment.revision)
            ticket.history.append(("comment", job.assignment.revision))

        self._called("comment", change)

    async def close(self, job: Job, external: External) -> External:
        return self._turn("close", job, external, is_open=False)

    async def reopen(self, job: Job, external: External) -> External:
        return self._turn("reopen", job, external, is_open=True)

    def _turn(self, kind: str, job: Job, external: External, *, is_open: bool) -> External:
        ticket = self.tickets[int(external.key)]

        def change() -> None:
            ticket.open = is_open
            ticket.history.append((kind, job.assignment.revision))

        self._called(kind, change)
        return External(external.key, open=is_open)

    def _called(self, kind: str, change: Callable[[], Any]) -> None:
        self.calls.append(kind)
        self._time.at += 0.01
        fault = self._fault(kind)
        if fault is None:
            change()
            return
        if isinstance(fault, Crash) or getattr(fault, "unsure", False):
            change()
        raise fault


class Book:
    """Links that outlive the courier; ``crashes`` says before which puts the process dies."""

    def __init__(self, crashes: Iterator[bool] | None = None) -> None:
        self.links: dict[tuple[str, str], Link] = {}
        self._crashes = crashes or itertools.repeat(False)

    def get(self, connector: str, signal_id: str) -> Link:
        return self.links.get((connector, signal_id)) or Link(connector=connector, signal_id=signal_id)

    async def put(self, link: Link) -> None:
        if next(self._crashes, False):
            raise Crash
        assert link.seq > self.get(link.connector, link.signal_id).seq
        self.links[link.connector, link.signal_id] = link


class Watch:
    """Notes what becomes of steps."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.failures: list[str] = []
        self.dead: list[tuple[int, str, str, str]] = []

    def delivered(self, assignment: Assignment, kind: str) -> None:
        self.done.append((kind, assignment.revision))

    def failed(self, kind: str, reason: str) -> None:
        self.failures.append(f"{kind}: {reason}")

    async def dropped(self, revision: int, kind: str, reason: str, error: str) -> None:
        self.dead.append((revision, kind, reason, error))


def faults(*given: Exception | Crash | None) -> Callable[[str], Exception | Crash | None]:
    """One after the other, then none."""
    left = iter(given)
    return lambda kind: next(left, None)


def once(kind: str, *given: Exception | Crash) -> Callable[[str], Exception | Crash | None]:
    """One after the other for one kind of call, then none."""
    left = iter(given)
    return lambda asked: next(left, None) if asked == kind else None


LATER = Later("503", unsure=False)
LOST = Later("no answer")
REFUSED = Refused("400")
