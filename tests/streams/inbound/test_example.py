"""The example configuration's commented tables are right: what is copied from it works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from sinks.connectors import ConnectorConfig
from streams.cli.in_words import in_words
from streams.config import ConfigError, parse_settings

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy/groundswell.toml"
OWNER = {"ownership": {"default": {"role": "cx", "accountable": "head"}}}


def shown(heading: str) -> dict[str, Any]:
    """What stands commented below a heading."""
    _, _, after = EXAMPLE.read_text(encoding="utf-8").partition(f"# --- {heading}")
    lines = after.partition("\n# ---")[0].splitlines()[1:]
    # The prose between the tables stays away.
    return tomllib.loads("\n".join(line[2:] for line in lines if re.match(r"# (\[|[\w-]+ = )", line)))


def test_the_example_of_inbound() -> None:
    inbound = shown("Progress that comes back")
    settings = parse_settings({**OWNER, **inbound}, Path())
    assert [source.name for source in settings.inbound.sources] == ["jira", "boards", "servicenow", "slack"]
    assert settings.inbound.port == 9466
    assert settings.inbound.host == "127.0.0.1"


def test_the_example_of_each_connector() -> None:
    raw = shown("Tools that assignments go to")
    settings = parse_settings({**OWNER, **raw}, Path())
    kinds = {kind.__struct_config__.tag for kind in get_args(ConnectorConfig)}
    assert {connector.__struct_config__.tag for connector in settings.connectors} == kinds
    for index, table in enumerate(raw["connectors"]):
        wrong = [*raw["connectors"][:index], {**table, "secret_itself": "s3"}]
        with pytest.raises(ConfigError, match=rf"connectors\[{index}\].secret_itself: unknown key"):
            parse_settings({**OWNER, "connectors": wrong}, Path())


def test_check_config_repeats_them_in_words() -> None:
    raw = {**OWNER, **shown("Tools that assignments go to"), **shown("Progress that comes back")}
    lines = list(in_words(parse_settings(raw, Path()), {}))
    assert "  jira: jira, from low severity, for now and digest" in lines
    assert "  pagerduty: pagerduty, from critical severity, for now" in lines
    assert "webhooks that come in, at http://127.0.0.1:9466" in lines
    assert "  /inbound/boards: azure-devops" in lines
