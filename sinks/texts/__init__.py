"""An assignment as the targets show it: the short form."""

from __future__ import annotations

import html as html_
from typing import Any

from schemas.assignment import Assignment

_SECTION, _HEADER = 3000, 150


def title(a: Assignment, most: int = 255) -> str:
    """What it is called, with its severity, in one line."""
    return _cut(f"[{a.severity.value}] {' '.join(a.title.split())}", most)


def plain(a: Assignment) -> str:
    """What has happened, why we think so, who owns it and by when."""
    state = a.state.value.replace("_", " ")
    lines = [a.reason, "", f"{a.owner}, {state}, to be fixed by {a.due_at:%Y-%m-%d %H:%M} UTC."]
    lines += [driver.text for driver in a.signal.drivers]
    lines += [f'"{quote.text}"' for quote in a.signal.quotes]
    return "\n".join(lines)


def slack_blocks(a: Assignment) -> list[dict[str, Any]]:
    """Blocks of Slack."""
    text = plain(a).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [
        {"type": "header", "text": {"type": "plain_text", "text": title(a, _HEADER)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, _SECTION)}},
    ]


def teams_card(a: Assignment) -> dict[str, Any]:
    """An Adaptive Card."""
    body = [{"type": "TextBlock", "wrap": True, "text": line} for line in (title(a), *plain(a).splitlines()) if line]
    return {"type": "AdaptiveCard", "version": "1.2", "body": body}


def html(a: Assignment) -> str:
    """A page."""
    return f"<h1>{html_.escape(title(a))}</h1><p>{html_.escape(plain(a))}</p>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
