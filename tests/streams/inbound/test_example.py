"""The example configuration's commented tables are right: what is copied from it works."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from sinks.connectors import ConnectorConfig
from sinks.connectors.jira import JiraConfig
from sinks.connectors.webhook import WebhookConfig
from streams.config import parse_settings

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy/groundswell.toml"
OWNER = {"ownership": {"default": {"role": "cx", "accountable": "head"}}}


def shown(heading: str) -> dict[str, Any]:
    """What stands commented below a heading."""
    _, _, after = EXAMPLE.read_text(encoding="utf-8").partition(f"# --- {heading}")
    lines = after.partition("\n# ---")[0].splitlines()[1:]
    begun = next(number for number, line in enumerate(lines) if line.startswith("# ["))
    return tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[begun:]))


def test_the_example_of_inbound() -> None:
    inbound = shown("Progress that comes back")
    settings = parse_settings({**OWNER, **inbound}, Path())
    assert [source.name for source in settings.inbound.sources] == ["jira", "boards", "servicenow", "slack"]
    assert settings.inbound.port == 9466
    assert settings.inbound.host == "127.0.0.1"


def test_the_example_of_each_connector() -> None:
    tables = shown("More tools")["connectors"]
    kinds = {kind.__struct_config__.tag for kind in get_args(ConnectorConfig)}
    own = {JiraConfig.__struct_config__.tag, WebhookConfig.__struct_config__.tag}
    assert {table["kind"] for table in tables} == kinds - own
    for table in tables:
        found = msgspec.convert(table, ConnectorConfig)
        assert found.name == table["name"]
        with pytest.raises(msgspec.ValidationError, match="unknown field `password`"):
            msgspec.convert({**table, "password": "s3"}, ConnectorConfig)
