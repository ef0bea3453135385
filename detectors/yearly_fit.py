"""Trend and season of counts over years, for many series at once, robust against the incidents among them.

A log-linear negative binomial with variance proportional to the mean, as in Noufaily et al. (Statistics in Medicine
32:1206, 2013), but what is robust about it is a mixture: a pane is an ordinary one, or belongs to an incident, which
brings some standard deviations more and tends to last. In turn each pane's probability of being ordinary is taken from
the two densities and its neighbours (Dempster, Laird & Rubin, JRSS B 1977; neighbours by a mean field), and the
coefficients and the dispersion are fitted with these probabilities as weights. Under the mixture both stay consistent,
so nothing need be corrected for what was weighted away.
"""

from math import log
from typing import Any, NamedTuple

import numpy as np

from detectors.negative_binomial import LEAST_DISPERSION
from detectors.yearly_tail import Floats, log_masses, spread

HARMONICS, DRIFTING = 3, 2

_INCIDENTS, _INCIDENTS_WORTH = 0.004, 300.0
"""Share of panes that belong to an incident, before anything is known; and after how many panes that counts half."""

_FEWEST, _MOST = 0.002, 0.02
"""Bounds of that share: beyond them a heavy tail passes for incidents."""

_STICKS = 3.0
"""How much likelier, as a log-odds, next to a pane of an incident."""

_EXCESS, _EXCESS_SPREAD = 3.5, 3.0
"""What an incident's pane brings, and how much that varies, in standard deviations of an ordinary one."""

_ROUNDS, _FIRST_STEPS, _SWEEPS = 8, 5, 2
_PRUNE_ROUND = 4
_TELLING = 6.0
"""Wald's statistic of a pair of coefficients that has to be explained by more than chance: 1 in 20."""

_TREND_SD, _HARMONIC_SD, _WEEKDAY_SD = 0.5, 0.7, 1.0
_DRIFT_SD = 0.02
"""What a harmonic's coefficients change in a year."""

_INTERCEPT_PRECISION = 0.1
_DISPERSION_PRIOR, _DISPERSION_PRIOR_SD = log(0.3), 2.0
_MOST_DISPERSION = 1e7
_FIRST_DISPERSION = 1.5
_STEP = 0.25
_CAP_QUANTILE, _LEAST_CAP = 0.93, 2.0
_LEAST_LOG, _MOST_LOG = -12.0, 18.0


class Calendar(NamedTuple):
    """What a series of panes can depend on.

    Attributes:
        period: panes in a year: 52 or 52.18 weeks, 365.25 days.
        week: panes in a week that may differ from each other: 7 or 5 for daily ones, 1 for none.
        harmonics: of the year, at most.
        drifting: the first harmonics that may change from year to year, or be out of step with ``period``.
    """

    period: float = 52.0
    week: int = 1
    harmonics: int = HARMONICS
    drifting: int = DRIFTING

    def design(self, panes: Floats, origin: float) -> Floats:
        """(T, p): constant, trend in years since ``origin``, cosines and sines, their drifts, days of the week."""
        columns = [np.ones_like(panes), (panes - origin) / self.period]
        for order in range(1, self.harmonics + 1):
            angle = 2.0 * np.pi * order * panes / self.period
            columns += [np.cos(angle), np.sin(angle)]
        for order in range(1, self.drifting + 1):
            columns += [columns[1] * column for column in columns[2 * order : 2 * order + 2]]
        # Each day against the average of the week, so that the constant stays one.
        day = np.mod(panes, self.week)
        columns += [(day == n) * 1.0 - 1.0 / self.week for n in range(1, self.week)]
        return np.stack(columns, 1)

    def precision(self) -> Floats:
        """(p,) what is held against coefficients far from 0."""
        seasons = [_HARMONIC_SD / order for order in range(1, self.harmonics + 1) for _ in range(2)]
        sds = np.array([_TREND_SD, *seasons, *[_DRIFT_SD] * 2 * self.drifting, *[_WEEKDAY_SD] * (self.week - 1)])
        return np.array([_INTERCEPT_PRECISION, *(sds**-2.0)])


class Fit(NamedTuple):
    """What was fitted to S series of T panes.

    Attributes:
        calendar, origin: of the design.
        coefficients: (S, p).
        dispersion: (S,) variance / mean of an ordinary pane.
        doubt: (S,) standard error of log(dispersion - 1).
        covariance: (S, p, p) of the coefficients.
        harmonics: (S,) of the year, that were kept.
        ordinary: (T, S) probability that a pane was no incident's; 0 where unknown.
    """

    calendar: Calendar
    origin: float
    coefficients: Floats
    dispersion: Floats
    doubt: Floats
    covariance: Floats
    harmonics: np.ndarray[Any, np.dtype[np.int64]]
    ordinary: Floats

    def forecast(self, panes: Floats) -> tuple[Floats, Floats]:
        """Means and dispersions (N, S) of the panes (N,); the dispersion includes the error of the mean."""
        design = self.calendar.design(panes, self.origin)
        mean = _means(design, self.coefficients)
        error = np.einsum("ti,sij,tj->ts", design, self.covariance, design)
        return mean, spread(mean, self.dispersion, error)


def fit(counts: Floats, panes: Floats, calendar: Calendar) -> Fit:
    """Fit to counts (T, S), NaN where unknown, of the panes (T,), numbered in pane lengths since any instant."""
    known = ~np.isnan(counts)
    seen = np.where(known, counts, 0.0)
    origin = float(panes[-1])
    design = calendar.design(panes, origin)
    average = (seen.sum(0) + 0.5) / np.maximum(known.sum(0), 1)
    prior = np.zeros((counts.shape[1], design.shape[1]))
    prior[:, 0] = np.log(average)
    ridge = np.broadcast_to(calendar.precision(), prior.shape).copy()
    weights = known.astype(float)

    capped = _capped(counts, round(calendar.period))
    dispersion = np.full(counts.shape[1], _FIRST_DISPERSION)
    coefficients: Floats = prior.copy()
    information = np.zeros(0)
    for _ in range(_FIRST_STEPS):
        coefficients, _ = _step(design, capped, weights, coefficients, dispersion, ridge, prior)
    mean = _means(design, coefficients)
    excess = (weights * (capped - mean) ** 2 / np.maximum(mean, 1e-3)).sum(0) / np.maximum(weights.sum(0), 1.0)
    # Capping took some of the scatter away.
    dispersion = np.clip(1.2 * excess, 1.1, _MOST_DISPERSION / 2)

    share = np.full(counts.shape[1], _INCIDENTS)
    kept = np.full(counts.shape[1], calendar.harmonics)
    doubt = np.zeros_like(dispersion)
    fixed = 1 + calendar.week
    for number in range(_ROUNDS):
        weights = _ordinary(seen, known, _means(design, coefficients), dispersion, share)
        share = (known.sum(0) - weights.sum(0) + _INCIDENTS_WORTH * _INCIDENTS) / (known.sum(0) + _INCIDENTS_WORTH)
        share = np.clip(share, _FEWEST, _MOST)
        coefficients, information = _step(design, seen, weights, coefficients, dispersion, ridge, prior)
        dispersion, doubt = _dispersed(seen, weights, _means(design, coefficients), dispersion, fixed + 2 * kept)
        if number == _PRUNE_ROUND:
            kept = _prune(coefficients, _inverse(information), ridge, calendar)
    return Fit(calendar, origin, coefficients, dispersion, doubt, _inverse(information), kept, weights)


def _inverse(information: Floats) -> Floats:
    return np.asarray(np.linalg.inv(information), dtype=float)


def _means(design: Floats, coefficients: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(design @ coefficients.T, _LEAST_LOG, _MOST_LOG)))


def _step(
    design: Floats, seen: Floats, weights: Floats, at: Floats, dispersion: Floats, ridge: Floats, prior: Floats
) -> tuple[Floats, Floats]:
    """One step of Newton's on the penalised quasi-likelihood: coefficients (S, p) and information (S, p, p)."""
    mean = _means(design, at)
    size = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    information = ((weights * mean / dispersion).T @ squares).reshape(-1, size, size)
    information[:, range(size), range(size)] += ridge
    slope = (weights * (seen - mean) / dispersion).T @ design - ridge * (at - prior)
    move = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
    # An expectation moves at most e^2-fold at a time, or a step from a poor start would not come back.
    farthest = np.abs(design @ move.T).max(0)
    return at + move * np.minimum(1.0, 2.0 / np.maximum(farthest, 1e-9))[:, None], information


def _capped(counts: Floats, block: int) -> Floats:
    """Counts without what stands out in its own year: where the first fit starts from."""
    capped = np.nan_to_num(counts)
    for start in range(0, len(counts), block):
        first = max(min(start, len(counts) - block), 0)
        year = np.sort(counts[first : first + block], axis=0)
        at = (_CAP_QUANTILE * np.maximum((~np.isnan(year)).sum(0) - 1, 0)).astype(int)
        cap = np.nan_to_num(np.take_along_axis(year, at[None, :], 0)[0])
        part = slice(start, start + block)
        capped[part] = np.minimum(capped[part], np.maximum(cap, _LEAST_CAP))
    return capped


def _ordinary(seen: Floats, known: Any, mean: Floats, dispersion: Floats, share: Floats) -> Floats:
    """Probability (T, S) that a pane is no incident's; 0 where it is unknown."""
    deviation = np.sqrt(dispersion * mean)
    more = mean + _EXCESS * deviation
    scatter = np.maximum((1.0 + _EXCESS_SPREAD**2) * dispersion * mean / more, LEAST_DISPERSION)
    odds = log_masses(seen, more, scatter) - log_masses(seen, mean, dispersion)
    odds += np.log(share / (1.0 - share))
    # A pane with less than expected is no rise, however odd.
    odds = np.where(known & (seen > mean), odds, -20.0)
    ill = _share(odds)
    for _ in range(_SWEEPS):
        beside = np.zeros_like(ill)
        beside[1:] += ill[:-1]
        beside[:-1] += ill[1:]
        ill = _share(odds + _STICKS * beside)
    return np.asarray(known * (1.0 - ill))


def _share(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))))


def _dispersed(seen: Floats, weights: Floats, mean: Floats, dispersion: Floats, free: Any) -> tuple[Floats, Floats]:
    """One step up in log(dispersion - 1): dispersions (S,), and their standard errors there.

    The likelihood is adjusted for the ``free`` (S,) coefficients that were fitted (Cox & Reid, JRSS B 1987).
    """
    at = np.log(dispersion - 1.0)

    def height(to: Floats) -> Floats:
        tried = 1.0 + np.exp(to)
        likelihood = (weights * log_masses(seen, mean, tried)).sum(0) + 0.5 * free * np.log(tried)
        return np.asarray(likelihood - 0.5 * ((to - _DISPERSION_PRIOR) / _DISPERSION_PRIOR_SD) ** 2)

    low, here, high = (height(at + step) for step in (-_STEP, 0.0, _STEP))
    slope = (high - low) / (2.0 * _STEP)
    curve = np.minimum((high - 2.0 * here + low) / _STEP**2, -0.1)
    at = np.clip(at + np.clip(-slope / curve, -1.0, 1.0), np.log(LEAST_DISPERSION - 1.0), np.log(_MOST_DISPERSION - 1))
    return 1.0 + np.exp(at), 1.0 / np.sqrt(-curve)


def _prune(coefficients: Floats, covariance: Floats, ridge: Floats, calendar: Calendar) -> Any:
    """Drop, by an immovable prior, the highest harmonics as long as they say nothing: how many are left, (S,)."""
    kept = np.full(len(coefficients), calendar.harmonics)
    for order in range(calendar.harmonics, 0, -1):
        pair = slice(2 * order, 2 * order + 2)
        of = coefficients[:, pair]
        wald = (of * np.linalg.solve(covariance[:, pair, pair], of[:, :, None])[:, :, 0]).sum(1)
        idle = (kept == order) & (wald < _TELLING)
        ridge[idle, pair] = 1e9
        if order <= calendar.drifting:
            drifts = 2 * (calendar.harmonics + order)
            ridge[idle, drifts : drifts + 2] = 1e9
        kept[idle] -= 1
    return kept
