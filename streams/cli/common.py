"""What the commands share: the configuration, and ends without a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console

    from detectors.declared import Entry
    from streams.clients import Clients
    from streams.settings import Settings

FAILED, MISUSED = 1, 2
"""Exit codes: something is not there or went wrong; the configuration or the arguments are wrong."""

_DEFAULT_CONFIG = Path("groundswell.toml")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="GROUNDSWELL_CONFIG",
        metavar="FILE",
        help="The configuration; groundswell.toml in this folder if there is one.",
        show_default=False,
    ),
]


class Fail(Exception):
    """Ends the command with a message for the user and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def stderr() -> Console:
    """Where progress and trouble are told: standard output is for results."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def stdout() -> Console:
    """Where results are told."""
    from rich.console import Console

    return Console(highlight=False)


def read(config: Path | None) -> Settings:
    """The configuration in force; no secret is looked for.

    Raises:
        Fail: with the file and the key path.
    """
    from streams.config import ConfigError, load_settings

    path = config or _DEFAULT_CONFIG
    if config is None and not path.exists():
        raise Fail(
            f"no configuration: there is no {path} in this folder; name one with --config FILE or GROUNDSWELL_CONFIG",
            MISUSED,
        )
    try:
        return load_settings(path)
    except ConfigError as error:
        raise Fail(str(error), MISUSED) from None


def load(config: Path | None) -> tuple[Settings, Clients]:
    """The configuration in force, and how to reach the broker.

    Raises:
        Fail: with the file and the key path.
    """
    from streams.clients import Clients
    from streams.config import ConfigError

    settings, path = read(config), shown(config)
    try:
        clients = Clients(settings)
    except ConfigError as error:
        raise Fail(f"{path}: {error}", MISUSED) from None
    for warning in clients.warnings:
        typer.echo(f"groundswell: warning: {path}: {warning}", err=True)
    return settings, clients


def check_taxonomy(config: Path | None, settings: Settings) -> dict[str, list[str]]:
    """The taxonomy of a configuration, theme -> phrases; empty if it names none.

    Raises:
        Fail: it cannot be used.
    """
    from streams.config import ConfigError, enricher
    from streams.ingest.tagger import load_taxonomy

    try:
        enricher(settings)
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None
    taxonomy = settings.ingest.taxonomy
    return {} if taxonomy is None else load_taxonomy(settings.directory / taxonomy)


def check_calendars(config: Path | None, settings: Settings) -> dict[str, list[Entry]]:
    """What is declared in the calendar's files, file -> events.

    Raises:
        Fail: a file cannot be used.
    """
    from streams.calendars import CalendarError, read_files

    try:
        return read_files(settings.calendar, settings.directory)
    except CalendarError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None


def shown(config: Path | None) -> str:
    """The configuration's path as it goes into a command that we suggest."""
    return str(config or _DEFAULT_CONFIG)


def duration(option: str, text: str) -> float:
    """The seconds of a duration given as an option.

    Raises:
        Fail: it is none.
    """
    from schemas.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise Fail(f"{option}: {error}", MISUSED) from None


def moment(option: str, text: str) -> float:
    """The epoch seconds of a time given as an option.

    Raises:
        Fail: it is none, or names no zone.
    """
    from datetime import datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Fail(f'{option}: expected a time such as 2026-05-04T17:00Z, got "{text}"', MISUSED) from None
    if found.tzinfo is None:
        raise Fail(f'{option}: "{text}" names no zone; write {text}Z or {text}+02:00', MISUSED)
    return found.timestamp()


def now() -> float:
    """Wall time, epoch seconds, to the millisecond."""
    from streams.clock import SystemClock

    # Records hold milliseconds: a moment that is rounded up would lie in the future.
    return int(SystemClock().now() * 1000) / 1000


@contextmanager
def ended_quietly() -> Iterator[None]:
    """Turns whatever ends a command into one line on stderr and an exit code."""
    try:
        yield
    except (typer.Exit, SystemExit):
        raise
    except Fail as fail:
        end(str(fail), fail.code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # As when the output goes to `head`; Python would complain about it once more while ending.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get("GROUNDSWELL_TRACEBACK"):
            raise
        kind = type(error).__name__
        end(f"unexpected {kind}: {error} (GROUNDSWELL_TRACEBACK=1 shows where)", FAILED)


def end(message: str, code: int) -> NoReturn:
    """Say ``message`` on stderr and exit."""
    typer.echo(f"groundswell: {message}", err=True)
    sys.exit(code)


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """SIGTERM ends the block as an exception does, so that what it has started is cleaned up."""

    def stop(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
