"""What ``groundswell top`` shows of an assignment. Pure."""

from __future__ import annotations

from msgspec import UNSET
from rich.text import Text

from schemas.assignment import Assignment, AssignmentState
from schemas.duration import format_duration
from sinks.impact.in_words import why
from streams.cli.tail_lines import STYLES, joined, shown_time

_MINUTE_S = 60.0


def line(number: int, one: Assignment, now: float) -> Text:
    """An assignment in a line: its score, who has it, by when, and the largest parts of the score.

    Args:
        number: its place, from 1.
        now: epoch seconds; what was due before is late.
    """
    severity = one.severity.value
    return joined(
        (f"{number:>2}", "dim"),
        ("  - " if one.impact is UNSET else f"{one.impact.score:>4.1f}", "bold"),
        (f"{severity:<8}", STYLES[severity]),
        (one.theme, "bold"),
        (f"-> {one.owner}", "green"),
        (one.state.value.replace("_", " "), ""),
        _due(one, now),
        ("" if one.impact is UNSET else why(one.impact), ""),
        (f"[{one.signal_id}]", "dim"),
    )


def _due(one: Assignment, now: float) -> tuple[str, str]:
    due = one.due_at.timestamp()
    late = now - due
    if late < 0 or one.state is AssignmentState.FIX_SHIPPED:
        return f"due {shown_time(due)}", "dim"
    return f"late by {format_duration(max(late // _MINUTE_S, 1) * _MINUTE_S)}", "red"
