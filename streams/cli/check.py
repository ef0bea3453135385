"""``groundswell check-config``: whether the configuration can be used, and what it says, in words."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import ConfigOption, check_calendars, check_taxonomy, load, shown

if TYPE_CHECKING:
    from streams.settings import Settings

_BUSY_SHARE = 0.02


def check_config(
    config: ConfigOption = None,
    series: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Also say what memory a worker needs for so many series."),
    ] = None,
) -> None:
    """Check the configuration and repeat it in words; exit code 2 with the key if it cannot be used."""
    from streams.calendars import in_words as calendar_in_words
    from streams.cli.impact_words import impact_in_words
    from streams.cli.in_words import in_words

    settings, _ = load(config)
    declared = check_calendars(config, settings)
    for line in in_words(settings, check_taxonomy(config, settings)):
        typer.echo(line)
    typer.echo()
    for line in impact_in_words(settings.impact):
        typer.echo(line)
    typer.echo()
    for line in calendar_in_words(settings.calendar, declared):
        typer.echo(line)
    if series is not None:
        for line in memory(settings, series):
            typer.echo(line)
    typer.echo(f"{shown(config)} can be used")


def memory(settings: Settings, series: int) -> Iterator[str]:
    """What a worker that holds every partition needs for so many series, in words; measured, not guessed."""
    import streams.shell.run
    from streams.memory import estimate
    from streams.topics import Topics

    del streams
    unit = 1 if sys.platform == "darwin" else 1024
    program = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    each = estimate(settings)
    held = min(series, settings.detect.max_series)
    busy = max(1, round(held * _BUSY_SHARE))
    inputs = settings.kafka.partitions * len(Topics(settings.kafka).inputs)
    parts = {
        "the program itself": program,
        f"event ids against repeats, {inputs} input partitions at most {_amount(each.input_partition)} each": inputs
        * each.input_partition,
        f"{held - busy:,} series that are quiet, {_amount(each.asleep)} each": (held - busy) * each.asleep,
        f"{busy:,} series with a mention a minute for half a day, {_amount(each.busy)} each": busy * each.busy,
    }
    yield f"Memory of one worker that holds every partition, for {series:,} series:"
    if held < series:
        yield f"  no more than detect.max_series = {held:,} are kept; those unheard of for longest are forgotten"
    for what, amount in parts.items():
        yield f"  {_amount(amount):>9}  {what}"
    yield f"  {_amount(sum(parts.values())):>9}  in all; more if more of them are busy at a time"


def _amount(size: float) -> str:
    """
    >>> _amount(7224.0), _amount(394_835.0), _amount(3.2e9)
    ('7.1 KiB', '386 KiB', '3.0 GiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.1f} {unit}"
