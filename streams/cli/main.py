"""The command ``groundswell``. Each command's machinery is imported when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import typer

from streams.cli import (
    action,
    backtest,
    check,
    connect,
    demo,
    explain,
    inbound,
    preview,
    replay,
    score,
    silence,
    tail,
    top,
    topics,
    worker,
)
from streams.cli.common import ended_quietly

app = typer.Typer(
    name="groundswell",
    help="Customers' words in, one explained assignment to a named owner out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("worker")(worker.worker)
app.command("tail")(tail.tail)
app.command("top")(top.top)
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.command("score")(score.score)
app.command("check-config")(check.check_config)
app.command("explain")(explain.explain)
app.command("connect")(connect.connect)
app.command("preview")(preview.preview)
app.command("action")(action.action)
app.command("inbound")(inbound.inbound)
app.add_typer(silence.app, name="silence")
app.add_typer(topics.app, name="topics")


def main() -> None:
    """Run the command line; no traceback reaches the user."""
    with ended_quietly():
        app()


if __name__ == "__main__":
    main()
