"""Seeded mentions that begin to rise: calm for a while, then by one of several shapes, in panes of a minute."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MINUTE_S = 60.0
HOUR = 60
CALM, RISE = 6 * HOUR, 18 * HOUR
SHAPES = ("exponential", "linear", "saturating", "step")


class Ramp(NamedTuple):
    """One ramp.

    Attributes:
        counts: mentions by minute, ``CALM`` minutes and then ``RISE``.
        usual: mentions expected in a minute of calm.
    """

    shape: str
    counts: npt.NDArray[np.float64]
    usual: float


def ramps(shape: str, n: int, seed: int) -> Iterator[Ramp]:
    """``n`` ramps of a shape, over usual rates of 0.02 to 60 mentions an hour and rises of all paces.

    Exponential ones double within 20 minutes to 3 hours, up to a hundredfold; linear ones gain 1 to 30 times the
    usual (at least 2 mentions) an hour; saturating and stepping ones come to 3 to 40 times the usual (at least 3
    mentions an hour), the former with a time constant of 20 minutes to 4 hours. Half of all are overdispersed.
    """
    draw = np.random.default_rng([seed, SHAPES.index(shape)])
    hours = (np.arange(RISE) + 0.5) / HOUR
    for _ in range(n):
        usual = np.exp(draw.uniform(np.log(0.02), np.log(60.0)))
        if shape == "exponential":
            begin = max(usual, 0.5) * draw.uniform(0.1, 1.0)
            rise = begin * (np.exp2(np.minimum(hours / np.exp(draw.uniform(np.log(1 / 3), np.log(3.0))), 6.6)) - 1)
        elif shape == "linear":
            rise = max(usual, 2.0) * np.exp(draw.uniform(0.0, np.log(30.0))) * hours
        else:
            top = max(usual, 3.0) * np.exp(draw.uniform(np.log(3.0), np.log(40.0)))
            pace = np.exp(draw.uniform(np.log(1 / 3), np.log(4.0)))
            rise = top * (1 - np.exp(-hours / pace)) if shape == "saturating" else np.full(RISE, top)
        mean = np.concatenate([np.full(CALM, usual), usual + rise]) / HOUR
        dispersion = 1.0 if draw.random() < 0.5 else draw.uniform(1.2, 3.0)
        if dispersion > 1.0:
            mean = draw.gamma(mean / (dispersion - 1.0), dispersion - 1.0)
        yield Ramp(shape, draw.poisson(mean).astype(np.float64), usual / HOUR)


class Moment(NamedTuple):
    """A moment at which a reader is told, and what is to be foreseen there.

    Attributes:
        at: minutes since the ramp's first, all of them in.
        need: mentions of the next level.
        happens: minutes until they are reached; infinite if never.
    """

    at: int
    need: float
    happens: float


def moments(ramp: Ramp, levels: list[float], window: int) -> Iterator[Moment]:
    """When a rule with these levels (mentions, rising) tells of a ramp: at each level, and when the number has doubled.

    Args:
        window: minutes, at most ``CALM``.
    """
    sums = np.convolve(ramp.counts, np.ones(window))[: len(ramp.counts)]
    told, reached = 0.0, 0
    for minute in range(CALM, len(sums)):
        level = int(np.searchsorted(levels, sums[minute], side="right"))
        if not level or (level <= reached and sums[minute] < 2 * told):
            continue
        told, reached = sums[minute], max(level, reached)
        if reached == len(levels):
            return
        if np.max(sums[CALM - HOUR : CALM]) >= levels[0]:
            return
        later = np.flatnonzero(sums[minute + 1 :] >= levels[reached])
        yield Moment(minute + 1, levels[reached], float(later[0] + 1) if later.size else np.inf)
