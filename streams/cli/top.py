"""``groundswell top``: the open assignments that matter most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load, stderr, stdout

if TYPE_CHECKING:
    from schemas.assignment import Assignment

_STDIN = Path("-")


def top(
    config: ConfigOption = None,
    most: Annotated[int, typer.Option("--number", "-n", min=1, metavar="N", help="How many.")] = 5,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Assignments, one JSON object a line; - for standard input."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The assignments themselves, one JSON object a line.")
    ] = False,
) -> None:
    """List the open assignments by impact, the most first. Times are UTC."""
    from schemas.codec import encode_json
    from sinks.impact.ranking import rank, standing
    from streams.cli.common import now
    from streams.cli.top_lines import line

    found = rank(standing(_from_file(file) if file is not None else _from_topic(config)))
    if as_json:
        for one in found[:most]:
            typer.echo(encode_json(one).decode())
        return
    console, moment = stdout(), now()
    for number, one in enumerate(found[:most], 1):
        console.print(line(number, one, moment), soft_wrap=True)
    if not found:
        stderr().print("[dim]nothing is open[/]")
    elif len(found) > most:
        stderr().print(f"[dim]{len(found) - most} more are open; -n {len(found)} shows all[/]")


def _from_file(path: Path) -> Iterator[Assignment]:
    import msgspec

    from schemas.codec import decode_assignment

    place = "standard input" if path == _STDIN else str(path)
    for number, text in enumerate(_lines(path), 1):
        if not text.strip():
            continue
        try:
            yield decode_assignment(text)
        except (msgspec.DecodeError, ValueError) as error:
            raise Fail(f"{place}:{number}: no assignment: {error}", MISUSED) from None


def _lines(path: Path) -> Iterable[bytes]:
    import sys

    if path == _STDIN:
        yield from sys.stdin.buffer
        return
    try:
        with path.open("rb") as opened:
            yield from opened
    except OSError as error:
        raise Fail(f"{path}: cannot be read: {error.strerror}", MISUSED) from None


def _from_topic(config: Path | None) -> Iterator[Assignment]:
    import msgspec

    from schemas.codec import decode_assignment
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.reading import whole_topic
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    name = topics.assignments
    partitions = cluster.look(clients, topics.specs(), [Right("topic", name, ("Read",))]).partitions.get(name)
    if partitions is None:
        raise Fail(f"topic {name} is missing; make it with: groundswell topics create")
    for _, value in whole_topic(clients, name, partitions):
        if value is None:
            continue
        try:
            yield decode_assignment(value)
        except (msgspec.DecodeError, ValueError) as error:
            typer.echo(f"groundswell: warning: topic {name}: a record is left out: {error}", err=True)
