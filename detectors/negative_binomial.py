"""Counts that scatter more than chance alone: the negative binomial with variance ``dispersion * mean``.

The form is Cameron & Trivedi's NB1 (Regression Analysis of Count Data, 1998, section 3.3). Its
dispersion does not depend on the mean, so panes of one series share it, and sums of panes have it too.
"""

from math import exp, lgamma, log, log1p, sqrt

LEAST_DISPERSION = 1.02
"""Below it the distribution is a Poisson's to all purposes, and its size parameter becomes unwieldy."""


def log_mass(count: float, mean: float, dispersion: float) -> float:
    """Log probability of ``count``, without the term in ``count`` alone that no ratio needs.

    Args:
        mean: above 0.
        dispersion: variance / mean, at least ``LEAST_DISPERSION``.

    >>> round(log_mass(0, 2.0, 2.0), 4), round(log_mass(3, 2.0, 2.0) - lgamma(4), 4)
    (-1.3863, -2.0794)
    """
    size = mean / (dispersion - 1.0)
    if not count:
        return -size * log(dispersion)
    return lgamma(count + size) - lgamma(size) - size * log(dispersion) + count * log1p(-1.0 / dispersion)


def interval(mean: float, dispersion: float, deviations: float = 1.96) -> tuple[float, float]:
    """Where a count lies, by default 19 times in 20: by the square root, which makes the variance even.

    Anscombe, The transformation of Poisson, binomial and negative-binomial data, Biometrika 1948.

    >>> [round(edge, 1) for edge in interval(100.0, 1.0)]
    [81.4, 120.6]
    """
    half = 0.5 * deviations * sqrt(dispersion)
    root = sqrt(max(mean, 0.0))
    return max(root - half, 0.0) ** 2, (root + half) ** 2


def silence(mean: float, dispersion: float) -> float:
    """Probability of no mention at all where ``mean`` are expected.

    >>> round(silence(2.0, 2.0), 2)
    0.25
    """
    return exp(log_mass(0, mean, max(dispersion, LEAST_DISPERSION)))
