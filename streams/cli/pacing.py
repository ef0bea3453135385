"""When each event of a replay is due. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, timedelta

from msgspec.structs import replace

from streams.cli.to_events import Mapped

AS_FAST_AS_POSSIBLE = math.inf


def parse_speed(text: str) -> float:
    """How many times faster than it was: 1 for ``realtime``, infinite for ``max``.

    Raises:
        ValueError: it is neither, and no positive number.

    >>> parse_speed("realtime"), parse_speed("60"), parse_speed("max")
    (1.0, 60.0, inf)
    """
    named = {"realtime": 1.0, "max": AS_FAST_AS_POSSIBLE}
    try:
        speed = named[text] if text in named else float(text.removesuffix("x"))
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise ValueError(f'"{text}" is no speed: write realtime, max, or how many times faster, such as 60')
    return speed


def due_s(at: float, first: float, speed: float) -> float:
    """Seconds after the start at which an event of time ``at`` is due, if the first is of time ``first``.

    >>> due_s(7200.0, 0.0, 60.0), due_s(7200.0, 0.0, AS_FAST_AS_POSSIBLE)
    (120.0, 0.0)
    """
    return max(0.0, at - first) / speed


def in_time(items: Iterable[Mapped], shift_to: float | None) -> list[Mapped]:
    """The events in the order of their times.

    Args:
        shift_to: all are moved so that the last one is then, epoch seconds; None leaves them.
    """
    ordered = sorted(items, key=lambda item: item.event.time)
    if shift_to is None or not ordered:
        return ordered
    by = timedelta(seconds=shift_to - ordered[-1].event.time.timestamp())
    # In UTC: adding to a local time moves the clock on the wall, not the moment, across a change of the clocks.
    return [item._replace(event=replace(item.event, time=item.event.time.astimezone(UTC) + by)) for item in ordered]
