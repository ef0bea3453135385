"""``groundswell topics``: make the topics, check them, list them."""

from __future__ import annotations

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load, shown, stdout

app = typer.Typer(help="Make the topics, check them, list them.", no_args_is_help=True)


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
