"""``groundswell replay``: somebody's file as events on an input topic, at the pace at which they came."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import FAILED, MISUSED, ConfigOption, Fail, load, stderr

if TYPE_CHECKING:
    from streams.cli.mapping import Columns
    from streams.cli.to_events import Mapped

_SHOWN = 20


class Target(StrEnum):
    """The input topics, without their prefix."""

    INTERACTIONS = "interactions"
    FEEDBACK = "feedback"


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSONL, or CSV or TSV with a header; .gz too.")],
    config: ConfigOption = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", metavar="FILE", help="How columns become fields; see above.")
    ] = None,
    topic: Annotated[Target, typer.Option(help="Where to.")] = Target.FEEDBACK,
    speed: Annotated[
        str, typer.Option(metavar="realtime|N|max", help="As it was, N times faster, or at once.")
    ] = "max",
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that the last is now.")
    ] = False,
) -> None:
    """Send a file of reviews, tickets, posts ... as events, in the order of time.

    Without a mapping, keys or columns are the fields of an event: id, time,
    theme or text, customer, sentiment, channel, region, tier, version ...
    Other columns become attributes. A mapping is a TOML file, such as

    \b
        columns.id = "tweet_id"            # event field = column
        columns.text = "text"
        columns.customer = "name"
        columns.sentiment = "mood"
        values.sentiment.negative = -0.8   # what stands there = what it means
        values.sentiment.positive = 0.8
        time.column = "created"
        time.format = "%Y-%m-%d %H:%M:%S"  # or iso, epoch, epoch_ms
        time.zone = "America/New_York"     # of times that name none
        metrics.stars = "rating"           # metric = column
        attributes.os_version = "OS"       # slice = column
        constants.channel = "post"         # event field = value

    A line that makes no event is reported with its number and left out. Events
    are keyed by their customer, or else by their id.
    """
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.mapping import MappingError, load_mapping
    from streams.cli.pacing import in_time, parse_speed
    from streams.cli.sending import Sender, send
    from streams.clock import SystemClock
    from streams.topics import Topics

    settings, clients = load(config)
    try:
        times = parse_speed(speed)
        columns = load_mapping(mapping) if mapping is not None else None
    except MappingError as error:
        raise Fail(str(error), MISUSED) from None
    except ValueError as error:
        raise Fail(f"--speed: {error}", MISUSED) from None
    found, refused = _read(file, columns)
    topics = Topics(settings.kafka)
    name = topics.interactions if topic is Target.INTERACTIONS else topics.feedback
    seen = cluster.look(clients, topics.specs(), [Right("topic", name, ("Write",))])
    if name not in seen.partitions and not seen.embedded:
        raise Fail(f"topic {name} is missing; make it with: groundswell topics create")
    console, clock = stderr(), SystemClock()
    sender = Sender(clients, name)
    started = clock.monotonic()
    try:
        send(in_time(found, clock.now() if shift_to_now else None), times, sender, console, clock)
    finally:
        sender.finish()
        took = clock.monotonic() - started
        told = f"{sender.delivered:,} events sent to {name} in {took:.1f} s; {refused:,} lines left out"
        console.print(told, soft_wrap=True)
    if sender.failed:
        raise Fail(f"{sender.failed} events were not taken by the broker: {sender.why or 'no answer in time'}", FAILED)


def _read(file: Path, columns: Columns | None) -> tuple[list[Mapped], int]:
    """The events of a file, and how many of its lines are none; the first of those are told."""
    from streams.cli.mapping import MappingError
    from streams.cli.rows import read
    from streams.cli.to_events import Mapped

    found: list[Mapped] = []
    refused = 0
    try:
        for item in read(file, columns):
            if isinstance(item, Mapped):
                found.append(item)
                continue
            refused += 1
            if refused <= _SHOWN:
                typer.echo(f"{file}:{item.line}: {item.why}", err=True)
    except MappingError as error:
        raise Fail(str(error), MISUSED) from None
    except OSError as error:
        raise Fail(f"{file}: cannot be read: {error.strerror}", MISUSED) from None
    if refused > _SHOWN:
        typer.echo(f"{file}: and {refused - _SHOWN} more such lines", err=True)
    if not found:
        raise Fail(f"{file}: no event in it ({refused} lines left out)")
    return found, refused
