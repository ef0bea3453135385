"""Takes one signal's steps to one target: in order, each tried until it works, is refused or has taken too long."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from schemas.assignment import Assignment
from schemas.digest import Digest
from sinks.connectors.base import Connector, Gone, Job, Later, Refused, TakesDigests, Unauthorized
from sinks.delivery.link import Link, Stage
from sinks.delivery.patience import Breaker, pause_s
from sinks.delivery.step import Kind, Policy, Step, done, found, gone, intended, next_step, settled, skipped
from sinks.texts import NO_LINKS, Links, news


class Book(Protocol):
    """Where links are remembered."""

    def get(self, connector: str, signal_id: str) -> Link:
        """The link; an empty one if there is none."""

    async def put(self, link: Link) -> None:
        """Returns once it is stored for good."""


class Watch(Protocol):
    """Who is told what becomes of the steps."""

    def delivered(self, assignment: Assignment, kind: str) -> None:
        """A step has worked."""

    def failed(self, kind: str, reason: str) -> None:
        """A step has failed, and will be tried again."""

    async def dropped(self, revision: int, kind: str, reason: str, error: str) -> None:
        """A step is given up; returns once the record it came from is a dead letter, for good.

        Args:
            revision: of the assignment.
            error: the kind of error.
        """


class Times(Struct, frozen=True):
    """Where the time comes from: ``now`` is wall time, epoch seconds; ``monotonic`` and ``sleep`` are in seconds."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


Contact = Callable[[str], Mapping[str, str]]
"""A role -> how this connector reaches it; empty if nothing is known."""


Answered = TypeVar("Answered")


class _GaveUp(Exception):
    """It has been tried for as long as it may be."""


class Courier:
    """Delivers to one target. Signals may be delivered at the same time, each of them once.

    Args:
        contact: of a role, for this connector.
        links: of an assignment, for its texts.
    """

    def __init__(
        self,
        connector: Connector,
        policy: Policy,
        book: Book,
        contact: Contact,
        times: Times,
        links: Callable[[Assignment], Links] = lambda _: NO_LINKS,
    ) -> None:
        self.breaker = Breaker()
        self._connector, self._policy, self._book, self._contact, self._times = connector, policy, book, contact, times
        self._links = links
        self._slots = asyncio.Semaphore(policy.config.parallel)
        # Signals whose intent to create something this process has written down itself.
        self._mine: set[str] = set()

    async def deliver(self, signal_id: str, pending: Sequence[Assignment], watch: Watch) -> None:
        """Do what ``pending`` asks for; it may grow meanwhile.

        Raises:
            Exception: the book or the dead letters cannot be written: nothing more may be done.
        """
        try:
            await self._deliver(signal_id, pending, watch)
        finally:
            # Whatever was under way is no longer known to be ours: the next one looks first, and waits before it does.
            self._mine.discard(signal_id)

    async def _deliver(self, signal_id: str, pending: Sequence[Assignment], watch: Watch) -> None:
        trying = _Trying(self._policy.config.give_up_after_s, signal_id, self._times)
        while True:
            link = self._book.get(self._connector.name, signal_id)
            step = next_step(link, pending, self._policy, self._times.now())
            if step is None:
                rest = settled(link, pending[-1])
                if rest is link:
                    return
                await self._put(rest)
                continue
            try:
                await self._permitted(trying)
                await self._settle(link)
                async with self._slots:
                    await self._do(link, step)
            except Later as error:
                await self._failed(step.kind.value, error, trying, watch, self._unsure(step, error))
            except Unauthorized as error:
                await self._failed(step.kind.value, error, trying, watch, 0.0)
            except Gone as error:
                self.breaker.succeeded()
                watch.failed(step.kind.value, error.reason)
                await self._lost(link, step, watch, error)
                trying.reset()
            except (Refused, _GaveUp) as error:
                refused = isinstance(error, Refused)
                if refused:
                    self.breaker.succeeded()
                reason = error.reason if isinstance(error, Refused) else trying.told()
                await watch.dropped(step.assignment.revision, step.kind.value, reason, _kind(error))
                link = self._book.get(self._connector.name, signal_id)
                unsure = link.stage is Stage.CREATING and not refused
                await self._put(skipped(link, step, self._times.now(), unsure=unsure))
                trying.reset()
            else:
                self.breaker.succeeded()
                watch.delivered(step.assignment, step.kind.value)
                trying.reset()

    async def tell(self, digest: Digest, watch: Watch) -> None:
        """Send a digest, unless the link says that it was."""
        connector = self._connector
        link = self._book.get(connector.name, digest.id)
        if link.stage is not Stage.NONE or not isinstance(connector, TakesDigests):
            return
        trying = _Trying(self._policy.config.give_up_after_s, digest.id, self._times)
        while True:
            try:
                await self._permitted(trying)
                async with self._slots:
                    await _asked(connector.digest(digest, self._contact(digest.owner)))
            except (Later, Unauthorized) as error:
                await self._failed("digest", error, trying, watch, 0.0)
                continue
            except (Refused, _GaveUp) as error:
                reason = error.reason if isinstance(error, Refused) else trying.told()
                await watch.dropped(1, "digest", reason, _kind(error))
            self.breaker.succeeded()
            await self._put(replace(link, stage=Stage.CLOSED, revision=1, at=self._times.now()))
            return

    async def _do(self, link: Link, step: Step) -> None:
        connector, now = self._connector, self._times.now
        if step.kind in (Kind.CREATE, Kind.ADOPT) and self._policy.tracks:
            if link.stage is not Stage.CREATING:
                link = await self._put(intended(link, step, now()))
                self._mine.add(link.signal_id)
            try:
                there = await _asked(connector.find(self._job(link, step)))
            except Later as error:
                # Looking does no harm, so it can be done again at once.
                raise Later(error.reason, error.after_s, unsure=False) from None
            if there is not None:
                await self._put(found(link, there, now()))
                return
        job = self._job(link, step)
        external = link.external
        match step.kind:
            case Kind.CREATE:
                external = await _asked(connector.create(job))
            case Kind.UPDATE | Kind.TELL if external is not None:
                external = await _asked(connector.update(job, external))
            case Kind.COMMENT if external is not None:
                await _asked(connector.comment(job, external))
            case Kind.CLOSE if external is not None and self._policy.config.on_resolve == "close":
                external = await _asked(connector.close(job, external))
            case Kind.REOPEN if external is not None:
                external = await _asked(connector.reopen(job, external))
        await self._put(done(link, step, external, now()))

    def _job(self, link: Link, step: Step) -> Job:
        assignment = step.assignment
        contact = self._contact(self._policy.config.told(assignment))
        return Job(assignment, link.marker, contact, news(assignment, step.before), self._links(assignment))

    async def _put(self, link: Link) -> Link:
        if link.stage is not Stage.CREATING:
            self._mine.discard(link.signal_id)
        link = replace(link, seq=link.seq + 1)
        await self._book.put(link)
        return link

    async def _settle(self, link: Link) -> None:
        """What somebody before us was about to create may be there, and not be seen yet."""
        if link.stage is Stage.CREATING and link.signal_id not in self._mine:
            await self._times.sleep(self._connector.settle_s)
            self._mine.add(link.signal_id)

    def _unsure(self, step: Step, error: Later) -> float:
        creating = step.kind is Kind.CREATE and self._policy.tracks
        return self._connector.settle_s if creating and error.unsure else 0.0

    async def _permitted(self, trying: "_Trying") -> None:
        trying.begin()
        while (wait_s := self.breaker.wait_s(self._times.monotonic())) > 0:
            trying.check()
            await self._times.sleep(min(wait_s, trying.left_s()))
        trying.check()

    async def _failed(
        self, kind: str, error: Later | Unauthorized, trying: "_Trying", watch: Watch, least_s: float
    ) -> None:
        watch.failed(kind, error.reason)
        now = self._times.monotonic()
        after_s = error.after_s if isinstance(error, Later) else None
        if after_s is not None:
            self.breaker.hold(now, after_s)
        else:
            self.breaker.failed(now, at_once=isinstance(error, Unauthorized))
        await trying.pause(error.reason, max(least_s, after_s or 0.0))

    async def _lost(self, link: Link, step: Step, watch: Watch, error: Gone) -> None:
        if link.external is None or step.kind in (Kind.CREATE, Kind.ADOPT):
            # Not a ticket that is gone, but a project or a channel that is not there.
            await watch.dropped(step.assignment.revision, step.kind.value, error.reason, "Refused")
            link = self._book.get(self._connector.name, link.signal_id)
            await self._put(skipped(link, step, self._times.now()))
            return
        await self._put(gone(link, self._times.now()))


def _kind(error: Exception) -> str:
    return "TimedOut" if isinstance(error, _GaveUp) else type(error).__name__


async def _asked(answer: Awaitable[Answered]) -> Answered:
    """What a connector answers; an answer that it cannot read is a fault of one target, and ends nothing else."""
    try:
        return await answer
    except (Later, Refused):
        raise
    except Exception as error:
        raise Later(f"unexpected {type(error).__name__}: {error}") from error


class _Trying:
    """For how long one step has been tried, and how often."""

    def __init__(self, most_s: float, key: str, times: Times) -> None:
        self._most_s, self._key, self._times = most_s, key, times
        self._tries, self._since, self._reason = 0, -1.0, ""

    def reset(self) -> None:
        """It is over; the next step has all its time."""
        self._tries, self._since, self._reason = 0, -1.0, ""

    def begin(self) -> None:
        """From now on, if it has not begun."""
        if self._since < 0:
            self._since = self._times.monotonic()

    def left_s(self) -> float:
        """How long it may still be tried."""
        return max(self._since + self._most_s - self._times.monotonic(), 0.0)

    def check(self) -> None:
        """Raises _GaveUp if the time is up."""
        if self.left_s() <= 0:
            raise _GaveUp

    async def pause(self, reason: str, least_s: float) -> None:
        """It has failed: wait, but not beyond its time."""
        self._tries += 1
        self._reason = reason
        await self._times.sleep(min(max(pause_s(self._tries, self._key), least_s), self.left_s()))

    def told(self) -> str:
        """Why it was given up, in words."""
        last = f"; the last time: {self._reason}" if self._reason else ""
        return f"tried for {self._most_s:.0f} s, {self._tries} times{last}"
