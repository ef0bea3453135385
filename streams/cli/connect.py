"""``groundswell connect``: assignments into tickets and messages, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import FAILED, MISUSED, ConfigOption, Fail, duration, load, read, shown, stderr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.assignment import Assignment
    from streams.clients import Clients
    from streams.settings import Settings


def connect(
    config: ConfigOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this connector; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, with secrets masked, and send nothing.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Assignments for the dry run, one JSON object a line; - is standard input."
        ),
    ] = None,
    wait: Annotated[
        str, typer.Option(metavar="DURATION", help="Give up when no broker has answered for so long.")
    ] = "60s",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each try that fails.")] = False,
) -> None:
    """Turn assignments into tickets and messages in the tools that the configuration names, and keep them up to date.

    Each connector has a consumer group of its own, so one that is down holds no other back. Ends when told to (Ctrl-C
    or SIGTERM), after what is under way is done. Start several to share the work.
    """
    only = only or []
    if source is not None and not dry_run:
        raise Fail("--from: is for --dry-run only", MISUSED)
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(message)s")
    if dry_run:
        _dry_run(config, only, source)
    else:
        _deliver(config, only, duration("--wait", wait))


def _deliver(config: Path | None, only: list[str], wait_s: float) -> None:
    settings, clients = load(config)
    _check(config, settings, only)
    from streams.acls import Component, Right, rights
    from streams.cli import cluster
    from streams.clock import SystemClock
    from streams.config import ConfigError
    from streams.connecting.lane import LaneFailed
    from streams.connecting.run import group_of, run
    from streams.topics import Topics

    console, clock, topics = stderr(), SystemClock(), Topics(settings.kafka)
    cluster.await_broker(clients, wait_s, clock, time.sleep, lambda line: console.print(line, soft_wrap=True))
    names = [each.name for each in settings.connectors if not only or each.name in only]
    groups = [Right("group", group_of(settings, name), ("Read",)) for name in names]
    # Actions are what `groundswell inbound` writes.
    needed = [each for each in rights(Component.CONNECTOR, settings.kafka) if each.name != topics.actions] + groups
    found = cluster.look(clients, topics.specs(), needed)
    for name in (topics.assignments, topics.digests, topics.links, topics.dead_letters):
        if name not in found.partitions:
            raise Fail(f"topic {name} is missing; make it with: groundswell topics create")
    if found.cleanup is not None and found.cleanup.get(topics.links) != "compact":
        raise Fail(
            f"topic {topics.links}: cleanup.policy is {found.cleanup.get(topics.links)}, expected compact: with any "
            f"other, it would be forgotten which ticket belongs to which signal",
            MISUSED,
        )

    def ready() -> None:
        where = settings.connect
        pages = f"; metrics at http://{where.host}:{where.port}/metrics" if where.port else ""
        console.print(f"ready: {', '.join(names)}{pages}", soft_wrap=True)

    try:
        asyncio.run(run(settings, clients, found.partitions, os.environ, clock, only, ready))
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None
    except LaneFailed as error:
        raise Fail(str(error), FAILED) from None
    except OSError as error:
        where = f"{settings.connect.host}:{settings.connect.port}"
        raise Fail(f"{shown(config)}: connect.port: cannot listen on {where}: {error.strerror or error}") from None


def _dry_run(config: Path | None, only: list[str], source: Path | None) -> None:
    from streams.clock import SystemClock
    from streams.config import ConfigError
    from streams.connecting.dry_run import dry_run

    if source is not None:
        settings = read(config)
        given: Iterable[Assignment] = _from_file(source)
    else:
        settings, clients = load(config)
        given = _from_topic(settings, clients)
    _check(config, settings, only)
    try:
        asyncio.run(dry_run(settings, os.environ, only, given, typer.echo, SystemClock()))
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None


def _check(config: Path | None, settings: Settings, only: list[str]) -> None:
    from streams.config import ConfigError
    from streams.connecting.building import chosen

    try:
        chosen(settings, only)
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None


def _from_file(source: Path) -> list[Assignment]:
    from streams.connecting.dry_run import parse_lines

    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
        return list(parse_lines(str(source), text.splitlines()))
    except OSError as error:
        raise Fail(f"{source}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Fail(f"{source}: not text in UTF-8") from None
    except ValueError as error:
        raise Fail(str(error)) from None


def _from_topic(settings: Settings, clients: Clients) -> Iterable[Assignment]:
    import msgspec

    from schemas.codec import decode_assignment
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.reading import whole_topic
    from streams.topics import Topics

    topics = Topics(settings.kafka)
    needed = [Right("topic", topics.assignments, ("Read",))]
    partitions = cluster.look(clients, topics.specs(), needed).partitions.get(topics.assignments)
    if partitions is None:
        raise Fail(f"topic {topics.assignments} is missing; make it with: groundswell topics create")
    for _, value in whole_topic(clients, topics.assignments, partitions):
        if value is None:
            continue
        try:
            yield decode_assignment(value)
        except msgspec.DecodeError as error:
            typer.echo(f"groundswell: left out a record that is no assignment: {error}", err=True)
