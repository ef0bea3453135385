"""The process ``groundswell connect``: a lane a connector, until it is told to stop or the broker is lost."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

from prometheus_client import CollectorRegistry

from sinks.connectors.secrets import Secrets
from sinks.delivery.courier import Courier, Times
from sinks.texts import links_of
from streams.acls import connect_groups
from streams.clients import Clients
from streams.clock import Clock
from streams.config import member_id
from streams.connecting.building import Built, build, chosen, paced_http
from streams.connecting.contacts import contact_by
from streams.connecting.lane import Lane, LaneFailed
from streams.connecting.links import Links
from streams.connecting.mailbox import Letters
from streams.connecting.metrics import ConnectMetrics
from streams.connecting.outgoing import Outgoing
from streams.connecting.session import Session
from streams.connecting.web import Pages
from streams.settings import Settings
from streams.topics import Topics

_log = logging.getLogger(__name__)
_FORGET_EVERY_S = 3600.0


async def run(
    settings: Settings,
    clients: Clients,
    partitions: Mapping[str, int],
    environment: Mapping[str, str],
    clock: Clock,
    only: Sequence[str] = (),
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Deliver until SIGTERM or SIGINT.

    Args:
        partitions: of each topic.
        environment: where secrets are.
        on_ready: called once, when every lane knows what was done before it.

    Raises:
        ConfigError: a connector cannot be made.
        LaneFailed: the broker is lost, or refuses.
        OSError: the port of the pages is taken.
    """
    topics = Topics(settings.kafka)
    secrets = Secrets(environment, settings.directory)
    metrics = ConnectMetrics(CollectorRegistry())
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(Session())
        built = [
            build(index, config, paced_http(config, session, secrets, clock))
            for index, config in chosen(settings, only)
        ]
        outgoing = Outgoing(clients.producer())
        stack.push_async_callback(outgoing.close)
        names = {each.config.name for each in built}
        reader = clients.consumer(group_of(settings, "links"), **{"auto.offset.reset": "error"})
        links = Links(reader, topics.links, partitions[topics.links], outgoing, names)
        lanes = [_lane(each, settings, clients, topics, links, outgoing, metrics, clock) for each in built]
        pages = Pages(settings.connect, metrics.registry, lambda: _not_ready(lanes))
        await pages.start()
        stack.push_async_callback(pages.stop)
        work = [asyncio.create_task(lane.run(stopping), name=lane.name) for lane in lanes]
        work.append(asyncio.create_task(links.follow()))
        work.append(asyncio.create_task(_forget(links, settings, metrics, clock)))
        work.append(asyncio.create_task(_tell_ready(lanes, on_ready)))
        try:
            await _until_told(work, stopping)
            await asyncio.wait(work[: len(lanes)])
            _raise_first(work[: len(lanes)])
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await asyncio.gather(*(lane.close() for lane in lanes), return_exceptions=True)
            await links.close()


def _lane(
    built: Built,
    settings: Settings,
    clients: Clients,
    topics: Topics,
    links: Links,
    outgoing: Outgoing,
    metrics: ConnectMetrics,
    clock: Clock,
) -> Lane:
    name, kind = built.config.name, str(built.config.__struct_config__.tag)
    member = member_id(settings.kafka)
    config = clients.consumer(
        group_of(settings, name),
        **{
            # Nothing is taken from a neighbour that goes on with its work.
            "partition.assignment.strategy": "cooperative-sticky",
            "auto.offset.reset": "earliest",
            "session.timeout.ms": int(settings.kafka.session_timeout_s * 1000),
            "queued.max.messages.kbytes": 16_384,
            "fetch.wait.max.ms": 100,
            # With a stable name, a restart gets its partitions back at once.
            **({"group.instance.id": f"{member}-{name}"} if member else {}),
        },
    )
    times = Times(clock.now, clock.monotonic, asyncio.sleep)
    courier = Courier(
        built.connector, built.policy, links, contact_by(settings, name), times, partial(links_of, settings.texts)
    )
    letters = Letters(outgoing, topics.dead_letters, name, f"groundswell.connect.{kind}")
    read = (topics.assignments, topics.digests) if built.takes_digests else (topics.assignments,)
    begin_ms = int((clock.now() - settings.connect.begin_s) * 1000)
    return Lane(name, courier, links, letters, metrics, config, read, begin_ms, clock.now)


def group_of(settings: Settings, name: str) -> str:
    """The consumer group of a connector: its lag is its own."""
    return f"{connect_groups(settings.kafka)}{name}"


def _not_ready(lanes: Sequence[Lane]) -> str | None:
    waiting = [lane.name for lane in lanes if not lane.ready.is_set()]
    return f"not yet ready: {', '.join(waiting)}" if waiting else None


async def _tell_ready(lanes: Sequence[Lane], on_ready: Callable[[], None]) -> None:
    for lane in lanes:
        await lane.ready.wait()
    on_ready()


async def _forget(links: Links, settings: Settings, metrics: ConnectMetrics, clock: Clock) -> None:
    longest_s = max(each.reopen_within_s for each in settings.connectors)
    await links.caught_up()
    while True:
        forgotten = await links.forget(clock.now(), longest_s)
        if forgotten:
            _log.info("%d links forgotten", forgotten)
        metrics.links.set(len(links))
        await asyncio.sleep(_FORGET_EVERY_S)


async def _until_told(work: Sequence[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Until told to stop, or until something fails."""
    told = asyncio.create_task(stopping.wait())
    waiting: set[asyncio.Task[None] | asyncio.Task[bool]] = {*work, told}
    while not stopping.is_set():
        ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        try:
            _raise_first([task for task in ended if task is not told])
        except BaseException:
            stopping.set()
            raise
    told.cancel()


def _raise_first(ended: Sequence[asyncio.Task[None] | asyncio.Task[bool]]) -> None:
    for task in ended:
        error = task.exception()
        if error is None:
            continue
        if isinstance(error, LaneFailed):
            raise error
        raise LaneFailed(str(error)) from error
