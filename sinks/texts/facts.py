"""What an assignment says to people, piece by piece, before any target's form. Pure.

Everything that is not known is left out, and nothing is said twice.
"""

from datetime import datetime
from typing import NamedTuple

from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Signal
from sinks.impact.in_words import why
from sinks.in_words import bars, more
from sinks.texts.cutting import cut, one_line

_MOST_QUOTES, _LONGEST_QUOTE = 3, 400
_MOST_SLICES, _MOST_MEMBERS = 5, 10
_LONGEST = 1500


class Facts(NamedTuple):
    """Each is text without any markup; empty where there is nothing to say.

    Attributes:
        title: what, and how bad, in one line.
        status: how it stands with whom, and what is due when.
        lately: what the newest revision has changed.
        reason: why it is told.
        listed: (label, text) of what else is known, in the order to be read.
        quotes: what customers say, redacted.
        trend: a row of bars, the newest last.
        reference: by what it is found again.
    """

    title: str
    status: str
    lately: str
    reason: str
    listed: list[tuple[str, str]]
    quotes: list[str]
    trend: str
    reference: str


def facts(assignment: Assignment) -> Facts:
    """What is to be said of an assignment."""
    signal = assignment.signal
    listed = [
        ("Impact", _impact(assignment)),
        ("Customers", _customers(signal)),
        ("Where", "; ".join(one_line(driver.text) for driver in signal.drivers[:_MOST_SLICES])),
        ("In common", signal.cause or ""),
        ("Part of it", _members(signal)),
        ("Also with", "; ".join(f"{each.role} ({one_line(each.why)})" for each in assignment.co_owners or ())),
        ("Escalated to", ", ".join(assignment.escalated_to or ())),
    ]
    quotes = [cut(one_line(quote.text), _LONGEST_QUOTE) for quote in signal.quotes if quote.text.strip()]
    return Facts(
        title=title(assignment),
        status=status(assignment),
        lately=_sentence(cut(one_line(assignment.note), _LONGEST)),
        reason=cut(" ".join(filter(None, (_sentence(one_line(assignment.reason)), more(signal)))), _LONGEST),
        listed=[(label, cut(text, _LONGEST)) for label, text in listed if text],
        quotes=quotes[:_MOST_QUOTES],
        trend=bars(signal.sparkline) if signal.sparkline else "",
        reference=f"{assignment.signal_id}, revision {assignment.revision}",
    )


def title(assignment: Assignment, most: int = 255) -> str:
    """One line of at most ``most`` characters, cut at a word."""
    return cut(one_line(f"[{assignment.severity.value}] {assignment.title}"), most)


def status(assignment: Assignment) -> str:
    """How it stands, with whom, and what is due."""
    owner = assignment.owner + (f" ({assignment.on_call} is on call)" if assignment.on_call else "")
    fix = f"fix due {moment(assignment.due_at)}"
    match assignment.state:
        case AssignmentState.OPEN:
            return f"With {owner}: acknowledge by {moment(assignment.acknowledge_by)}, {fix}."
        case AssignmentState.ACKNOWLEDGED:
            return f"Acknowledged; with {owner}, {fix}."
        case AssignmentState.FIX_SHIPPED:
            return f"A fix has been shipped; it stays watched. With {owner}."
        case AssignmentState.RESOLVED:
            return f"Resolved. It was with {assignment.owner}."
        case AssignmentState.DISMISSED:
            return f"Dismissed. It was with {assignment.owner}."


def news(assignment: Assignment, before: Assignment | None) -> str:
    """What has just happened, in a sentence or two.

    Args:
        before: the revision told before; None if it is not known.
    """
    said, reason = _sentence(one_line(assignment.note)), _sentence(one_line(assignment.reason))
    moved = before is not None and assignment.state is not before.state
    if assignment.changed_by != "signal":
        # Somebody has done something: who, and what he says of it.
        what = assignment.state.value.replace("_", " ").capitalize()
        done = f"{what} by {one_line(assignment.changed_by)}" if moved and assignment.changed_by != "timer" else ""
        if done and said:
            return cut(f"{done}: {said}", _LONGEST)
        return cut(said or (f"{done}." if done else status(assignment)), _LONGEST)
    if assignment.state is AssignmentState.RESOLVED and not said:
        said = "Resolved."
    return cut(" ".join(filter(None, (said, reason))), _LONGEST)


def moment(at: datetime) -> str:
    """An instant, to the minute.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 5, 4, 9, 5, tzinfo=UTC))
    '4 May 09:05 UTC'
    """
    return f"{at.day} {at:%b %H:%M} UTC"


def _impact(assignment: Assignment) -> str:
    if not assignment.impact:
        return ""
    measured = why(assignment.impact)
    return f"{assignment.impact.score:.1f} of 10" + (f" ({measured})" if measured else "")


def _customers(signal: Signal) -> str:
    if not signal.customers:
        return ""
    said = "1 customer says so" if signal.customers == 1 else f"{signal.customers:,} customers say so"
    if signal.customers_estimated <= signal.customers:
        return said
    return f"{said}; about {signal.customers_estimated:,} are probably affected"


def _members(signal: Signal) -> str:
    members = signal.members or []
    told = [f"{each.theme} ({each.severity.value}, {_counted(each.mentions)})" for each in members[:_MOST_MEMBERS]]
    rest = len(members) - len(told)
    return "; ".join(told) + (f"; and {rest} more" if rest else "")


def _counted(mentions: int) -> str:
    return "1 mention" if mentions == 1 else f"{mentions:,} mentions"


def _sentence(text: str) -> str:
    """With a capital at its start and a full stop at its end."""
    if not text:
        return ""
    return f"{text[0].upper()}{text[1:]}" + ("" if text[-1] in ".!?…" else ".")
