"""``groundswell action``: say what has been done about a signal."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load, moment, now

if TYPE_CHECKING:
    from schemas.action import Action


class Done(StrEnum):
    """What was done, as it is typed."""

    ACKNOWLEDGED = "acknowledged"
    FIX_SHIPPED = "fix-shipped"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    REASSIGNED = "reassigned"


_EFFECT = {
    Done.ACKNOWLEDGED: "its deadline for that is met",
    Done.FIX_SHIPPED: "it stays watched",
    Done.RESOLVED: "it is over, unless it comes back or becomes worse",
    Done.DISMISSED: "it is over, unless it comes back or becomes worse",
    Done.REASSIGNED: "who has it now is to acknowledge it",
}


def action(
    signal_id: Annotated[str, typer.Argument(metavar="SIGNAL_ID", help="Of a signal or an incident.")],
    done: Annotated[Done, typer.Argument(help="What was done.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who did it; you if left out.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="ROLE", help="Who has it from now on, if reassigned.")] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What the others should know.")] = "",
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When, as 2026-05-04T17:00Z; now if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would be, and do nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The action as one JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say what has been done about a signal: acknowledged, fix-shipped, resolved, dismissed or reassigned.

    The same said twice, by the same person of the same moment, counts once.
    """
    from schemas.codec import encode_json

    at_s = now() if at is None else moment("--at", at)
    if at_s > now():
        raise Fail(f'--at: "{at}" lies in the future', MISUSED)
    if bool(to) != (done is Done.REASSIGNED):
        raise Fail("--to: is for reassigned only" if to else "--to: is missing; reassigned needs a role", MISUSED)
    made = _made(signal_id, done, by or _user(), note, at_s, to)
    words = f"signal {signal_id}: {done.value}{f' to {to}' if to else ''} by {made.by} at {made.at:%Y-%m-%d %H:%M} UTC"
    if dry_run:
        typer.echo(encode_json(made).decode() if as_json else f"would be {words}")
        return
    from streams.acls import Right
    from streams.cli import cluster
    from streams.cli.writing import write_one
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    needed = [Right("topic", topics.actions, ("Write",))]
    if topics.actions not in cluster.look(clients, topics.specs(), needed).partitions:
        raise Fail(f"topic {topics.actions} is missing; make it with: groundswell topics create")
    write_one(clients, topics.actions, signal_id, encode_json(made))
    typer.echo(
        encode_json(made).decode() if as_json else f"{words}; {_EFFECT[done]} ({made.id} is on {topics.actions})"
    )


def _made(signal_id: str, done: Done, by: str, note: str, at_s: float, to: str) -> Action:
    import msgspec

    from schemas.action import Action, ActionKind
    from schemas.ids import derived_id
    from schemas.times import instant

    kind = ActionKind(done.value.replace("-", "_"))
    fields = {
        "id": derived_id("act", "cli", signal_id, kind.value, by, round(at_s * 1000), *([to] if to else [])),
        "signal_id": signal_id,
        "kind": kind,
        "at": instant(at_s),
        "by": by,
        "note": note,
        "to": to,
    }
    try:
        return msgspec.convert(fields, Action)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        option = {"signal_id`": "SIGNAL_ID"}.get(where, f"--{where.rstrip('`')}")
        raise Fail(f"{option}: {what[0].lower()}{what[1:]}", MISUSED) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise Fail("--by: is missing, and this system does not say who you are", MISUSED) from None
