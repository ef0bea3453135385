"""``groundswell inbound``: takes webhooks of the targets until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load, shown, stderr

if TYPE_CHECKING:
    from pathlib import Path

    from sinks.inbound.base import Source
    from streams.settings import Settings


def inbound(
    config: ConfigOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each request.")] = False,
) -> None:
    """Take webhooks from Jira, ServiceNow, Azure DevOps and Slack, and write what they say as actions.

    Listens on loopback unless told otherwise; put a reverse proxy with TLS before it that passes on /inbound/ alone.
    Ends when told to (Ctrl-C or SIGTERM), after what is under way is answered.
    """
    settings, clients = load(config)
    sources = _sources(config, settings)
    from confluent_kafka import Producer

    from streams.acls import Right
    from streams.cli import cluster
    from streams.clock import SystemClock
    from streams.inbound.running import run
    from streams.inbound.writing import DELIVERY_MS, ActionWriter
    from streams.topics import Topics

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(message)s")
    topics = Topics(settings.kafka)
    needed = [Right("topic", topics.actions, ("Write",))]
    if topics.actions not in cluster.look(clients, topics.specs(), needed).partitions:
        raise Fail(f"topic {topics.actions} is missing; make it with: groundswell topics create")
    console = stderr()

    def ready(address: str) -> None:
        for source in sources:
            console.print(f"ready; webhooks of {source.name} at {address}/inbound/{source.name}", soft_wrap=True)

    producer = Producer({**clients.producer(), "message.timeout.ms": DELIVERY_MS})
    writer = ActionWriter(producer, topics.actions)
    try:
        asyncio.run(run(settings.inbound, sources, writer, SystemClock(), ready))
    except OSError as error:
        where = f"{settings.inbound.host}:{settings.inbound.port}"
        raise Fail(f"{shown(config)}: inbound.port: cannot listen on {where}: {error.strerror or error}") from None


def _sources(config: Path | None, settings: Settings) -> list[Source]:
    from sinks.connectors.secrets import Secrets

    if not settings.inbound.sources:
        raise Fail(f"{shown(config)}: inbound.sources: there are none; see deploy/groundswell.toml", MISUSED)
    made: list[Source] = []
    secrets = Secrets(os.environ, settings.directory)
    for index, each in enumerate(settings.inbound.sources):
        try:
            made.append(each.source(secrets))
        except ValueError as error:
            raise Fail(f"{shown(config)}: inbound.sources[{index}].{error}", MISUSED) from None
    return made
