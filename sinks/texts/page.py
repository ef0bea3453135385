"""HTML for an e-mail: no script, no picture from elsewhere, and nothing a customer wrote but as text. Pure."""

from html import escape

from schemas.assignment import Assignment
from sinks.texts.chart import chart
from sinks.texts.facts import facts
from sinks.texts.links import NO_LINKS, Links

_COLOURS = {"critical": "#b3261e", "high": "#b25e02", "medium": "#7a6a00", "low": "#3c6e47"}
_FONT = "font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1f1f1f"

_LABEL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def html(assignment: Assignment, links: Links = NO_LINKS) -> str:
    """The body of an e-mail."""
    said, colour = facts(assignment), _COLOURS[assignment.severity.value]
    parts = [f'<h2 style="font-size:19px;margin:0 0 8px;color:{colour}">{escape(said.title)}</h2>']
    parts += [f"<p>{escape(text)}</p>" for text in (said.lately, said.reason) if text]
    parts.append(f"<p><strong>{escape(said.status)}</strong></p>")
    if said.listed:
        rows = "".join(
            f'<tr><th scope="row" style="{_LABEL}">{escape(label)}</th><td>{escape(text)}</td></tr>'
            for label, text in said.listed
        )
        parts.append(f'<table role="presentation" style="border-collapse:collapse">{rows}</table>')
    line = assignment.signal.sparkline
    if line and (drawn := chart(line, f"Trend: {said.trend}")):
        # Where a mail program shows no SVG, the row of bars is there.
        parts.append(f'<p style="margin:12px 0">{drawn}<br><span style="color:#666">{escape(said.trend)}</span></p>')
    parts += [
        f'<blockquote style="margin:8px 0;padding-left:12px;border-left:3px solid #ccc">{escape(quote)}</blockquote>'
        for quote in said.quotes
    ]
    if links:
        parts.append("<p>" + " · ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in links) + "</p>")
    parts.append(f'<p style="color:#666;font-size:12px">{escape(said.reference)}</p>')
    return f'<div style="{_FONT};max-width:640px">{"".join(parts)}</div>'
