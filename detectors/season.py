"""The shape of a series' week: time of day times day of week, robust against incidents in its own past.

Counts of slots, half hours or hours by the local clock, a row a day. In turn the daily level, the weekday's factor and
the time-of-day profile are estimated from what the other two leave, on counts winsorised against the
previous round, as in an iteratively reweighted fit (Farrington et al., JRSS A 1996, do so in one round).
The profile is smoothed as much as its own days ask for (leave-one-day-out likelihood), and what
few mentions cannot tell is borrowed from the season of the other themes.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_WIDTHS = (1.0, 2.0, 4.0)
_ROUNDS = 3
_WINSOR = 3.0
_PROFILE_PRIOR = 12.0
_CHANCE = 0.2
_WEEKEND_PRIOR = 20.0
_WEEKDAY_PRIOR = 60.0
_MEMORY_DAYS = 21.0
_LEVEL_DAYS, _LONGEST_LEVEL_DAYS = 3.0, 14.0
_TELLING_MENTIONS = 50.0
_SUSTAINED = 0.9
_TELLING = 0.05
_ANOTHER = 0.3
_ENOUGH_A_DAY = 20.0
_RECENT_DAYS = 14
_LEAST = 1e-6
_MOST_WANDER = 0.25


@cache
def _kernels(slots: int) -> tuple[Floats, ...]:
    """Circular Gaussian smoothers of a day's slots, as matrices."""
    apart = np.abs(np.subtract.outer(np.arange(slots), np.arange(slots)))
    found: list[Floats] = [np.eye(slots)]
    for width in _WIDTHS:
        weights = np.exp(-0.5 * (np.minimum(apart, slots - apart) / (width * slots / 48)) ** 2)
        found.append(weights / weights.sum(0))
    return tuple(found)


_WEEKEND = np.arange(7) >= 5


class Season(NamedTuple):
    """What a series' week looks like.

    Attributes:
        profile: (slots,), mean 1: a day.
        weekdays: (7,), mean 1, Monday first.
        level: mentions a slot, on an average day of the recent past.
        wander: variance, relative to the expectation, of what an hour deviates beyond chance.
        days: days with data it was taken from, since the level was last another one altogether.
    """

    profile: Floats
    weekdays: Floats
    level: float
    wander: float
    days: int


def flat(slots: int) -> Season:
    """No season at all: what is assumed before anything is known."""
    return Season(np.ones(slots), np.ones(7), 0.0, 0.0, 0)


def fit(counts: Floats, weekdays: npt.NDArray[np.int64], dispersion: float, prior: Season | None = None) -> Season:
    """Fit a season to the past.

    Args:
        counts: (days, slots), 24 or 48 slots, the oldest first; NaN where nothing is known.
        weekdays: (days,), 0 is Monday.
        dispersion: variance of a count over its mean.
        prior: what is borrowed where the counts say little; flat without one.

    >>> counts = np.tile(np.r_[np.zeros(24), np.full(24, 6.0)], (14, 1))
    >>> counts[9, 30:36] = 60.0
    >>> season = fit(counts, np.arange(14) % 7, dispersion=1.0)
    >>> round(season.level), round(float(season.profile[40]), 1), round(float(season.profile[10]), 1)
    (3, 1.8, 0.0)
    """
    prior = prior or flat(counts.shape[1])
    known = ~np.isnan(counts)
    raw = np.where(known, counts, 0.0)
    days = len(counts)
    if not days or not known.any():
        return prior._replace(level=0.0, wander=0.0, days=0)
    ages = np.arange(days, 0, -1.0)
    weight = (0.5 ** (ages / _MEMORY_DAYS))[:, None] * known
    a_day = float(raw.sum()) / max(float(known.mean(1).sum()), _LEAST)
    near = 0.5 ** (np.abs(np.subtract.outer(ages, ages)) / level_days(a_day))
    member = np.zeros((days, 7))
    member[np.arange(days), weekdays] = 1.0
    profile, weekday, mean = prior.profile, prior.weekdays, None
    used, level = raw, np.zeros(days)
    for turn in range(_ROUNDS):
        if mean is not None:
            scatter = max(dispersion, float(((used - mean) ** 2 * known).sum() / max((mean * known).sum(), _LEAST)))
            used = np.minimum(raw, mean + _WINSOR * np.sqrt(min(scatter, 20.0) * mean) + 0.5)
        shape = weekday[weekdays][:, None] * profile[None, :] * known
        level = np.maximum(near @ used.sum(1) / np.maximum(near @ shape.sum(1), _LEAST), 1e-5)
        weekday = _weekdays(used, level, profile, weight, member, dispersion, prior)
        base = level[:, None] * weekday[weekdays][:, None]
        profile = _profile(used, base, weight, prior, choose=turn == _ROUNDS - 1)
        mean = np.maximum(base * profile, _LEAST)
    assert mean is not None
    observed = used.sum(1) / np.maximum((weekday[weekdays][:, None] * profile * known).sum(1), _LEAST)
    whole = known.mean(1) >= 0.5
    recent = observed[-7:][whole[-7:]]
    # The median of days with a handful of mentions says next to nothing.
    usual = float(np.median(recent)) if len(recent) and a_day >= _ENOUGH_A_DAY else 0.0
    wander = _wander(used[-_RECENT_DAYS:], mean[-_RECENT_DAYS:], known[-_RECENT_DAYS:], dispersion)
    usual = max(usual, float(level[-1]), _SUSTAINED * _sustained(raw[-1], known[-1], weekday[weekdays[-1]] * profile))
    # What has never been seen may still come: as often as half a mention in all the time that was watched.
    rarest = 0.5 / max(float(known.sum()), 1.0)
    age = _age(observed[whole], (weekday[weekdays][:, None] * profile * known).sum(1)[whole], usual)
    return Season(profile, weekday, max(usual, rarest), wander, age)


def level_days(a_day: float) -> float:
    """Half-life of the level, in days: the fewer mentions there are, the longer they must be remembered.

    >>> level_days(1000.0), level_days(5.0), level_days(0.0)
    (3.0, 10.0, 14.0)
    """
    return min(max(_TELLING_MENTIONS / max(a_day, _LEAST), _LEVEL_DAYS), _LONGEST_LEVEL_DAYS)


def _sustained(counts: Floats, known: npt.NDArray[np.bool_], shape: Floats) -> float:
    """The level that the last day kept through all its quarters: a new level rather than an incident."""
    if not known.all():
        return 0.0
    seen, due = counts.reshape(4, -1).sum(1), shape.reshape(4, -1).sum(1)
    telling = due > _TELLING * due.sum()
    return float((seen[telling] / due[telling]).min())


def _age(observed: Floats, shape: Floats, level: float) -> int:
    """Days since the level was another one altogether, as before a theme was born; all of them, if it never was."""
    other = (observed < _ANOTHER * level) & (shape * level >= _ENOUGH_A_DAY)
    return int(len(other) - 1 - np.flatnonzero(other)[-1]) if other.any() else len(other)


def _weekdays(
    used: Floats, level: Floats, profile: Floats, weight: Floats, member: Floats, dispersion: float, prior: Season
) -> Floats:
    """Factors of the weekdays, drawn to those of all workdays or all weekends, and these to the prior."""
    seen = member.T @ (weight * used).sum(1)
    due = member.T @ (level * (weight * profile[None, :]).sum(1))
    drawn = _WEEKEND_PRIOR * dispersion
    group = np.empty(7)
    for days in (~_WEEKEND, _WEEKEND):
        group[days] = prior.weekdays[days].mean() * drawn
        group[days] = (seen[days].sum() + group[days]) / (due[days].sum() + drawn)
    drawn = _WEEKDAY_PRIOR * dispersion
    factors = (seen + drawn * group) / (due + drawn)
    return np.asarray(factors / factors.mean())


def _profile(used: Floats, base: Floats, weight: Floats, prior: Season, *, choose: bool) -> Floats:
    """Time of day, smoothed by the width that best foretells a day from the others."""
    seen, due = weight * used, weight * base
    total_seen, total_due = seen.sum(0), due.sum(0)
    kernels = _kernels(used.shape[1])
    lean = _PROFILE_PRIOR / used.shape[1]
    best, chosen = -np.inf, prior.profile
    for kernel in kernels if choose else kernels[2:3]:
        smooth_seen, smooth_due = total_seen @ kernel, total_due @ kernel
        shape = (smooth_seen + lean * prior.profile + _CHANCE) / (smooth_due + lean + _CHANCE)
        if choose:
            others = smooth_seen - seen @ kernel + lean * prior.profile + _CHANCE
            others = others / (smooth_due - due @ kernel + lean + _CHANCE)
            others = np.maximum(others, _LEAST)
            likelihood = float((seen * np.log(others) - due * others).sum())
            if likelihood <= best:
                continue
            best = likelihood
        chosen = shape
    return np.asarray(chosen / max(float(chosen.mean()), _LEAST))


def _wander(used: Floats, mean: Floats, known: npt.NDArray[np.bool_], dispersion: float) -> float:
    """Relative variance of whole hours beyond chance, from a quantile that incidents do not reach."""
    hours = (len(used), 24, -1)
    both = known.reshape(hours).all(2)
    seen, due = used.reshape(hours).sum(2), mean.reshape(hours).sum(2)
    if not both.any():
        return 0.0
    due = due[both]
    average = float(due.mean())
    if average <= 1.0:
        return 0.0
    scaled = np.abs(seen[both] - due) / np.sqrt(due)
    scatter = (float(np.quantile(scaled, 0.85)) / 1.44) ** 2
    return min(max((scatter - dispersion) / average, 0.0), _MOST_WANDER)
