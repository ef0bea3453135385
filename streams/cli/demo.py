"""``groundswell demo``: the whole of it on this machine, in half a minute, with no Kafka."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.cli.common import FAILED, Fail, sigterm_unwinds, stderr, stdout


def demo(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print only the assignments, one JSON object a line.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed, another week.")] = 17,
) -> None:
    """Play a week in a bank's app, and the morning when logins fail on iOS 17.

    Needs nothing: a Kafka broker runs inside this process for as long as the demo does, and a worker beside it.
    """
    from streams.clock import SystemClock
    from streams.demo.child import WorkerEnded
    from streams.demo.play import DemoStuck, play
    from streams.demo.report import lines, report
    from streams.demo.scenario import scenario
    from streams.demo.show import Show

    clock = SystemClock()
    story = scenario(clock.now(), seed)
    with sigterm_unwinds(), Show(stderr(), story, quiet=as_json) as show:
        try:
            played = play(story, clock, show.progress)
        except (DemoStuck, WorkerEnded) as error:
            raise Fail(str(error), FAILED) from None
    if as_json:
        for line in lines(played):
            typer.echo(line)
    else:
        stdout().print(report(story, played))
