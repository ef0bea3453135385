"""What an event costs by where its load lies: a hot theme, more partitions, more workers, more series."""

from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from tests.bench import telling
from tests.bench.load import Event, evenly, hot, recent, write
from tests.bench.measuring import PARTITIONS, Drained, arena, body, drain, drained_by_one, until
from tests.bench.recovery import fill, roomy
from tests.support.brokers import Broker
from tests.support.workers import WorkerProcess

SERIES = 1000
HOT_SHARE = 0.9
_TOLD = ("events_per_second", "cpu_us_per_event", "broker_us_per_event", "updates_per_event", "rss_bytes")


def _numbers(found: Drained) -> dict[str, Any]:
    told = (round(found.rate), round(found.cpu_us, 2), round(found.broker_us, 2), round(found.updates, 4), found.rss)
    return dict(zip(_TOLD, told, strict=True))


def _show(title: str, first: str, points: dict[str, Any]) -> None:
    rows = [(name, *(point[key] for key in _TOLD)) for name, point in points.items()]
    columns = (first, "events/s", "worker us an event", "broker us an event", "updates an event", "RSS bytes")
    telling.table(title, columns, rows)


def hot_key(count: int) -> dict[str, Any]:
    """One theme with 90 % of all traffic, beside the same traffic spread evenly."""
    found = {}
    with arena() as (broker, directory, prefix):
        for name, theme in (("even", evenly(SERIES)), ("hot", hot(SERIES, HOT_SHARE))):
            load = recent(count, theme)
            found[name] = _numbers(drained_by_one(broker, directory, f"{prefix}{name}.", load, body()))
    _show(f"A theme with {HOT_SHARE:.0%} of {count:,} events", "traffic", found)
    return found


def partitions(count: int, numbers: tuple[int, ...]) -> dict[str, Any]:
    """The same events in topics of 1 to 64 partitions."""
    found, load = {}, recent(count, evenly(SERIES))
    with arena() as (broker, directory, prefix):
        for number in numbers:
            drained = drained_by_one(broker, directory, f"{prefix}{number}.", load, body(), number)
            found[str(number)] = _numbers(drained)
    _show(f"{count:,} events by partitions", "partitions", found)
    return found


def workers(count: int, numbers: tuple[int, ...]) -> dict[str, Any]:
    """1, 2 and 4 workers of a group, which share this machine's processors with the broker."""
    found: dict[str, Any] = {}
    load = recent(count, evenly(SERIES))
    with arena() as (broker, directory, prefix):
        for number in numbers:
            found[str(number)] = _numbers(_together(broker, directory, f"{prefix}{number}.", load, number))
    first = next(iter(found.values()))["events_per_second"]
    for point in found.values():
        point["ratio_to_first"] = round(point["events_per_second"] / first, 3)
    _show(f"{count:,} events by workers", "workers", found)
    return found


def _together(broker: Broker, directory: Path, prefix: str, load: list[Event], number: int) -> Drained:
    """They stand still while the topic is filled, so that all begin at once and none has to share with the filling."""
    group = f"{prefix}group"
    made = [
        WorkerProcess(
            broker, directory, prefix, body(), name=f"{prefix}{n}", group=group, partitions=PARTITIONS, session="60s"
        )
        for n in range(number)
    ]
    try:
        made[0].create_topics()
        for worker in made:
            worker.start()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        until(lambda: _settled(admin, group, made), f"{number} workers in the group", 120.0)
        for worker in made:
            worker.pause()
        write(broker.bootstrap, made[0].topics.interactions, load, PARTITIONS)
        for worker in made:
            worker.resume()
        return drain(made, len(load))
    finally:
        for worker in made:
            worker.resume()
            worker.stop()


def _settled(admin: AdminClient, group: str, made: list[WorkerProcess]) -> bool:
    described = admin.describe_consumer_groups([group])[group].result(timeout=30)
    members = [member for member in described.members if member.assignment.topic_partitions]
    stable = described.state == ConsumerGroupState.STABLE and len(members) == len(made)
    return stable and all(worker.ready() for worker in made)


def cost(count: int, numbers: tuple[int, ...]) -> dict[str, Any]:
    """By series: events spread over so many, and events of a thousand while so many are tracked."""
    spread: dict[str, Any] = {}
    tracked: dict[str, Any] = {}
    with arena() as (broker, directory, prefix):
        load: list[Event] = []
        for number in numbers:
            load = recent(count, evenly(number))
            text = body(detect=roomy(number))
            spread[str(number)] = _numbers(drained_by_one(broker, directory, f"{prefix}s{number}.", load, text))
        load = recent(count, evenly(min(numbers)))
        for number in numbers:
            tracked[str(number)] = _numbers(_tracking(broker, directory, f"{prefix}t{number}.", load, number))
    _show(f"{count:,} events spread evenly over so many series", "series", spread)
    _show(f"{count:,} events of {min(numbers):,} series while so many are tracked", "series", tracked)
    return {"spread": spread, "tracked": tracked}


def _tracking(broker: Broker, directory: Path, prefix: str, load: list[Event], number: int) -> Drained:
    text = body(detect=roomy(number))
    with WorkerProcess(broker, directory, prefix, text, name=prefix.strip("."), partitions=PARTITIONS) as worker:
        worker.create_topics()
        fill(broker, worker, number, busy=0.0)
        write(broker.bootstrap, worker.topics.feedback, load, PARTITIONS)
        # What is recovered is read before the first event.
        worker.start(wait_ready_s=600.0)
        return drain([worker], len(load))
