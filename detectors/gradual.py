"""Slow changes: days that lie above the weeks before, by too little for any single hour to show.

The daily totals, freed of the weekday and of what single half hours had too much of, are held against a
line through the older ones (Bayesian linear regression with a prior on the slope, so that a business that
grows is no news; A. Gelman et al., "Bayesian Data Analysis", 3rd ed., ch. 14). The means of the last 2, 3,
5 and 7 days, if they are off it one and all, are compared with what it foretells; the tail of Student's t is
D. L. Wallace's approximation (Annals of Mathematical Statistics 30, 1959).
"""

from math import erfc, log, sqrt
from typing import Any, NamedTuple

import numpy as np

from detectors.season import Floats, Season

_SPANS = (2, 3, 5, 7)
_LOOKS = 2.2
"""How many independent looks those spans are worth: they overlap."""
_RECENT = 7
_FEWEST_DAYS = 10
_KNOWN = 0.5
_WINSOR = 3.0
_SLOPE = 0.008
_MOST_ALIKE = 0.6
_LEAST_A_DAY = 40.0
"""So few that a fifth more is beyond chance only after a week."""
_EACH = 0.5
_DAY_S = 86_400.0
_LIKELY = 1.96


class Gradual(NamedTuple):
    """The stretch of days that is least likely by chance.

    Attributes:
        days: how many, the last one included.
        seen, usual: mentions in them, single excesses cut off, and expected ones.
        low, high: between which 19 of 20 such stretches lie.
        rarity_s: mean time between two such stretches by chance alone, seconds.
    """

    days: int
    seen: float
    usual: float
    low: float
    high: float
    rarity_s: float


def gradual(rows: Floats, weekdays: Any, season: Season, dispersion: float, *, rising: bool = True) -> Gradual | None:
    """How the last days stand against the weeks before; None if too little is known.

    Args:
        rows: (days, slots) counts, the oldest first; NaN where nothing is known.
        weekdays: (days,), 0 is Monday.
        season: of the series.
        dispersion: variance of a count over its mean.
        rising: whether more is looked for, or less.

    >>> rows = np.random.default_rng(1).poisson(5.0, (28, 48)).astype(float)
    >>> season = Season(np.ones(48), np.ones(7), 5.0, 0.0, 28)
    >>> gradual(rows, np.arange(28) % 7, season, 1.0).rarity_s / 86_400 < 20
    True
    >>> rows[-3:] *= 1.3
    >>> found = gradual(rows, np.arange(28) % 7, season, 1.0)
    >>> found.days, found.rarity_s / 86_400 > 1000
    (3, True)
    """
    known = ~np.isnan(rows)
    shape = season.weekdays[weekdays][:, None] * season.profile * known
    whole = (known.mean(1) >= _KNOWN) & (shape.sum(1) > 0.0)
    older = np.flatnonzero(whole[:-_RECENT])
    if len(older) < _FEWEST_DAYS:
        return None
    raw, due = np.where(known, rows, 0.0), np.maximum(shape.sum(1), 1e-9)
    level = float(np.median(raw[older].sum(1) / due[older]))
    if level * rows.shape[1] < _LEAST_A_DAY:
        return None
    mean = level * shape
    # What a single half hour had too much of is the business of those who look at single half hours.
    used = np.minimum(raw, mean + _WINSOR * np.sqrt(dispersion * mean) + 1.0)
    levels = used.sum(1) / due
    line = _Line(older - len(rows), levels[older], dispersion * level / float(due[older].mean()))
    spans = [span for span in _SPANS if whole[-span:].all() and line.lasted(levels[-span:], due[-span:])]
    found = [line.held(span, levels, due, rising=rising) for span in spans]
    return max(found, key=lambda each: each.rarity_s, default=None)


class _Line:
    """A line through the levels of older days, and how far days lie from it."""

    def __init__(self, days: Any, levels: Floats, least_variance: float) -> None:
        self.middle, self.level = float(days.mean()), float(levels.mean())
        off = days - self.middle
        left = levels - self.level
        variance = max(float(left @ left) / max(len(days) - 2, 1), least_variance)
        precision = float(off @ off) / variance + 1.0 / (_SLOPE * self.level) ** 2
        self.slope = float(off @ left) / variance / precision
        rest = left - self.slope * off
        self.variance = max(float(rest @ rest) / max(len(days) - 2, 1), least_variance)
        alike = float(rest[1:] @ rest[:-1]) / max(float(rest @ rest), 1e-12)
        self.alike = min(max(alike, 0.0), _MOST_ALIKE)
        self.slope_variance = 1.0 / precision
        self.days = len(days)

    def foretold(self, span: int) -> float:
        """The mean level of the last ``span`` days, by the line."""
        return max(self.level + self.slope * (-(span + 1) / 2.0 - self.middle), 1e-9)

    def lasted(self, levels: Floats, due: Floats) -> bool:
        """Whether every one of these last days lies off the line by a good part of what all of them do."""
        foretold = self.foretold(len(levels))
        off = float(levels @ due / due.sum()) - foretold
        return bool(((levels - foretold) * np.sign(off) >= _EACH * abs(off)).all())

    def held(self, span: int, levels: Floats, due: Floats, *, rising: bool) -> Gradual:
        """Hold the last ``span`` days against the line."""
        ahead, foretold = -(span + 1) / 2.0 - self.middle, self.foretold(span)
        lately = float(levels[-span:] @ due[-span:] / due[-span:].sum())
        # Days in a row are alike: they tell less than so many days would.
        alike = (1.0 + self.alike) / (1.0 - self.alike)
        variance = self.variance * alike * (1.0 / span + 1.0 / self.days) + self.slope_variance * ahead**2
        deviation = sqrt(variance)
        off = (lately - foretold) / deviation * (1.0 if rising else -1.0)
        chance = min(_LOOKS * _tail(off, self.days - 2), 1.0)
        usual, scatter = foretold * float(due[-span:].sum()), _LIKELY * deviation * float(due[-span:].sum())
        seen = lately * float(due[-span:].sum())
        return Gradual(span, seen, usual, max(usual - scatter, 0.0), usual + scatter, _DAY_S / max(chance, 1e-12))


def _tail(t: float, freedom: int) -> float:
    """Probability that Student's t is above ``t``.

    >>> [round(_tail(t, 20), 4) for t in (0.0, 2.0, 4.0, -2.0)]
    [0.5, 0.0296, 0.0004, 0.9704]
    """
    z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log(1.0 + t * t / freedom))
    tail = 0.5 * erfc(z / sqrt(2.0))
    return tail if t >= 0.0 else 1.0 - tail
