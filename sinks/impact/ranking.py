"""Which assignments come first. Pure."""

from collections.abc import Iterable

from msgspec import UNSET

from schemas.assignment import Assignment, AssignmentState

_OVER = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)


def rank(assignments: Iterable[Assignment]) -> list[Assignment]:
    """By impact, the most first; then by severity, by when it is due, and by age. The order given does not matter.

    An assignment without a score, of an older build, comes after those that have one.
    """
    return sorted(
        assignments,
        key=lambda one: (
            1.0 if one.impact is UNSET else -one.impact.score,
            -one.severity.rank,
            one.due_at,
            one.signal.opened_at,
            one.signal_id,
        ),
    )


def standing(revisions: Iterable[Assignment]) -> list[Assignment]:
    """The newest revision of each assignment that is still open, of signals that are one incident only the incident."""
    newest: dict[str, Assignment] = {}
    for one in revisions:
        held = newest.get(one.signal_id)
        if held is None or one.revision > held.revision:
            newest[one.signal_id] = one
    still = {signal_id: one for signal_id, one in newest.items() if one.state not in _OVER}
    return [one for one in still.values() if one.signal.incident is UNSET or one.signal.incident not in still]
