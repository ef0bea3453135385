"""``groundswell silence``: who is to hear nothing of what, until when, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, duration, load, moment
from streams.cli.common import now as wall_time

if TYPE_CHECKING:
    from schemas.control import Control
    from streams.clients import Clients

app = typer.Typer(help="Hear nothing of some signals for a while; they are still written.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who asks for it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
For = Annotated[str | None, typer.Option("--for", metavar="2h", help="How long it is to hold.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until when, as 2026-05-04T17:00Z.")]
Starts = Annotated[str | None, typer.Option("--starts", metavar="TIME", help="From when on; now if left out.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would be, and do nothing.")]
Globs = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="May be given several times: any of them.")]


@app.command()
def add(
    by: By,
    reason: Reason,
    for_: For = None,
    until: Until = None,
    starts: Starts = None,
    theme: Globs = None,
    tenant: Globs = None,
    rule: Globs = None,
    severity: Globs = None,
    slice_: Annotated[list[str] | None, typer.Option("--slice", metavar="GLOB", help="As os_version=17.*.")] = None,
    owner: Globs = None,
    dry_run: DryRun = False,
    config: ConfigOption = None,
) -> None:
    """Silence what matches all of the given patterns. What is not over when it ends is told then."""
    from sinks.triage.controls import too_broad
    from streams.cli.silencing import ControlError, in_words, silence

    now, begins, ends = _times(for_, until, starts)
    match = {"theme": theme, "tenant": tenant, "rule": rule, "severity": severity, "slice": slice_, "owner": owner}
    try:
        control = silence({key: list(each or []) for key, each in match.items()}, by, reason, now, begins, ends)
    except ControlError as error:
        raise Fail(str(error), MISUSED) from None
    warning = too_broad(control.match)
    if warning:
        typer.echo(f"groundswell: warning: {warning}", err=True)
    if not dry_run:
        _write(config, control)
    typer.echo(("would be " if dry_run else "") + in_words(control, now))


@app.command()
def snooze(
    signal_id: Annotated[str, typer.Argument(help="Of a signal or an incident.")],
    by: By,
    reason: Reason,
    for_: For = None,
    until: Until = None,
    mentions: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="It also ends after N more mentions.")
    ] = None,
    dry_run: DryRun = False,
    config: ConfigOption = None,
) -> None:
    """Hear nothing of one signal for a while, unless it becomes worse."""
    from streams.cli import silencing

    now, begins, ends = _times(for_, until, None)
    try:
        control = silencing.snooze(signal_id, mentions, by, reason, now, begins, ends)
    except silencing.ControlError as error:
        raise Fail(str(error), MISUSED) from None
    if not dry_run:
        _write(config, control)
    typer.echo(("would be " if dry_run else "") + silencing.in_words(control, now))


@app.command("list")
def list_controls(
    config: ConfigOption = None,
    past: Annotated[bool, typer.Option("--all", help="Those that have ended as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the silences and snoozes, those that end first at the top."""
    from streams.cli.silencing import in_words, json_line, listed

    now = wall_time()
    for control in listed(_read(config), now, past=past):
        typer.echo(json_line(control) if as_json else in_words(control, now))


@app.command()
def expire(
    name: Annotated[str, typer.Argument(metavar="ID", help="As `groundswell silence list` shows it.")],
    by: By,
    config: ConfigOption = None,
) -> None:
    """End a silence or a snooze now. What it has kept back is told, if that is not over."""
    from streams.cli.silencing import ended, in_words

    now = wall_time()
    found = {control.id: control for control in _read(config)}.get(name)
    if found is None:
        raise Fail(f"there is no {name}; `groundswell silence list` shows what there is")
    if found.expires.timestamp() <= now:
        raise Fail(f"{in_words(found, now)}: it has ended already")
    control = ended(found, by, now)
    _write(config, control)
    typer.echo(in_words(control, now))


def _times(for_: str | None, until: str | None, starts: str | None) -> tuple[float, float, float]:
    """Now, the beginning and the end, epoch seconds."""
    now = wall_time()
    begins = now if starts is None else moment("--starts", starts)
    if (for_ is None) == (until is None):
        raise Fail("--for: expected either --for or --until: nothing is silenced for ever", MISUSED)
    return now, begins, begins + duration("--for", for_) if for_ is not None else moment("--until", str(until))


def _topic(config: Path | None, operation: str) -> tuple[Clients, str, int]:
    from streams.acls import Right
    from streams.cli import cluster
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    needed = [Right("topic", topics.controls, (operation,))]
    partitions = cluster.look(clients, topics.specs(), needed).partitions.get(topics.controls)
    if partitions is None:
        raise Fail(f"topic {topics.controls} is missing; make it with: groundswell topics create")
    return clients, topics.controls, partitions


def _read(config: Path | None) -> list[Control]:
    from streams.cli.reading import whole_topic
    from streams.cli.silencing import newest

    clients, topic, partitions = _topic(config, "Read")
    controls, unread = newest(whole_topic(clients, topic, partitions))
    for each in unread:
        typer.echo(f"groundswell: warning: topic {topic}: left out: {each}", err=True)
    return controls


def _write(config: Path | None, control: Control) -> None:
    from schemas.triage_codec import encode
    from streams.cli.writing import write_one

    clients, topic, _ = _topic(config, "Write")
    write_one(clients, topic, control.id, encode(control))
