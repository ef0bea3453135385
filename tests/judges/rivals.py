"""Reference detectors: what the field reaches for first. Their thresholds were chosen on seed 1 of the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tests.judges.interface import Detect, Floats

DAY_S = 86_400


def _per(pane_s: int, seconds: int) -> int:
    return max(seconds // pane_s, 1)


def _threshold(table: dict[float, float], budget: float) -> float:
    """Of the budget, straight in its logarithm between and beyond those that were measured."""
    budgets = np.log(sorted(table))
    values = np.array([table[each] for each in sorted(table)])
    slope = (values[-1] - values[0]) / (budgets[-1] - budgets[0])
    at = np.log(budget)
    inside = np.interp(at, budgets, values)
    return float(inside + slope * (at - np.clip(at, budgets[0], budgets[-1])))


def openings(stamps: NDArray[np.int64], scores: Floats, threshold: float, pane_s: int) -> list[list[float]]:
    """Ends of the panes at which a score rises above the threshold."""
    above = scores > threshold
    rising = above & ~np.vstack([np.zeros((1, above.shape[1]), bool), above[:-1]])
    return [(stamps[rising[:, series]] + pane_s).astype(float).tolist() for series in range(above.shape[1])]


def _sums(counts: Floats, panes: int) -> Floats:
    total = np.vstack([np.zeros((1, counts.shape[1])), np.cumsum(counts, axis=0)])
    start = np.maximum(np.arange(1, len(total)) - panes, 0)
    return np.asarray(total[1:] - total[start])


def rolling_z_scores(counts: Floats, pane_s: int) -> Floats:
    """The last hour against mean and deviation of the hours before it in 48 h."""
    hour, past = _per(pane_s, 3600), _per(pane_s, 48 * 3600)
    sums = _sums(np.nan_to_num(counts), hour)
    mean = _sums(sums, past) / past
    spread = np.sqrt(np.maximum(_sums(sums**2, past) / past - mean**2, 0.25))
    scores = np.full(sums.shape, -np.inf)
    shift = hour
    scores[past + shift :] = (sums[past + shift :] - mean[past:-shift]) / spread[past:-shift]
    return scores


def seasonal_ewma_scores(counts: Floats, pane_s: int) -> Floats:
    """EWMA (half-life 30 min) of counts less their expectation in standard deviations of a Poisson EWMA.

    Expected is the mean of the same time of day over the days before, two hours wide, scaled by the day before.
    """
    day, panes = DAY_S // pane_s, len(counts)
    y = np.nan_to_num(counts)
    width = _per(pane_s, 7200)
    kernel = np.ones(width) / width
    scores = np.full(y.shape, -np.inf)
    keep = 0.5 ** (pane_s / 1800)
    days = panes // day
    for today in range(3, days + (panes % day > 0)):
        past = y[: today * day].reshape(today, day, -1)[-14:]
        ceiling = 3 * np.median(past, axis=0) + 3 * past.mean(axis=(0, 1)) + 3
        profile = np.minimum(past, ceiling).mean(axis=0)
        profile = np.stack([np.convolve(np.tile(each, 3), kernel, "same")[day : 2 * day] for each in profile.T], 1)
        now = slice(today * day, min((today + 1) * day, panes))
        usual = profile.sum(axis=0) + 1
        level = np.clip((past[-1].sum(axis=0) + 20) / (usual + 20), 0.5, 2.0)
        before = y[now.start - day : now.start]
        spread = np.maximum(((before - profile) ** 2).sum(axis=0) / usual, 1.0)
        expected = profile[: now.stop - now.start] * level
        start = slice(now.start - width, now.start)
        excess = np.vstack([y[start] - profile[-width:] * level, y[now] - expected])
        smooth = lfilter([1 - keep], [1.0, -keep], excess, axis=0)[width:]
        variance = spread * (expected + 0.3 * expected.mean(axis=0) + 0.002) * (1 - keep) / (1 + keep)
        # Slow noise grows with the level, not with its root.
        scores[now] = smooth / np.sqrt(variance + (0.12 * expected) ** 2)
    return scores


ROLLING_Z = {0.5: 4.5, 0.1: 6.25, 0.02: 7.5}
SEASONAL_EWMA = {0.5: 5.25, 0.1: 7.5, 0.02: 9.5}


def rolling_z(
    stamps: NDArray[np.int64], counts: Floats, false_alerts_per_week: float, options: dict[str, Any]
) -> list[list[float]]:
    """One hour against 48."""
    pane_s = options["pane_s"]
    threshold = _threshold(ROLLING_Z, false_alerts_per_week)
    return openings(stamps, rolling_z_scores(counts, pane_s), threshold, pane_s)


def seasonal_ewma(
    stamps: NDArray[np.int64], counts: Floats, false_alerts_per_week: float, options: dict[str, Any]
) -> list[list[float]]:
    """Poisson EWMA on a daily season."""
    pane_s = options["pane_s"]
    threshold = _threshold(SEASONAL_EWMA, false_alerts_per_week)
    return openings(stamps, seasonal_ewma_scores(counts, pane_s), threshold, pane_s)


RIVALS: dict[str, Detect] = {"rolling-z": rolling_z, "seasonal-ewma": seasonal_ewma}
