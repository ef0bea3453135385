"""Seeded mentions that begin to rise: calm for a while, then by one of several shapes, in panes of a minute."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectors.count import CountSpec
from detectors.history import History
from detectors.outlook import outlook
from detectors.spec import Verdict
from detectors.velocity import VelocitySpec
from schemas.signal import Forecast, Severity
from tests.support.detecting import START

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


class Foreseen(NamedTuple):
    """A moment at which a reader is told, what is forecast there, and what happens.

    Attributes:
        forecast: None if none is given.
        now: the moment, epoch seconds.
        happens_s: seconds until the next level is reached; infinite if it never is.
    """

    shape: str
    rule: str
    forecast: Forecast | None
    now: float
    happens_s: float


RULES: tuple[CountSpec | VelocitySpec, ...] = (
    CountSpec(name="count", window_s=18_000, levels={Severity.LOW: 3, Severity.CRITICAL: 15}),
    VelocitySpec(
        name="velocity",
        window_s=3600,
        levels={Severity.MEDIUM: 3.0, Severity.HIGH: 5.0, Severity.CRITICAL: 10.0},
        min_count=20,
        min_customers=0,
    ),
)


def foreseen(ramp: Ramp) -> Iterator[Foreseen]:
    """What the rules would tell of a ramp, each time that a level is reached or the number has doubled."""
    for rule in RULES:
        window = int(rule.window_s / MINUTE_S)
        usual = ramp.usual * window
        asked = {
            severity: level if isinstance(rule, CountSpec) else max(level * usual, float(rule.min_count))
            for severity, level in rule.levels.items()
        }
        sums = np.convolve(ramp.counts, np.ones(window))[: len(ramp.counts)]
        if sums[:CALM].max() >= min(asked.values()):
            continue
        history = History(retention_s=len(sums) * MINUTE_S, since=START)
        for minute in np.flatnonzero(ramp.counts):
            history.mentions.add(int(START + minute * MINUTE_S), float(ramp.counts[minute]), 0, 0.0)
        for minute, severity, needed in _told(sums, asked):
            verdict = Verdict(severity, float(sums[minute]), usual, 0.0, "")
            later = np.flatnonzero(sums[minute + 1 :] >= needed)
            now = START + (minute + 1) * MINUTE_S - 1.0
            happens_s = (later[0] + 1) * MINUTE_S if later.size else np.inf
            yield Foreseen(ramp.shape, rule.name, outlook(rule, verdict, severity, history, now), now, float(happens_s))


def _told(sums: npt.NDArray[np.float64], asked: dict[Severity, float]) -> Iterator[tuple[int, Severity, float]]:
    """(minute, severity, what the next one asks for) until the worst is reached."""
    told, reached = 0.0, 0
    levels = list(asked.values())
    for minute in range(CALM, len(sums)):
        level = int(np.searchsorted(levels, sums[minute], side="right"))
        if not level or (level <= reached and sums[minute] < 2 * told):
            continue
        told, reached = float(sums[minute]), max(level, reached)
        if reached == len(levels):
            return
        yield minute, list(asked)[reached - 1], levels[reached]


def summary(found: Iterable[Foreseen]) -> dict[str, float]:
    """How good forecasts are.

    Returns:
        moments; given: share with a forecast; covered: share of those in whose 80 % interval it happens (to the
        minute); sooner, later: it happens before, after it; error: median of what the forecast's is off, in truths;
        width: median length of the interval, in medians.
    """
    rows = list(found)
    given = [(each.forecast, each) for each in rows if each.forecast is not None]
    ahead = np.array([[edge.timestamp() - each.now for edge in (f.early, f.at, f.late)] for f, each in given])
    truth = np.array([each.happens_s for _, each in given])
    sooner, later = truth < ahead[:, 0] - MINUTE_S, truth > ahead[:, 2] + MINUTE_S
    error = np.abs(ahead[:, 1] / truth - 1.0)
    width = (ahead[:, 2] - ahead[:, 0]) / np.maximum(ahead[:, 1], MINUTE_S)
    return {
        "moments": len(rows),
        "given": round(len(given) / len(rows), 3),
        "covered": round(float(np.mean(~sooner & ~later)), 3),
        "sooner": round(float(np.mean(sooner)), 3),
        "later": round(float(np.mean(later)), 3),
        "error": round(float(np.median(error)), 3),
        "width": round(float(np.median(width)), 3),
    }
