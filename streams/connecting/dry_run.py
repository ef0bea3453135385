"""What ``groundswell connect`` would send, without sending it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from schemas.assignment import Assignment
from schemas.codec import decode_assignment
from sinks.connectors.http import DryHttp
from sinks.connectors.secrets import Secrets
from sinks.delivery.courier import Courier, Times
from sinks.delivery.link import Link
from sinks.texts import links_of
from streams.clock import Clock
from streams.connecting.building import build, chosen
from streams.connecting.contacts import contact_by
from streams.settings import Settings


class Memory:
    """A :class:`sinks.delivery.courier.Book` that is gone with the process."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Link] = {}

    def get(self, connector: str, signal_id: str) -> Link:
        """The link; an empty one if there is none."""
        return self._held.get((connector, signal_id)) or Link(connector=connector, signal_id=signal_id)

    async def put(self, link: Link) -> None:
        """Remember it."""
        self._held[link.connector, link.signal_id] = link


class Shown:
    """A :class:`sinks.delivery.courier.Watch` that prints what would happen."""

    def __init__(self, name: str, show: Callable[[str], None]) -> None:
        self._name, self._show = name, show
        self.told = 0

    def delivered(self, assignment: Assignment, kind: str) -> None:
        """A step would have been taken."""
        self.told += 1
        self._show(f"--- {self._name}: {kind} for {assignment.signal_id}, revision {assignment.revision}\n")

    def failed(self, kind: str, reason: str) -> None:
        """A dry run cannot fail for a while only."""
        self._show(f"--- {self._name}: {kind} fails: {reason}\n")

    async def dropped(self, revision: int, kind: str, reason: str, error: str) -> None:
        """It would have become a dead letter."""
        self.told += 1
        self._show(f"--- {self._name}: {kind} of revision {revision} would become a dead letter ({error}): {reason}\n")


async def dry_run(
    settings: Settings,
    environment: Mapping[str, str],
    only: Sequence[str],
    assignments: Iterable[Assignment],
    show: Callable[[str], None],
    clock: Clock,
) -> None:
    """Print each call that the assignments would lead to, connector by connector, and what it is for.

    Raises:
        ConfigError: a connector cannot be made.
    """
    secrets = Secrets(environment, settings.directory, lenient=True)
    built = [build(index, config, DryHttp(secrets, show)) for index, config in chosen(settings, only)]
    given = list(assignments)
    for each in built:
        contact, times = contact_by(settings, each.config.name), Times(clock.now, clock.monotonic, _at_once)
        courier = Courier(each.connector, each.policy, Memory(), contact, times, partial(links_of, settings.texts))
        watch = Shown(each.config.name, show)
        seen: dict[str, list[Assignment]] = defaultdict(list)
        for assignment in given:
            before = watch.told
            seen[assignment.signal_id].append(assignment)
            await courier.deliver(assignment.signal_id, seen[assignment.signal_id], watch)
            if watch.told == before:
                what = f"{assignment.signal_id}, revision {assignment.revision}"
                show(f"--- {each.config.name}: nothing for {what}\n")


def parse_lines(name: str, lines: Iterable[str]) -> Iterable[Assignment]:
    """Assignments, one a line, as ``groundswell tail --json`` prints them and the topic holds them.

    Raises:
        ValueError: naming the file, the line and the field.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield decode_assignment(line.encode())
        except msgspec.DecodeError as error:
            raise ValueError(f"{name}, line {number}: no assignment: {error}") from None


async def _at_once(_seconds: float) -> None:
    """Nothing is waited for."""
