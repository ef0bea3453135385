"""Actions from what a target says; each id follows from the target's own id of the event, so a repeat is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from schemas.action import Action, ActionKind
from schemas.ids import derived_id
from sinks.inbound.base import Denied, Told

_MOST_NOTE, _MOST_BY = 1000, 256


def actions(
    source: str, event: Sequence[str], listed: Sequence[str], kind: ActionKind, at: datetime, by: str, note: str = ""
) -> Told:
    """One action for each signal.

    Args:
        event: what the target calls the event.
        listed: signal ids.
        by: who did it there; the action's author is that with the source before it, so that a connector of the same
            name knows what came from its own target.

    Raises:
        Denied: 400, if a signal id can be none.
    """
    made = []
    for signal_id in listed:
        fields = {
            "id": derived_id("act", source, *event, signal_id, kind.value),
            "signal_id": signal_id,
            "kind": kind,
            "at": at,
            "by": (f"{source}: {by}" if by else source)[:_MOST_BY],
            "note": note[:_MOST_NOTE],
        }
        try:
            made.append(msgspec.convert(fields, Action))
        except msgspec.ValidationError:
            raise Denied(400, "the marker holds no signal id") from None
    return Told(made)
