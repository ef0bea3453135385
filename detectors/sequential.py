"""Whether a count has risen (or fallen) for good: Shiryaev-Roberts statistics beside a level that wanders.

For every effect size ``m`` the statistic sums, over all moments at which the mean might have been
multiplied by ``m``, how much likelier that makes what came since (Shiryaev 1963, Roberts 1966;
Pollak, Annals of Statistics 1985). While nothing happens its expectation grows by one a pane, so a
threshold of A panes lets a false alarm pass about once in A panes, whatever the series' rate and
scatter: that is how a budget becomes a threshold, without a table.

The level is not known to a hair: it wanders about what the season predicts. Each hypothesis, "nothing"
among them, carries its own estimate of that deviation, a mean-reverting walk followed by a Kalman
filter (Harvey, Forecasting, Structural Time Series Models, 1989, section 3.4), so a slow drift costs a
rise the credit that it deserves.
"""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

from detectors.negative_binomial import LEAST_DISPERSION, log_mass

_MOST = 1e15
_STEEPEST = 60.0
_LOWEST_LEVEL = 0.2


class Effect(NamedTuple):
    """A change that is looked for.

    Attributes:
        times: what the mean is multiplied by; above 1 for a rise, below 1 for a fall.
        least: mentions a pane that a rise comes to at least, or a theme that is hardly ever
            mentioned would have to rise a thousandfold before it counts.
        weight: of its statistic; those of a direction sum up to 1.
    """

    times: float
    least: float
    weight: float


class Sequential:
    """Statistics of one series. A few dozen floats; :meth:`copy` is cheap, so a look ahead costs nothing lasting.

    Args:
        effects: all of one direction.
        memory: share of a deviation of the level that is left after one pane, 0 to 1.

    Attributes:
        panes: how many panes pass, on average, until chance alone brings the statistic here.
        ratios: the same of each effect.
        lead: what the last pane added to the logarithm of the leading one.
        levels, doubts: deviation of the level and its variance: without a change, then with each effect.

    >>> watch = Sequential((Effect(2.0, 0.0, 0.5), Effect(6.0, 0.05, 0.5)), memory=0.97)
    >>> for count in [3, 2, 4, 2, 3]:
    ...     watch.step(count, mean=3.0, dispersion=1.5, wander=0.01)
    >>> watch.panes < 10
    True
    >>> for count in [9, 11, 10, 12, 11]:
    ...     watch.step(count, mean=3.0, dispersion=1.5, wander=0.01)
    >>> watch.panes > 20_000
    True
    """

    __slots__ = ("_falling", "doubts", "effects", "lead", "levels", "memory", "panes", "ratios")

    def __init__(self, effects: Sequence[Effect], memory: float) -> None:
        self.effects, self.memory = effects, memory
        self._falling = effects[0].times < 1.0
        self.panes = self.lead = 0.0
        self.ratios = [0.0] * len(effects)
        self.levels = [1.0] * (len(effects) + 1)
        self.doubts = [0.0] * (len(effects) + 1)

    def copy(self) -> "Sequential":
        """Another one in the same state."""
        other = Sequential.__new__(Sequential)
        other.effects, other.memory, other.panes = self.effects, self.memory, self.panes
        other._falling, other.lead = self._falling, self.lead
        other.ratios, other.levels, other.doubts = self.ratios[:], self.levels[:], self.doubts[:]
        return other

    def calm(self) -> None:
        """Forget what spoke for a change; what is known of the level stays."""
        self.panes = 0.0
        self.ratios = [0.0] * len(self.ratios)
        self.levels = [self.levels[0]] * len(self.levels)
        self.doubts = [self.doubts[0]] * len(self.doubts)

    def step(self, count: float, mean: float, dispersion: float, wander: float, panes: float = 1.0) -> None:
        """Take in a pane, a part of one, or several without a mention.

        Args:
            count: mentions; 0 if it is more than one pane.
            mean: expected ones; above 0.
            dispersion: variance of the count over its mean.
            wander: variance of the level's deviation, relative to it.
            panes: how many, or which part of one.
        """
        kept = self.memory if panes == 1.0 else self.memory**panes
        grown = (1.0 - kept * kept) * wander
        levels, doubts, ratios = self.levels, self.doubts, self.ratios
        level = 1.0 + (levels[0] - 1.0) * kept
        doubt = kept * kept * doubts[0] + grown
        usual, levels[0], doubts[0] = _update(count, mean, level, doubt, dispersion)
        # Back from a low is no rise, and back from a high no fall: the level does not follow all the way.
        edge = wander**0.5
        levels[0] = min(levels[0], 1.0 + edge) if self._falling else max(levels[0], 1.0 - edge)
        total = best = lead = 0.0
        for number, (times, least, weight) in enumerate(self.effects, 1):
            ratio = ratios[number - 1]
            share = ratio / (1.0 + ratio)
            # Those in whom the change is only now beginning come from "nothing", with its level.
            own = 1.0 + (levels[number] - 1.0) * kept
            mixed = share * own + (1.0 - share) * level
            spread = share * (kept * kept * doubts[number] + grown + (own - mixed) ** 2)
            spread += (1.0 - share) * (doubt + (level - mixed) ** 2)
            risen = max(times * mean, least * panes)
            changed, levels[number], doubts[number] = _update(count, risen, mixed, spread, dispersion)
            gain = max(min(changed - usual, _STEEPEST), -_STEEPEST * max(panes, 1.0))
            if panes <= 1.0:
                ratio = (1.0 + ratio) * exp(gain)
            else:
                each = exp(gain / panes)
                geometric = panes if abs(each - 1.0) < 1e-12 else each * (1.0 - each**panes) / (1.0 - each)
                ratio = ratio * exp(gain) + geometric
            ratios[number - 1] = ratio = min(ratio, _MOST)
            total += weight * ratio
            if weight * ratio > best:
                best, lead = weight * ratio, gain
        self.panes, self.lead = total, lead

    def cap(self, most: float) -> None:
        """Let no statistic stand above ``most`` panes, or it would take days to come down."""
        if self.panes > most:
            self.restore([min(ratio, most) for ratio in self.ratios], self.levels, self.doubts)

    def restore(self, ratios: list[float], levels: list[float], doubts: list[float]) -> None:
        """Go back to a state of the same effects."""
        self.ratios, self.levels, self.doubts = list(ratios), list(levels), list(doubts)
        self.panes = sum(effect.weight * ratio for effect, ratio in zip(self.effects, ratios, strict=True))


def _update(count: float, mean: float, level: float, doubt: float, dispersion: float) -> tuple[float, float, float]:
    """Log likelihood of a count, then the level and its variance with the count taken in."""
    predicted = mean * (level if level > _LOWEST_LEVEL else _LOWEST_LEVEL)
    variance = dispersion * predicted + mean * mean * doubt
    scatter = variance / predicted
    if scatter < LEAST_DISPERSION:
        scatter = LEAST_DISPERSION
    gain = doubt * mean / variance
    return (
        log_mass(count, predicted, scatter),
        level + gain * (count - predicted),
        doubt * (1.0 - gain * mean),
    )
