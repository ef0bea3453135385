"""How unusual a count is on top of the pane before it, under negative binomials whose parameters are estimates.

The evidence of a pane and, discounted and bounded, that of the pane before are added: an incident that takes two panes
shows in their sum when it shows in neither. The evidence is Anscombe's residual (Biometrika 1948; power 2/3 as in
Noufaily et al., Statistics in Medicine 2013); its tail probability is exact, by enumeration of both counts.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectors.negative_binomial import LEAST_DISPERSION

Floats = npt.NDArray[np.float64]

_CELLS = 4096
_DEVIATIONS = 9.0
_DECAYS = 25.0
_LEAST_P = 1e-12
_LEAST_BEFORE, _MOST_BEFORE = -1.0, 2.3
_MOST_TIMES = 8.0
"""What came before makes a pane at most this much more unusual: the end of an incident is none."""

# Three points that integrate a normal density times a polynomial of degree five.
_NODES = ((1 / 6, -(3.0**0.5)), (2 / 3, 0.0), (1 / 6, 3.0**0.5))
_SHIFT = 6


class Forecast(NamedTuple):
    """What is expected of one pane.

    Attributes:
        mean: expected count, above 0.
        dispersion: variance / mean, the error of the mean included; at least ``LEAST_DISPERSION``.
        doubt: standard error of the logarithm of (dispersion - 1).
    """

    mean: float
    dispersion: float
    doubt: float = 0.0


def log_gamma(x: Floats) -> Floats:
    """Log of the gamma function, element by element, for x > 0 (Stirling's series, six steps up).

    >>> [round(float(each), 9) for each in log_gamma(np.array([0.5, 3.0, 11.0]))]
    [0.572364943, 0.693147181, 15.104412573]
    """
    far = x + _SHIFT
    inverse = 1.0 / far
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    steps = x * (x + 1.0) * (x + 2.0) * (x + 3.0) * (x + 4.0) * (x + 5.0)
    return np.asarray((far - 0.5) * np.log(far) - far + 0.9189385332046727 + series - np.log(steps))


def log_masses(counts: Floats, mean: Floats, dispersion: Floats | float) -> Floats:
    """Log probabilities, element by element, without the term in the counts alone: see ``negative_binomial``."""
    size = mean / (dispersion - 1.0)
    own = counts * np.log1p(-1.0 / np.asarray(dispersion)) - size * np.log(dispersion)
    return np.asarray(log_gamma(counts + size) - log_gamma(size) + own)


def residual(counts: Floats | float, mean: float, dispersion: float) -> Floats:
    """Anscombe's residual: near a standard normal deviate."""
    scale = 1.5 / (mean ** (1 / 6) * dispersion**0.5)
    return np.asarray(scale * (np.asarray(counts) ** (2 / 3) - mean ** (2 / 3)))


def _count_at(residuals: Floats, mean: float, dispersion: float) -> Floats:
    """The inverse of :func:`residual`; -1 where even no mention is more."""
    root = mean ** (2 / 3) + mean ** (1 / 6) * dispersion**0.5 / 1.5 * residuals
    return np.where(root > 0.0, np.maximum(root, 0.0) ** 1.5, -1.0)


def _cells(forecast: Forecast) -> Floats:
    """Counts that matter, every one of them or, of many, evenly spaced ones."""
    dispersion = _dispersion(forecast, _NODES[-1][1])
    reach = _DEVIATIONS * (dispersion * forecast.mean) ** 0.5
    low = max(0, int(forecast.mean - reach))
    high = int(forecast.mean + reach + _DECAYS * dispersion) + 2
    return np.arange(low, high + 1, max(1, (high - low) // _CELLS), dtype=float)


def _dispersion(forecast: Forecast, node: float) -> float:
    return float(1.0 + (forecast.dispersion - 1.0) * np.exp(node * forecast.doubt))


def _masses(cells: Floats, forecast: Forecast, node: float) -> Floats:
    raw = log_masses(cells, np.asarray(forecast.mean), _dispersion(forecast, node)) - log_gamma(cells + 1.0)
    mass = np.exp(raw - raw.max())
    return np.asarray(mass / mass.sum())


def upper_tail(count: float, now: Forecast, before: tuple[float, Forecast] | None = None, carry: float = 0.7) -> float:
    """Probability of evidence for a rise at least as strong by chance.

    Args:
        count: of this pane.
        before: count and forecast of the pane before; None where it is not known.
        carry: weight of the evidence of the pane before; with 0 it is P(X >= count).

    >>> here = Forecast(4.0, 1.5)
    >>> alone, after_many = upper_tail(9.0, here), upper_tail(9.0, here, (9.0, here))
    >>> round(alone, 3), after_many < alone / 3
    (0.05, True)
    """
    cells = _cells(now)
    carried = None
    # A pane with no more than expected is no rise, whatever came before.
    if before is not None and carry > 0.0 and count > now.mean:
        seen, then = before
        earlier = _cells(then)
        held = carry * np.clip(residual(earlier, then.mean, then.dispersion), _LEAST_BEFORE, _MOST_BEFORE)
        own = carry * np.clip(residual(seen, then.mean, then.dispersion), _LEAST_BEFORE, _MOST_BEFORE)
        needed = _count_at(residual(count, now.mean, now.dispersion) + own - held, now.mean, now.dispersion)
        needed = np.maximum(needed - 1e-6 * (1.0 + np.abs(needed)), now.mean)
        carried = np.searchsorted(cells, needed, side="right"), earlier, then
    alone = np.searchsorted(cells, count - 1e-6 * (1.0 + count))
    own_tail = tail = 0.0
    for share, node in _NODES if now.doubt else ((1.0, 0.0),):
        beyond = np.append(np.cumsum(_masses(cells, now, node)[::-1])[::-1], 0.0)
        own_tail += share * float(beyond[alone])
        if carried is not None:
            first, earlier, then = carried
            tail += share * float(_masses(earlier, then, node) @ beyond[first])
    tail = own_tail if carried is None else max(tail, own_tail / _MOST_TIMES)
    return min(max(tail, _LEAST_P), 1.0)


def spread(mean: Floats, dispersion: Floats, relative_variance: Floats) -> Floats:
    """Dispersion of forecasts whose mean has an error of this relative variance, element by element."""
    return np.maximum(dispersion + mean * relative_variance, LEAST_DISPERSION)
