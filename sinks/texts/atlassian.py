"""The description of a Jira issue, as an Atlassian document. Pure."""

from typing import Any

from schemas.assignment import Assignment
from sinks.texts.facts import facts
from sinks.texts.links import NO_LINKS, Links

Node = dict[str, Any]


def jira_adf(assignment: Assignment, links: Links = NO_LINKS) -> Node:
    """An Atlassian document, well below the 32,767 characters that Jira takes."""
    said = facts(assignment)
    content = [_paragraph(_text(each)) for each in (said.lately, said.reason) if each]
    content.append(_paragraph(_text(said.status, "strong")))
    if said.listed:
        items = [
            {"type": "listItem", "content": [_paragraph(_text(f"{label}: ", "strong"), _text(text))]}
            for label, text in said.listed
        ]
        content.append({"type": "bulletList", "content": items})
    if said.trend:
        content.append(_paragraph(_text("Trend: ", "strong"), _text(said.trend)))
    content += [{"type": "blockquote", "content": [_paragraph(_text(quote))]} for quote in said.quotes]
    if links:
        content.append(_paragraph(*_linked(links)))
    content.append(_paragraph(_text(said.reference, "code")))
    return {"type": "doc", "version": 1, "content": content}


def _linked(links: Links) -> list[Node]:
    nodes: list[Node] = []
    for name, url in links:
        nodes += [_text(" · ")] if nodes else []
        nodes.append({"type": "text", "text": name, "marks": [{"type": "link", "attrs": {"href": url}}]})
    return nodes


def _paragraph(*content: Node) -> Node:
    return {"type": "paragraph", "content": list(content)}


def _text(text: str, mark: str = "") -> Node:
    return {"type": "text", "text": text, **({"marks": [{"type": mark}]} if mark else {})}
