"""``groundswell explain``: the whole story of a signal, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load

if TYPE_CHECKING:
    from schemas.audit import Audit


def explain(
    signal_id: Annotated[str, typer.Argument(help="Of a signal or an incident, such as sig-4f0c2a91b7d35e88.")],
    config: ConfigOption = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Audit records, one JSON object a line."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The records themselves, one JSON object a line.")] = False,
) -> None:
    """Tell what became of a signal, step by step: who was told of it and when, who was not, and why."""
    from schemas.triage_codec import encode
    from sinks.triage.story import story

    own: dict[str, Audit] = {}
    incidents: dict[str, Audit] = {}
    for audit in _from_file(file) if file is not None else _from_topic(config):
        if audit.signal_id == signal_id:
            own[audit.id] = audit
        elif audit.signal_id.startswith("inc-"):
            incidents[audit.id] = audit
    if not own:
        place = str(file) if file is not None else "the audit topic"
        raise Fail(f"{place} knows nothing of {signal_id}")
    if as_json:
        for audit in sorted(own.values(), key=lambda each: (each.decided_at, each.number)):
            typer.echo(encode(audit).decode())
        return
    for line in story(own.values(), incidents.values()):
        # Customers' words may hold escape sequences; a terminal must not obey them.
        typer.echo("".join(c if c.isprintable() else " " for c in line))


def _from_file(path: Path) -> Iterator[Audit]:
    import msgspec

    from schemas.triage_codec import decode_audit

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise Fail(f"{path}: cannot be read: {error.strerror}", MISUSED) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield decode_audit(line)
        except msgspec.DecodeError as error:
            raise Fail(f"{path}:{number}: no audit record: {error}", MISUSED) from None


def _from_topic(config: Path | None) -> Iterator[Audit]:
    import msgspec

    from schemas.triage_codec import decode_audit
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.reading import whole_topic
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    needed = [Right("topic", topics.audit, ("Read",))]
    partitions = cluster.look(clients, topics.specs(), needed).partitions.get(topics.audit)
    if partitions is None:
        raise Fail(f"topic {topics.audit} is missing; make it with: groundswell topics create")
    for _, value in whole_topic(clients, topics.audit, partitions):
        if value is None:
            continue
        try:
            yield decode_audit(value)
        except msgspec.DecodeError as error:
            typer.echo(f"groundswell: warning: topic {topics.audit}: a record is left out: {error}", err=True)
