"""Incidents put into a series: what a detector should find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.judges.interface import Floats, Stream
from tests.judges.local import Clock

HOUR, DAY, WEEK = 12, 288, 2016
KINDS = ("ramp", "step", "slow", "burst")


def trapeze(panes: int, rise: float) -> Floats:
    """0..1 over ``panes``: up over the share ``rise``, a plateau, down over the last tenth."""
    x = (np.arange(panes) + 0.5) / panes
    return np.minimum(np.clip(x / max(rise, 1e-9), 0, 1), np.clip((1 - x) / 0.1, 0, 1))


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _form(rng: np.random.Generator, kind: str) -> tuple[Floats, float]:
    """(excess over the expected as a multiple of it, pane by pane; the factor at the top)."""
    if kind == "ramp":
        factor, form = _between(rng, 2, 10), trapeze(round(HOUR * _between(rng, 1, 12)), rng.uniform(0.1, 0.5))
    elif kind in ("step", "night"):
        factor, form = _between(rng, 2, 10), np.ones(round(HOUR * _between(rng, 1, 12)))
    elif kind == "slow":
        factor, form = _between(rng, 1.7, 5), trapeze(round(HOUR * _between(rng, 12, 72)), 0.8)
    elif kind == "burst":
        factor, form = _between(rng, 8, 40), np.ones(3)
    else:
        factor, form = 1.2, np.ones(DAY)
    return (factor - 1) * form, factor


def _night(clock: Clock, low: int, high: int, rng: np.random.Generator) -> int:
    asleep = np.flatnonzero((clock.hour[low:high] >= 22) | (clock.hour[low:high] < 2))
    return low + int(rng.choice(asleep))


def inject(
    rng: np.random.Generator, stream: Stream, mu: Floats, seen: NDArray[np.bool_], clock: Clock, nights: bool = False
) -> Floats:
    """Note two scored incidents, one a week, and perhaps one in the warm-up; returns the mean that they add, (T,).

    Args:
        seen: panes whose counts can be read: only these add to what makes an incident feasible.
        nights: incidents fall on hours in which nothing is expected, sized by the mean rate.
    """
    added, warm = np.zeros(len(mu)), stream["warm"]
    spans = [(warm + WEEK * week, warm + WEEK * (week + 1), True) for week in range((len(mu) - warm) // WEEK)]
    if rng.random() < 0.25:
        spans.insert(0, (2 * DAY, warm - DAY, False))
    for low, high, scored in spans:
        if stream["shape"] == "busy" and rng.random() < 0.5:
            kind = "day +20 %"
        else:
            kind = "night" if nights else str(rng.choice(KINDS))
        form, factor = _form(rng, kind)
        # 8 h free of incidents on both sides: within 6 h two openings would be one alert.
        first, last = low + HOUR, max(high - len(form) - 8 * HOUR, low + HOUR + 1)
        start = _night(clock, first, last, rng) if kind == "night" else int(rng.integers(first, last))
        span = slice(start, start + len(form))
        excess = form * (stream["rate"] if kind == "night" else mu[span])
        added[span] += excess
        stream["incidents"].append(
            {
                "kind": kind,
                "start": start,
                "end": start + len(form),
                "mult": factor,
                "hours": len(form) / HOUR,
                "scored": scored,
                "excess": float((excess * seen[span]).sum()),
                "base": float((mu * seen)[span].sum()),
            }
        )
    return added
