"""What befalls all series of a source at once: a clock that changes, a holiday, an outage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.judges.interface import Floats
from tests.judges.local import Clock

DAY, WARM_DAYS = 288, 14


class Outage(NamedTuple):
    """Panes [start, end) in which nothing arrives, told as zero or not at all; ``late`` panes bring the backlog."""

    start: int
    end: int
    unknown: bool
    late: int


class Hazard(NamedTuple):
    """``volume`` (T,) factor of every mean, ``seen`` (T,) where counts can be read, outages, and what to blame."""

    volume: Floats
    seen: NDArray[np.bool_]
    outages: list[Outage]
    events: list[tuple[str, int, int]]


def none(clock: Clock) -> Hazard:
    """Nothing happens."""
    return Hazard(np.ones(len(clock.hour)), np.ones(len(clock.hour), bool), [], [])


def dst(clock: Clock) -> Hazard:
    """The season follows the local clock by itself; the week after a change is to blame."""
    return none(clock)._replace(events=[("clock changed", at, at + 7 * DAY) for at in clock.changes])


def holiday(rng: np.random.Generator, clock: Clock, warm_too: bool = True) -> Hazard:
    """A local weekday at 0.3 of its volume, once judged and, perhaps, once before."""
    hazard = none(clock)
    # A Monday to Friday whose day after is judged as well.
    days = [WARM_DAYS + int(rng.choice([2, 3, 7, 8, 9, 10]))]
    if warm_too and rng.random() < 0.5:
        days.append(int(rng.choice([2, 3, 7, 8, 9, 10])))
    for day in days:
        on = clock.day == day
        hazard.volume[on] = 0.3
        at, end = int(np.flatnonzero(on)[0]), int(np.flatnonzero(on)[-1]) + 1
        hazard.events.append(("after a holiday", at, end + 2 * DAY))
    return hazard


def outage(rng: np.random.Generator, clock: Clock) -> Hazard:
    """One before and two in the judged fortnight, 1-6 h, half of them zeros, every third with a backlog after it."""
    hazard = none(clock)
    for low, high in ((3, 13), (15, 20), (21, 27)):
        start = int(rng.uniform(low, high) * DAY)
        end = start + int(rng.uniform(12, 72))
        late = int(rng.integers(2, 7)) if rng.random() < 1 / 3 else 0
        hazard.outages.append(Outage(start, end, bool(rng.random() < 0.5), late))
        hazard.seen[start : end + late] = False
        hazard.events.append(("backlog" if late else "after an outage", start, end + DAY))
    return hazard


def of(name: str, rng: np.random.Generator, clock: Clock) -> Hazard:
    """The hazard of a source by its name."""
    if name == "holiday":
        return holiday(rng, clock)
    if name == "outage":
        return outage(rng, clock)
    return dst(clock)


def cut(rng: np.random.Generator, counts: Floats, hazard: Hazard) -> Floats:
    """What the table says of the counts: gaps or zeros in outages, the backlog after."""
    counts = counts.copy()
    for out in hazard.outages:
        backlog = counts[out.start : out.end].sum()
        counts[out.start : out.end] = np.nan if out.unknown else 0.0
        if out.late:
            counts[out.end : out.end + out.late] += rng.multinomial(int(backlog), np.full(out.late, 1 / out.late))
    return counts
