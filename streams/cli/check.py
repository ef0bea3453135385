"""``groundswell check-config``: whether the configuration can be used, and what it says, in words."""

from __future__ import annotations

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail, load, shown


def check_config(config: ConfigOption = None) -> None:
    """Check the configuration and repeat it in words; exit code 2 with the key if it cannot be used."""
    from streams.cli.in_words import in_words
    from streams.config import ConfigError, enricher
    from streams.ingest.tagger import load_taxonomy

    settings, _ = load(config)
    phrases: dict[str, list[str]] = {}
    try:
        enricher(settings)
        if settings.ingest.taxonomy is not None:
            phrases = load_taxonomy(settings.directory / settings.ingest.taxonomy)
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None
    for line in in_words(settings, phrases):
        typer.echo(line)
    typer.echo(f"{shown(config)} can be used")
