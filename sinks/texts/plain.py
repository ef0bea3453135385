"""Plain text, and Markdown. Pure."""

import re

from schemas.assignment import Assignment
from sinks.texts.cutting import at_most
from sinks.texts.facts import Facts, facts, title
from sinks.texts.links import NO_LINKS, Links

MOST = 30_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!()])")


def plain(assignment: Assignment, links: Links = NO_LINKS) -> str:
    """Plain text."""
    said = facts(assignment)
    listed = "\n".join(f"{label}: {text}" for label, text in said.listed)
    quotes = "\n".join(f"“{quote}”" for quote in said.quotes)
    linked = "\n".join(f"{name}: {url}" for name, url in links)
    return at_most((said.lately, said.reason, said.status, listed, _trend(said), quotes, linked, said.reference), MOST)


def markdown(assignment: Assignment, links: Links = NO_LINKS) -> str:
    """Markdown, in which nothing that a customer has written can be a link, a mention or a heading."""
    said = facts(assignment)
    parts = [
        f"**{escaped(title(assignment))}**",
        escaped(said.lately),
        escaped(said.reason),
        escaped(said.status),
        "\n".join(f"- **{label}:** {escaped(text)}" for label, text in said.listed),
        _trend(said),
        "\n>\n".join(f"> {escaped(quote)}" for quote in said.quotes),
        " · ".join(f"[{escaped(name)}]({url})" for name, url in links),
        f"`{said.reference}`",
    ]
    return at_most(parts, MOST)


def escaped(text: str) -> str:
    """Words as Markdown; an @ is followed by a space of no width, so that it calls nobody.

    >>> escaped("[x](y) *now*").count(chr(92)), "@everyone" in escaped("@everyone")
    (6, False)
    """
    return _SPECIAL.sub(r"\\\1", text).replace("@", "@\u200b")


def _trend(said: Facts) -> str:
    return f"Trend: {said.trend}" if said.trend else ""
