"""``groundswell preview``: what an assignment would say to people, in a target's own form."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import MISUSED, ConfigOption, Fail

if TYPE_CHECKING:
    from schemas.assignment import Assignment
    from sinks.texts import Links

_STDIN = Path("-")


class Form(StrEnum):
    """Whose form."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JIRA = "jira"
    SLACK = "slack"
    TEAMS = "teams"


def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An assignment as JSON; - for standard input.")] = _STDIN,
    to: Annotated[Form, typer.Option("--to", help="Whose form.")] = Form.TEXT,
    config: ConfigOption = None,
) -> None:
    """Show what an assignment would say: ``text`` also stands in ServiceNow, Azure DevOps, Asana, PagerDuty and mails.

    The configuration is asked for links alone. What a connector sends around it is shown by ``connect --dry-run``.
    """
    from sinks.texts import NO_LINKS, links_of
    from streams.cli.common import read

    assignment = _read(file)
    links = NO_LINKS if config is None else links_of(read(config).texts, assignment)
    typer.echo(_forms()[to](assignment, links))


def _forms() -> dict[Form, Callable[[Assignment, Links], str]]:
    from sinks import texts

    def shown(document: object) -> str:
        return json.dumps(document, indent=2, ensure_ascii=False)

    return {
        Form.TEXT: lambda one, links: f"{texts.title(one)}\n\n{texts.plain(one, links)}",
        Form.MARKDOWN: texts.markdown,
        Form.HTML: texts.html,
        Form.JIRA: lambda one, links: shown(texts.jira_adf(one, links)),
        Form.SLACK: lambda one, links: shown({"blocks": texts.slack_blocks(one, links)}),
        Form.TEAMS: lambda one, links: shown(texts.teams_card(one, links)),
    }


def _read(path: Path) -> Assignment:
    import msgspec

    from schemas.codec import decode_assignment

    place = "standard input" if path == _STDIN else str(path)
    try:
        data = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
    except OSError as error:
        raise Fail(f"{place}: {error.strerror or error}", MISUSED) from None
    try:
        return decode_assignment(data)
    except msgspec.DecodeError as error:
        raise Fail(f"{place}: no assignment: {error}", MISUSED) from None
