"""The surveillance standard, as a rival: a robust quasi-Poisson regression on five years of weeks.

After Farrington et al. 1996 (JRSS A 159:547) and Noufaily et al. 2013 (Statistics in Medicine 32:1206): trend and
season, past outbreaks weighed down by their residuals, refitted every week, the latest half year left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.judges.interface import Floats
from tests.judges.outbreaks import score_of, tail

HISTORY, RECENT, PERIOD = 260, 26, 52.18
_TRUSTED = 2.58


def design(weeks: NDArray[np.int64]) -> Floats:
    """(T, 6): level, trend, two harmonics of the year."""
    columns = [np.ones(len(weeks)), (weeks - weeks.mean()) / 100]
    for j in (1, 2):
        angle = 2 * np.pi * j * weeks / PERIOD
        columns += [np.cos(angle), np.sin(angle)]
    return np.stack(columns, 1)


class Fit(NamedTuple):
    """(S, p) coefficients, (S, p, p) inverse information, (T, S) fitted means."""

    beta: Floats
    inverse: Floats
    mean: Floats


def fit(x: Floats, y: Floats, weight: Floats, start: Floats | None = None, rounds: int = 4) -> Fit:
    """Weighted Poisson regressions of the columns of ``y``, by Newton's method from ``start``."""
    parts = x.shape[1]
    outer = _outer(x)
    if start is None:
        start, rounds = np.zeros((y.shape[1], parts)), 8
        start[:, 0] = np.log(np.maximum((y * weight).sum(axis=0) / weight.sum(axis=0), 0.01))
    beta = start
    # A whiff of a prior keeps series with hardly a case from running away.
    ridge = np.array([1e-6, *[0.02] * (parts - 1)])
    mean = _mean(x, beta)
    for _ in range(rounds):
        inverse = np.linalg.inv(((weight * mean).T @ outer).reshape(-1, parts, parts) + np.diag(ridge))
        gradient = (weight * (y - mean)).T @ x - beta * ridge
        beta = beta + np.clip((inverse @ gradient[:, :, None])[:, :, 0], -1.5, 1.5)
        mean = _mean(x, beta)
    return Fit(beta, inverse, mean)


def _outer(x: Floats) -> Floats:
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)


def _mean(x: Floats, beta: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(x @ beta.T, -8, 12)))


def _dispersion(y: Floats, weight: Floats, mean: Floats, free: int) -> Floats:
    return np.asarray(np.maximum((weight * (y - mean) ** 2 / mean).sum(axis=0) / free, 1.0))


def farrington(counts: Floats, first: int) -> Floats:
    """Scores of the weeks from ``first`` on, each from the weeks before it alone."""
    scores = np.zeros((len(counts) - first, counts.shape[1]))
    start = None
    for now in range(first, len(counts)):
        weeks = np.arange(max(now - RECENT - HISTORY, 0), now - RECENT + 1)
        rows = design(np.append(weeks, now))
        x, at, y = rows[:-1], rows[-1], counts[weeks]
        weight, free = np.ones_like(y), len(x) - x.shape[1]
        for _ in range(2):
            found = fit(x, y, weight, start)
            start, mean = found.beta, found.mean
            phi = _dispersion(y, weight, mean, free)
            lever = 1 - np.clip(weight * mean * (_outer(x) @ found.inverse.reshape(y.shape[1], -1).T), 0, 0.9)
            anscombe = 1.5 * (y ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(phi * lever))
            weight = (_TRUSTED / np.maximum(anscombe, _TRUSTED)) ** 2
            weight *= len(x) / weight.sum(axis=0)
        found = fit(x, y, weight, start)
        phi = _dispersion(y, weight, found.mean, free)
        expected = _mean(at[None], found.beta)[0]
        unsure = expected * (found.inverse @ at @ at)
        scores[now - first] = score_of(tail(counts[now], expected, phi * (1 + unsure)))
    return scores
