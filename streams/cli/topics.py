"""``groundswell topics``: make the topics, check them, list them, and say who needs which right on them."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.acls import Component
from streams.cli.common import MISUSED, ConfigOption, Fail, load, read, shown, stdout

app = typer.Typer(help="Make the topics, check them, list them, and say who needs which right.", no_args_is_help=True)


@app.command()
def create(config: ConfigOption = None) -> None:
    """Make the topics that are missing, with the partitions, replication and clean-up policy they need.

    May be run again at any time: a topic that exists is left as it is, and checked.
    """
    from streams.cli import cluster
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    made = cluster.create(clients, topics.specs(), settings.kafka.partitions, settings.kafka.replication)
    for name, new in made.items():
        typer.echo(f"{'created' if new else 'exists '}  {name}")
    verify(config)


@app.command()
def verify(config: ConfigOption = None) -> None:
    """Check that the topics are as they must be; exit code 2 if not, with the command that mends each."""
    from streams.cli import cluster
    from streams.cli.topic_check import problems, told
    from streams.topics import Topics

    settings, clients = load(config)
    topics = Topics(settings.kafka)
    specs = topics.specs()
    found = cluster.look(clients, specs)
    listed = problems(specs, topics.theme_panes, found, settings.kafka.bootstrap, shown(config))
    if listed:
        raise Fail(told(listed), MISUSED)
    unseen = "; their clean-up policy could not be seen" if found.cleanup is None else ""
    typer.echo(f"all {len(specs)} topics are as they must be{unseen}")


@app.command("list")
def list_topics(config: ConfigOption = None) -> None:
    """List the topics: what each is for, and what the cluster has."""
    from rich.table import Table

    from streams.cli import cluster
    from streams.topics import Topics

    settings, clients = load(config)
    specs = Topics(settings.kafka).specs()
    found = cluster.look(clients, specs)
    table = Table(box=None, pad_edge=False)
    for heading in ("topic", "partitions", "clean-up", "holds"):
        table.add_column(heading, no_wrap=heading == "topic")
    for spec in specs:
        count = found.partitions.get(spec.name)
        policy = (found.cleanup or {}).get(spec.name, spec.cleanup)
        table.add_row(spec.name, "missing" if count is None else str(count), policy, spec.purpose)
    stdout().print(table)


@app.command()
def acls(
    config: ConfigOption = None,
    component: Annotated[
        Component | None, typer.Option("--component", help="Only what this one needs; all if left out.")
    ] = None,
    principal: Annotated[
        str, typer.Option("--principal", metavar="TYPE:NAME", help="Who gets it; User:COMPONENT if left out.")
    ] = "",
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Consumer group of the connector, or of the reader.")
    ] = "",
    prefixed: Annotated[
        bool, typer.Option("--prefixed", help="--group is what the names of several groups begin with.")
    ] = False,
    old_brokers: Annotated[
        bool, typer.Option("--old-brokers", help="Also what brokers before 3.0 ask of whoever writes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array with an object for each ACL.")] = False,
) -> None:
    """Print the kafka-acls.sh commands that grant each component exactly what it needs.

    Nothing is asked of the broker or changed on it. admin.properties is how kafka-acls.sh logs in.
    """
    import json

    from streams.acls import commands, connect_groups, idempotent_write, rights, table

    kafka = read(config).kafka
    if principal and component is None:
        raise Fail("--principal: expected --component with it; each component has a principal of its own", MISUSED)
    if principal and not all(principal.partition(":")):
        raise Fail(f'--principal: expected a type and a name such as User:groundswell, got "{principal}"', MISUSED)
    rows: list[dict[str, str]] = []
    for each in Component if component is None else (component,):
        # Without --component, --group is the connector's: nobody else is to read in it.
        own = group if component or each is Component.CONNECTOR else ""
        # Every connector has a group of its own, and all their names begin so.
        default = connect_groups(kafka) if each is Component.CONNECTOR and not own else ""
        try:
            needed = rights(each, kafka, own or default, prefixed=prefixed or bool(default))
        except ValueError as error:
            raise Fail(f"--group: {error}", MISUSED) from None
        if old_brokers and any("Write" in right.operations for right in needed):
            needed.append(idempotent_write())
        who = principal or (kafka.security.username if each is Component.WORKER else "") or each.value
        who = who if ":" in who else f"User:{who}"
        if as_json:
            rows += [{"component": each.value, **row} for row in table(needed, who)]
            continue
        typer.echo(f"# {each.value}")
        for line in commands(needed, who, kafka.bootstrap):
            typer.echo(line)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
