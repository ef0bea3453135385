"""``groundswell check-config``: whether the configuration can be used, and what it says, in words."""

from __future__ import annotations

import typer

from streams.cli.common import ConfigOption, check_taxonomy, load, shown


def check_config(config: ConfigOption = None) -> None:
    """Check the configuration and repeat it in words; exit code 2 with the key if it cannot be used."""
    from streams.cli.in_words import in_words

    settings, _ = load(config)
    for line in in_words(settings, check_taxonomy(config, settings)):
        typer.echo(line)
    typer.echo(f"{shown(config)} can be used")
