"""What an assignment says to people, in each target's own form. Pure."""

import html as escaping
from typing import Any

from schemas.assignment import Assignment, AssignmentState
from sinks.in_words import more


def title(assignment: Assignment, most: int = 255) -> str:
    """One line of at most ``most`` characters, cut at a word."""
    text = " ".join(f"[{assignment.severity.value}] {assignment.title}".split())
    if len(text) <= most:
        return text
    return text[: most - 1].rpartition(" ")[0] + "…"


def plain(assignment: Assignment) -> str:
    """Plain text."""
    return "\n\n".join(text for text in _parts(assignment) if text)


def markdown(assignment: Assignment) -> str:
    """Markdown."""
    return f"**{title(assignment)}**\n\n{plain(assignment)}"


def html(assignment: Assignment) -> str:
    """HTML, for an e-mail."""
    parts = "".join(f"<p>{escaping.escape(text)}</p>" for text in _parts(assignment) if text)
    return f"<h2>{escaping.escape(title(assignment))}</h2>{parts}"


def jira_adf(assignment: Assignment) -> dict[str, Any]:
    """An Atlassian document."""
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in _parts(assignment) if text
    ]
    return {"type": "doc", "version": 1, "content": content}


def slack_blocks(assignment: Assignment) -> list[dict[str, Any]]:
    """Slack's Block Kit."""
    text = plain(assignment).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:2900]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": title(assignment, 150)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
    ]


def teams_card(assignment: Assignment) -> dict[str, Any]:
    """An Adaptive Card 1.2."""
    body = [{"type": "TextBlock", "text": text, "wrap": True} for text in (title(assignment), plain(assignment))]
    return {"type": "AdaptiveCard", "version": "1.2", "body": body}


def news(assignment: Assignment, before: Assignment | None) -> str:
    """What has just happened, in a sentence or two."""
    if assignment.note:
        return f"{assignment.note[0].upper()}{assignment.note[1:]}. {assignment.reason}"
    if before is not None and assignment.state is not before.state:
        words = assignment.state.value.replace("_", " ")
        return f"{words.capitalize()} ({assignment.changed_by})."
    if assignment.state is AssignmentState.RESOLVED:
        return f"Resolved. {assignment.reason}"
    return assignment.reason


def _parts(assignment: Assignment) -> list[str]:
    signal = assignment.signal
    quotes = [f"“{quote.text}”" for quote in signal.quotes[:3]]
    return [
        assignment.reason,
        more(signal),
        f"Severity {assignment.severity.value}, owner {assignment.owner}, due {assignment.due_at:%Y-%m-%d %H:%M} UTC.",
        "; ".join(driver.text for driver in signal.drivers),
        "\n".join(quotes),
    ]
