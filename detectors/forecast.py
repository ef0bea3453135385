"""When a count that grows would reach a threshold, if it goes on like this.

The counts of the recent panes are taken for a Poisson process whose rate grows exponentially: a log-linear
model of counts, fitted by Newton's method (McCullagh & Nelder, Generalized Linear Models, 1989, sections 2.5
and 6.2; section 9.2.4 for the dispersion of counts that scatter more). A normal prior on the growth keeps
three mentions from being read as an explosion, and beyond the present the growth fades (the damped trend of
Gardner & McKenzie, Management Science 1985): hardly anything grows exponentially for long.

What the window will hold then is what it keeps of today's mentions, plus a count whose variance is that of the
process and that of the fit (by the delta method), taken as gamma distributed (the cube root of Wilson &
Hilferty, PNAS 1931). Nobody knows when the rise began, so three models, fitted to the last two windows, to the
window and to its newer half, are averaged (the linear opinion pool of Stone, Annals of Mathematical Statistics
1961). The moments at which the threshold is exceeded with probability 1/10, 1/2 and 9/10 are the forecast.
"""

from collections.abc import Sequence
from math import ceil, erfc, exp, log, sqrt
from typing import NamedTuple

PANES = 12
"""Most panes of a window; twice as many are looked at."""

# Chosen on simulated ramps of seed 1, by the coverage of each shape; python -m tests.bench.forecast has others.
_GROWTH_SD = 2.5
_FADING = 2.0
_HORIZON = 2.0
_STRETCHES = (2.0, 1.0, 0.5)

_EDGES = (0.1, 0.5, 0.9)
_STEPS = 80
_STEP = _HORIZON / _STEPS
_MOST_DISPERSION = 5.0
_NEWTON = 30
_CLOSE = 1e-9
_STEEPEST = 20.0


class Goal(NamedTuple):
    """What the mentions must come to.

    Attributes:
        need: mentions that the window must hold now.
        more: how many more it must hold a window's length later.
        slides: whether the window keeps its length, and so loses its oldest mentions; else it only grows.
    """

    need: float
    more: float = 0.0
    slides: bool = True


class Reach(NamedTuple):
    """Until a goal is reached, in windows from now: the median, and an interval of 80 %."""

    early: float
    central: float
    late: float


class _Fit(NamedTuple):
    """Log of the rate now (mentions a window), its growth over a window, their covariance, and the dispersion."""

    level: float
    growth: float
    var_level: float
    covariance: float
    var_growth: float
    dispersion: float


def reach(counts: Sequence[float], window: int, goal: Goal) -> Reach | None:
    """When a goal is reached; None if it cannot be said that it will be within two windows.

    Args:
        counts: mentions by pane, the newest last, which ends now: the window, and up to as much again before it.
        window: how many of the panes are the window.

    Raises:
        ValueError: there are not so many panes, or they are fewer than two.

    >>> doubling_in_four_panes = [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 4, 5, 7, 8]
    >>> [round(12 * windows, 1) for windows in reach(doubling_in_four_panes, 12, Goal(need=80.0))]
    [2.7, 4.1, 7.8]
    >>> reach([3] * 24, 12, Goal(need=80.0)) is None
    True
    """
    if not 2 <= window <= len(counts):
        raise ValueError(f"window: expected 2 to {len(counts)} panes, got {window}")
    missing = _missing(counts[-window:], goal)
    lengths = {int(window * stretch) for stretch in _STRETCHES if 2 <= window * stretch <= len(counts)}
    fits = [fit for length in sorted(lengths) if (fit := _fitted(counts[-length:], window)) is not None]
    if len(fits) < len(lengths) or not fits:
        return None
    chances = [sum(each) / len(fits) for each in zip(*(_chances(fit, missing) for fit in fits), strict=True)]
    edges: list[float] = []
    before = 0.0
    for number, chance in enumerate(chances):
        while len(edges) < len(_EDGES) and chance >= _EDGES[len(edges)]:
            share = (_EDGES[len(edges)] - before) / (chance - before)
            edges.append((number + share) * _STEP)
        before = chance
    return Reach(*edges) if len(edges) == len(_EDGES) else None


def _missing(counts: Sequence[float], goal: Goal) -> list[float]:
    """Mentions that must still come, at every step ahead."""
    kept, found = sum(counts), []
    for number in range(1, _STEPS + 1):
        ahead = number * _STEP
        left = kept
        if goal.slides:
            gone = min(ahead, 1.0) * len(counts)
            whole = min(int(gone), len(counts) - 1)
            left = kept - sum(counts[:whole]) - counts[whole] * (gone - whole)
        found.append(goal.need + goal.more * ahead - left)
    return found


def _chances(fit: _Fit, missing: list[float]) -> list[float]:
    """The probability that the missing mentions have come, at every step ahead; it never falls."""
    mean = slope = chance = 0.0
    found = []
    for number, needed in enumerate(missing):
        fading = (1.0 - exp(-_FADING * (number + 0.5) * _STEP)) / _FADING
        rate = exp(fit.level + min(fit.growth * fading, _STEEPEST)) * _STEP
        mean, slope = mean + rate, slope + rate * fading
        doubt = mean * mean * fit.var_level + 2 * mean * slope * fit.covariance + slope * slope * fit.var_growth
        chance = max(chance, _exceeds(needed, mean, fit.dispersion * mean + doubt))
        found.append(chance)
    return found


def _exceeds(needed: float, mean: float, variance: float) -> float:
    """Probability that a count of such mean and variance comes to ``needed`` or more."""
    if needed <= _CLOSE:
        return 1.0
    shape = mean * mean / variance
    root = ((ceil(needed - _CLOSE) - 0.5) / mean) ** (1.0 / 3.0)
    return 0.5 * erfc((root - 1.0 + 1.0 / (9.0 * shape)) * 3.0 * sqrt(shape / 2.0))


def _fitted(counts: Sequence[float], window: int) -> _Fit | None:
    """The model of a stretch of panes, in lengths of the window; None without mentions."""
    n, total = len(counts), sum(counts)
    if total <= 0:
        return None
    # The prior is on the growth over the stretch, whatever its length.
    places = [(i + 0.5) / n - 1.0 for i in range(n)]
    moment = sum(count * place for count, place in zip(counts, places, strict=True))
    precision = 1.0 / _GROWTH_SD**2
    level, growth = log(total), 0.0
    for _ in range(_NEWTON):
        rates = [exp(level + growth * place) / n for place in places]
        s0 = sum(rates)
        s1 = sum(rate * place for rate, place in zip(rates, places, strict=True))
        s2 = sum(rate * place * place for rate, place in zip(rates, places, strict=True)) + precision
        up, right = total - s0, moment - s1 - precision * growth
        det = s0 * s2 - s1 * s1
        up, right = (s2 * up - s1 * right) / det, (s0 * right - s1 * up) / det
        # A step of Newton's may leap too far while it is far from the top.
        scale = min(1.0, 2.0 / max(abs(up), abs(right), _CLOSE))
        level, growth = level + scale * up, growth + scale * right
        if abs(up) + abs(right) < _CLOSE:
            break
    scatter = sum((count - rate) ** 2 / rate for count, rate in zip(counts, rates, strict=True)) / max(n - 2, 1)
    dispersion = min(max(scatter, 1.0), _MOST_DISPERSION)
    ratio, var = n / window, dispersion / det
    return _Fit(level - log(ratio), growth / ratio, var * s2, -var * s1 / ratio, var * s0 / ratio**2, dispersion)
