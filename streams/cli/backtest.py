"""``groundswell backtest``: what the rules would have signalled on a table of counts."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import FAILED, MISUSED, ConfigOption, Fail, read, sigterm_unwinds, stderr


class Kind(StrEnum):
    """What the columns of the table are."""

    COUNTS = "counts"


def backtest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: a timestamp, then a column a theme; .gz too.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Where to; - is standard output.")] = "-",
    kind: Annotated[Kind, typer.Option("--kind", help="What the columns are.")] = Kind.COUNTS,
    pane: Annotated[str, typer.Option("--pane", metavar="DURATION", help="Length of a pane.")] = "5m",
    false_alerts_per_week: Annotated[
        float, typer.Option("--false-alerts-per-week", metavar="N", help="Accepted for each theme.")
    ] = 0.1,
    direction: Annotated[str, typer.Option("--direction", metavar="WAY", help="rise, fall or both.")] = "rise",
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="NAME", help="The customers' time zone, as in Europe/Berlin.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say what would have been signalled on a table of counts.

    Each row of FILE holds the counts of one pane; an empty field is unknown, not
    zero. Without a configuration there is one rule, surge, with the budget given;
    with one, its rules judge. Writes a line of JSON for each signal.
    """
    # There is one kind so far; others shall not change what the command line looks like.
    del kind
    from detectors.local_time import LocalTime
    from detectors.rules import RuleSet
    from detectors.surroundings import Surroundings
    from schemas.duration import parse_duration
    from streams.offline.backtest import TENANT, default_rule
    from streams.offline.counting import backtest as judge
    from streams.offline.output import whole_file
    from streams.offline.progress import reading
    from streams.offline.table import InputError

    try:
        pane_s = int(parse_duration(pane))
    except ValueError as error:
        raise Fail(f"--pane: {error}", MISUSED) from None
    try:
        if config is not None:
            from streams.config import read_calendars, rule_set

            settings = read(config)
            rules, calendar = rule_set(settings), read_calendars(settings).of(TENANT)
            local = LocalTime(zone) if zone else calendar.local
            around = Surroundings(local.offset, lambda pane, theme, of_s: calendar.guidance(pane, TENANT, theme, of_s))
        else:
            rules = RuleSet([default_rule(pane_s, false_alerts_per_week, direction)])
            around = Surroundings(LocalTime(zone or "UTC").offset)
    except ValueError as error:
        raise Fail(_by_option(str(error)), MISUSED) from None
    try:
        with sigterm_unwinds(), whole_file(out) as text, reading(file, stderr()) as progress:
            counted = judge(file, text, rules, pane_s, around, progress)
    except InputError as error:
        raise Fail(str(error), MISUSED) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fail(f"{out}: cannot be written: {error.strerror}", FAILED) from None
    missing = f", {counted.missing:,} of them not in the file" if counted.missing else ""
    typer.echo(f"{counted.panes:,} panes{missing}: {counted.signals:,} signals", err=True)


def _by_option(message: str) -> str:
    """A message that begins with a key of a rule, by the option that gave it."""
    key, colon, rest = message.partition(": ")
    known = {"pane": "--pane", "false_alerts_per_week": "--false-alerts-per-week", "direction": "--direction"}
    return f"{known[key]}: {rest}" if colon and key in known else message
