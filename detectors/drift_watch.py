"""Whether a level has moved: Shiryaev-Roberts statistics on block means, beside a level that wanders.

For every effect the statistic sums, over all moments at which the level might have moved by it, how much
likelier that makes what came since (Shiryaev 1963, Roberts 1966; Pollak, Annals of Statistics 1985). While
nothing happens its expectation grows by one a block, so a threshold of A blocks lets a false alarm pass
about once in A blocks: that is how a budget becomes a threshold. Small effects gather evidence over days,
large ones within the hour; their mean is one statistic, so a move makes one episode.

Each hypothesis, "nothing moved" among them, follows the wander with a filter of its own (Harvey, Forecasting,
Structural Time Series Models, 1989, section 3.4). The noise is normal in the middle and exponential
in its tails (Huber, Annals of Mathematical Statistics 1964), and no block may add more than a bounded gain, so
neither heavy tails nor one strange block trips it. What is left of the gains' bias, from lumpy or skewed values, is
measured and taken off.
"""

from math import exp, log, sqrt
from typing import Any, NamedTuple

from detectors.drift_baseline import DriftBaseline, floats

EFFECTS = (1.0, 2.0, 4.0)
"""Moves looked for, in multiples of the least that matters."""

_TAIL = 2.5
_STEEPEST = 3.0
_PACE = 0.002
_MOST_BIAS = 0.7
_MOST = 1e15
_HEADROOM = 5.0
_OVER = 0.01
_FRESH = 0.5
_ENDED, _SURE = 0.7, 4.0


class Moved(NamedTuple):
    """Where a direction stands.

    Attributes:
        blocks: the statistic: how many blocks pass, on average, until chance alone brings it here.
        tripped: it has crossed its threshold and has not come down since.
        fresh: it is still near its threshold or above, so that an episode may begin.
        most: the highest it has been since it tripped.
        since: when what speaks for a move began, epoch seconds.
        by: the move since then, in the metric's unit, negative downwards.
    """

    blocks: float
    tripped: bool
    fresh: bool
    most: float
    since: float
    by: float


class Watch:
    """One direction of one series; a few dozen floats.

    Args:
        sign: 1.0 for rises, -1.0 for falls.

    Attributes:
        high, most: whether it has crossed its threshold, and how far.
        held: blocks since it has.
        worst, back: the largest move since then, and what has spoken for its end, as a log-likelihood ratio.
        ratios: the statistic of each effect, in blocks.
        levels, doubts: deviation of the level and its variance: without a move, then with each effect.
        biases: log of what a gain's exponential averages while nothing happens, of each effect.
        runs: of each effect: its log-likelihood sum since the likeliest onset, that onset, events, sum of residuals.
    """

    __slots__ = (
        "back", "biases", "doubts", "held", "high", "levels", "most", "ratios", "runs", "sign", "worst",
    )  # fmt: skip

    def __init__(self, sign: float) -> None:
        self.sign = sign
        self.high, self.held, self.most, self.worst, self.back = False, 0.0, 0.0, 0.0, 0.0
        self.ratios = [0.0] * len(EFFECTS)
        self.levels, self.doubts = [0.0] * (len(EFFECTS) + 1), [0.0] * (len(EFFECTS) + 1)
        self.biases = [1.0] * len(EFFECTS)
        self.runs = [[0.0, 0.0, 0.0, 0.0] for _ in EFFECTS]

    @property
    def blocks(self) -> float:
        """The mean of the statistics."""
        return sum(self.ratios) / len(self.ratios)

    def copy(self) -> "Watch":
        """Another one in the same state."""
        other = Watch.__new__(Watch)
        other.sign, other.high, other.held, other.most = self.sign, self.high, self.held, self.most
        other.worst, other.back = self.worst, self.back
        other.ratios, other.levels, other.doubts = self.ratios[:], self.levels[:], self.doubts[:]
        other.biases, other.runs = self.biases[:], [run[:] for run in self.runs]
        return other

    def take(self, start: float, n: float, residual: float, usual: DriftBaseline, gap: float, effect: float) -> None:
        """Take in a block.

        Args:
            n: its events.
            residual: its mean, less what the baseline expects.
            gap: blocks since the last one with data.
            effect: the least move that matters, in the metric's unit.
        """
        noise, doubt = usual.variance(start, n), usual.doubt(start)
        kept = exp(-gap / usual.time)
        grown = (1.0 - kept * kept) * doubt
        levels, doubts, ratios = self.levels, self.doubts, self.ratios
        level, spread = levels[0] * kept, kept * kept * doubts[0] + grown
        alone, levels[0], doubts[0] = _update(residual, level, spread, noise)
        for number, times in enumerate(EFFECTS, 1):
            ratio = ratios[number - 1]
            share = ratio / (gap + ratio)
            # Those in whom the move is only now beginning come from "nothing", with its level.
            own = levels[number] * kept
            mixed = share * own + (1.0 - share) * level
            unsure = share * (kept * kept * doubts[number] + grown + (own - mixed) ** 2)
            unsure += (1.0 - share) * (spread + (level - mixed) ** 2)
            moved = self.sign * times * effect
            told, levels[number], doubts[number] = _update(residual - moved, mixed, unsure, noise)
            gain = min(max(told - alone, -_STEEPEST), _STEEPEST)
            bias = self.biases[number - 1]
            calm = 1.0 / (1.0 + 0.01 * self.blocks)
            self.biases[number - 1] = bias + _PACE * calm * (exp(gain) - bias)
            gain -= min(log(max(bias, 1.0)), _MOST_BIAS)
            ratios[number - 1] = min((gap + ratio) * exp(gain), _MOST)
            self._run(number - 1, start, n, residual, gain)
        if self.high:
            self._recover(residual, noise + doubt, effect)

    def _run(self, number: int, start: float, n: float, residual: float, gain: float) -> None:
        run = self.runs[number]
        if run[0] <= 0.0 and not self.high:
            run[:] = [0.0, start, 0.0, 0.0]
        run[0] += gain
        run[2] += n
        run[3] += n * residual

    def _recover(self, residual: float, variance: float, effect: float) -> None:
        """End a move once the level is back: by then the sum over all onsets would remember it for a day."""
        best = max(range(len(EFFECTS)), key=lambda number: self.ratios[number])
        _, _, n, total = self.runs[best]
        self.worst = max(self.worst, self.sign * total / n if n else 0.0)
        against = max(_ENDED * self.worst, effect)
        told = (0.5 * against * against - against * self.sign * residual) / variance
        self.back = max(self.back + min(max(told, -_STEEPEST), _STEEPEST), 0.0)
        if self.back >= _SURE:
            self.calm()

    def settle(self, limit: float) -> None:
        """Note whether the statistic has crossed ``limit`` blocks, or come down again."""
        reached = self.blocks
        if reached >= limit:
            self.high, self.most = True, max(self.most, reached)
            most = limit * _HEADROOM
            self.ratios = [min(ratio, most) for ratio in self.ratios]
        elif self.high and reached < limit * _OVER:
            self.calm()

    def calm(self) -> None:
        """Forget what spoke for a move."""
        self.high, self.held, self.most, self.worst, self.back = False, 0.0, 0.0, 0.0, 0.0
        self.ratios = [0.0] * len(EFFECTS)
        self.levels = [self.levels[0]] * len(self.levels)
        self.doubts = [self.doubts[0]] * len(self.doubts)
        self.runs = [[0.0, 0.0, 0.0, 0.0] for _ in EFFECTS]

    def standing(self, limit: float) -> Moved:
        """Where it stands, with its threshold at ``limit`` blocks."""
        best = max(range(len(EFFECTS)), key=lambda number: self.ratios[number])
        _, since, n, total = self.runs[best]
        fresh = self.high and self.blocks >= _FRESH * limit
        return Moved(self.blocks, self.high, fresh, self.most, since, total / n if n else 0.0)

    def snapshot(self) -> list[Any]:
        """Plain data."""
        first = [self.sign, float(self.high), self.held, self.most, self.worst, self.back]
        runs = [run[:] for run in self.runs]
        return [first, self.ratios[:], self.levels[:], self.doubts[:], self.biases[:], *runs]

    def restore(self, data: Any) -> None:
        """The inverse of :meth:`snapshot`; what was kept of the other direction is left.

        Raises:
            ValueError: if the data are not of that form.
        """
        first, ratios, levels, doubts, biases, *runs = data
        sign, high, held, most, worst, back = floats(first, 6)
        if sign != self.sign:
            return
        self.held, self.most, self.worst, self.back = held, most, worst, back
        self.high = bool(high)
        few, more = len(EFFECTS), len(EFFECTS) + 1
        self.ratios, self.biases = floats(ratios, few), floats(biases, few)
        self.levels, self.doubts = floats(levels, more), floats(doubts, more)
        self.runs = [floats(run, 4) for run in runs]
        if len(runs) != few or min(*self.ratios, *self.biases, *self.doubts) < 0.0:
            raise ValueError("the state of a drift has a negative statistic")


def _update(residual: float, level: float, doubt: float, noise: float) -> tuple[float, float, float]:
    """Log likelihood of a residual (Huber's density), then the level and its variance with it taken in."""
    variance = noise + doubt
    apart = residual - level
    far = abs(apart) / sqrt(variance)
    if far <= _TAIL:
        loss, weight = 0.5 * far * far, 1.0
    else:
        loss, weight = _TAIL * (far - 0.5 * _TAIL), _TAIL / far
    gain = doubt / variance * weight
    return -0.5 * log(variance) - loss, level + gain * apart, doubt * (1.0 - gain)
