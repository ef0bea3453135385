"""The weekly outbreak scenarios of Noufaily et al. 2013 (Statistics in Medicine 32:1206), and who finds the outbreaks.

Weekly counts have mean exp(theta + beta t + sum over j <= m of gamma1 cos(2 pi j t / 52) + gamma2 sin(2 pi j t / 52))
and variance phi times the mean; 624 weeks. An outbreak brings a Poisson number of cases with mean k standard deviations
of the week in which it starts, spread over the weeks after by a log-normal delay. One falls into the last 49 weeks, and
with a contaminated history four more into the five years before.

FPR: share of the healthy judged weeks that alarm. POD: share of outbreaks with an alarm in one of their weeks.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc

from tests.judges.interface import Floats, JudgeError, Weekly

WEEKS, JUDGED, PAST = 624, 49, 263
FIRST = WEEKS - JUDGED
PAST_OUTBREAKS = 4
ALARM = 2.0  # A score is -log10 of the upper tail probability.


class Scenario(NamedTuple):
    """One row of the table."""

    theta: float
    beta: float
    gamma1: float
    gamma2: float
    phi: float
    harmonics: int

    def mean(self) -> Floats:
        """(624,) expected counts."""
        week = np.arange(1, WEEKS + 1)
        log = self.theta + self.beta * week
        for j in range(1, self.harmonics + 1):
            angle = 2 * np.pi * j * week / 52
            log = log + self.gamma1 * np.cos(angle) + self.gamma2 * np.sin(angle)
        return np.asarray(np.exp(log))


class Weeks(NamedTuple):
    """Counts, true means (624, S), dispersions (S,); ``ill`` marks weeks with cases of a judged outbreak."""

    counts: Floats
    mean: Floats
    phi: Floats
    ill: NDArray[np.bool_]


def scenarios(path: Path) -> list[Scenario]:
    """The table of parameters."""
    with path.open(newline="") as file:
        return [
            Scenario(*(float(row[name]) for name in ("theta", "beta", "gamma1", "gamma2", "phi")), int(row["m"]))
            for row in csv.DictReader(file)
        ]


def _outbreak(rng: np.random.Generator, mean: Floats, phi: float, start: int, k: float, stop: int) -> Floats:
    """(624,) cases of an outbreak; those later than ``stop`` are left out."""
    # At least one case, or there would be nothing to find.
    size = max(int(rng.poisson(k * np.sqrt(phi * mean[start]))), 1)
    weeks = start + np.floor(rng.lognormal(0.0, 0.5, size)).astype(int)
    return np.bincount(weeks[weeks < stop], minlength=WEEKS).astype(float)


def drawn(table: list[Scenario], seed: int, copies: int, k: float, past_k: float | None) -> Weeks:
    """``copies`` series of each scenario with a judged outbreak of size ``k``, and past ones of size ``past_k``."""
    columns = []
    for number, scenario in enumerate(table):
        mean = scenario.mean()
        for copy in range(copies):
            # The background does not depend on the outbreaks.
            rng = np.random.default_rng([seed, 42, number, copy])
            phi = scenario.phi
            y = rng.poisson(mean) if phi <= 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi)
            y = y.astype(float)
            rng = np.random.default_rng([seed, 43, number, copy])
            late = _outbreak(rng, mean, phi, int(rng.integers(FIRST, WEEKS - 4)), k, WEEKS)
            if past_k is not None:
                for start in rng.integers(FIRST - PAST, FIRST - 8, PAST_OUTBREAKS):
                    y += _outbreak(rng, mean, phi, int(start), past_k, FIRST)
            columns.append((y + late, mean, phi, late > 0))
    counts, means, phis, ill = zip(*columns, strict=True)
    return Weeks(np.stack(counts, 1), np.stack(means, 1), np.array(phis), np.stack(ill, 1))


def tail(counts: Floats, mean: Floats, phi: Floats) -> Floats:
    """P(Y >= counts) of a negative binomial with variance ``phi * mean``, a Poisson where phi is 1."""
    y = np.maximum(counts, 1e-9)
    flat = phi <= 1.0001
    size = mean / np.where(flat, 1.0, phi - 1)
    p = np.where(flat, gammainc(y, mean), betainc(y, size, 1 - 1 / np.where(flat, 2.0, phi)))
    return np.asarray(np.where(counts <= 0, 1.0, p))


def score_of(p: Floats) -> Floats:
    """-log10, finite."""
    return np.asarray(-np.log10(np.maximum(p, 1e-300)))


def oracle(weeks: Weeks) -> Floats:
    """Scores of one who knows mean and dispersion."""
    return score_of(tail(weeks.counts[FIRST:], weeks.mean[FIRST:], weeks.phi))


def rates(scores: Floats, weeks: Weeks, threshold: float) -> tuple[float, float]:
    """(FPR, POD) of scores (49, S) above a threshold."""
    alarms, ill = scores > threshold, weeks.ill[FIRST:]
    return float(alarms[~ill].mean()), float((alarms & ill).any(axis=0).mean())


def threshold_at(scores: Floats, weeks: Weeks, fpr: float) -> float:
    """The lowest threshold with at most this FPR."""
    healthy = np.sort(scores[~weeks.ill[FIRST:]])[::-1]
    return float(healthy[int(fpr * len(healthy))])


def compared(detect: Weekly, weeks: Weeks) -> dict[str, Any]:
    """A detector beside the oracle, at a tail probability of 0.01 and at an FPR of 1 %."""
    mine, best = detect(weeks.counts.copy(), FIRST), oracle(weeks)
    if mine.shape != best.shape:
        raise JudgeError(f"scores of shape {mine.shape}, expected {best.shape}")
    fpr, pod = rates(mine, weeks, ALARM)
    best_fpr, best_pod = rates(best, weeks, ALARM)
    _, exact = rates(mine, weeks, threshold_at(mine, weeks, 0.01))
    _, best_exact = rates(best, weeks, threshold_at(best, weeks, 0.01))
    return {
        "fpr": round(fpr, 4),
        "pod": round(pod, 3),
        "oracle_fpr": round(best_fpr, 4),
        "oracle_pod": round(best_pod, 3),
        "relative": round(pod / best_pod, 3),
        "pod_at_1%": round(exact, 3),
        "oracle_at_1%": round(best_exact, 3),
        "relative_at_1%": round(exact / best_exact, 3),
        "threshold_at_1%": round(threshold_at(mine, weeks, 0.01), 2),
        "series": weeks.counts.shape[1],
    }
