"""A message of Slack, in its Block Kit. Pure."""

from typing import Any

from schemas.assignment import Assignment, AssignmentState
from sinks.texts.cutting import cut
from sinks.texts.facts import facts, title
from sinks.texts.links import NO_LINKS, Links

_HEADER, _SECTION = 150, 2900
_BUTTONS = (
    ("gs_ack", "Acknowledge", (AssignmentState.OPEN,)),
    ("gs_fix_shipped", "Fix shipped", (AssignmentState.OPEN, AssignmentState.ACKNOWLEDGED)),
    ("gs_dismiss", "Dismiss", (AssignmentState.OPEN, AssignmentState.ACKNOWLEDGED)),
)

Block = dict[str, Any]


def slack_blocks(assignment: Assignment, links: Links = NO_LINKS, *, buttons: bool = True) -> list[Block]:
    """Blocks: a dozen at most, of less than 3,000 characters each.

    Args:
        buttons: whether what can be done about it is offered; ``groundswell inbound`` hears of what is pressed.
    """
    said = facts(assignment)
    blocks: list[Block] = [{"type": "header", "text": {"type": "plain_text", "text": title(assignment, _HEADER)}}]
    blocks += [_section(_escaped(text)) for text in (said.lately, said.reason) if text]
    blocks.append(_section(f"*{_escaped(said.status)}*"))
    if said.listed:
        blocks.append(_section("\n".join(f"*{label}:* {_escaped(text, 380)}" for label, text in said.listed)))
    if said.trend:
        blocks.append(_section(f"*Trend:* {said.trend}"))
    if said.quotes:
        blocks.append(_section("\n".join(f"> {_escaped(quote, 900)}" for quote in said.quotes)))
    if links:
        blocks.append(_section(" · ".join(f"<{_escaped(url)}|{_escaped(name)}>" for name, url in links)))
    offered = [
        {
            "type": "button",
            "action_id": action,
            "text": {"type": "plain_text", "text": text},
            "value": assignment.signal_id,
            **({"style": "primary"} if action == "gs_ack" else {}),
        }
        for action, text, states in _BUTTONS
        if buttons and assignment.state in states
    ]
    if offered:
        blocks.append({"type": "actions", "elements": offered})
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _escaped(said.reference)}]})
    return blocks


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, _SECTION)}}


def _escaped(text: str, most: int = _SECTION) -> str:
    """Words as mrkdwn, in which no mention and no link can stand, and which stay so short once they are escaped."""
    room = most
    while len(found := _entities(cut(text, room))) > most:
        room -= max(len(found) - most, 1)
    return found


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
