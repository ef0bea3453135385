"""``groundswell tail``: what passes on a topic, line by line."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import ConfigOption, Fail, load, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.cli.tail_lines import Record
    from streams.clients import Clients

_POLL_S = 0.2


class Stream(StrEnum):
    """What can be watched."""

    ASSIGNMENTS = "assignments"
    SIGNALS = "signals"
    ACTIONS = "actions"
    DEAD_LETTERS = "dead-letters"
    PANES = "panes"
    INTERACTIONS = "interactions"
    FEEDBACK = "feedback"


def tail(
    stream: Annotated[Stream, typer.Argument(help="What to watch.")] = Stream.ASSIGNMENTS,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Start with the oldest record.")] = False,
    most: Annotated[int | None, typer.Option("--max", min=1, metavar="N", help="End after N records.")] = None,
    repeated: Annotated[
        bool, typer.Option("--repeats", help="Also signals and assignments that were shown before.")
    ] = False,
) -> None:
    """Show what passes on a topic, until Ctrl-C. Times are UTC and those of the events."""
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.tail_lines import json_line, line
    from streams.cli.tail_repeats import Repeats
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    name = {
        Stream.ASSIGNMENTS: topics.assignments,
        Stream.SIGNALS: topics.signals,
        Stream.ACTIONS: topics.actions,
        Stream.DEAD_LETTERS: topics.dead_letters,
        Stream.PANES: topics.theme_panes,
        Stream.INTERACTIONS: topics.interactions,
        Stream.FEEDBACK: topics.feedback,
    }[stream]
    needed = [Right("topic", name, ("Read",))]
    partitions = cluster.look(clients, topics.specs(), needed).partitions.get(name)
    if partitions is None:
        raise Fail(f"topic {name} is missing; make it with: groundswell topics create")
    console = stdout()
    if not as_json:
        stderr().print(f"[dim]{name}, {partitions} partitions; Ctrl-C ends[/]")
    repeats = Repeats(stream.value)
    records = _records(clients, name, partitions, from_beginning)
    fresh = (record for record in records if repeated or not repeats.told(record.value))
    try:
        for number, record in enumerate(fresh, 1):
            if as_json:
                typer.echo(json_line(stream.value, record))
            else:
                console.print(line(stream.value, record), soft_wrap=True)
            if number == most:
                break
    finally:
        if repeats.dropped:
            stderr().print(f"[dim]{repeats.dropped} repeats left out; --repeats shows them[/]")


def _records(clients: Clients, topic: str, partitions: int, from_beginning: bool) -> Iterator[Record]:
    """The records of every partition as they come, for ever. Joins no group, so it takes nothing from anybody."""
    from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, TopicPartition

    from streams.cli.tail_lines import Record

    consumer = Consumer(clients.consumer("groundswell-tail"))
    start = OFFSET_BEGINNING if from_beginning else OFFSET_END
    consumer.assign([TopicPartition(topic, partition, start) for partition in range(partitions)])
    try:
        while True:
            message = consumer.poll(_POLL_S)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._ALL_BROKERS_DOWN or error.fatal():
                    raise Fail(f"the broker is gone: {error.str()}")
                continue
            value = message.value()
            if value is None:
                continue
            headers = message.headers() or []
            yield Record(
                value, list(headers.items()) if isinstance(headers, dict) else headers, message.timestamp()[1] / 1000
            )
    finally:
        consumer.close()
