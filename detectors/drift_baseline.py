"""What is usual for a level: its mean, its day and its week, how it scatters, and how it wanders.

All of it is recursive, so a series costs a few hundred floats whatever its traffic. The mean of a block of
``n`` events is modelled as

    x = level + time of day + weekday + wander + noise,     Var(noise) = event / n + block

where ``event`` is the variance of one event, ``block`` what a block's events share, and ``wander`` a
first-order autoregression, the slow noise that no season explains. The two variances follow an online
expectation-maximisation on squared successive differences (von Neumann, Annals of Mathematical Statistics
1941, for the differences; Cappe & Moulines, JRSS B 2009, for the recursion); the wander's variance and
memory come from the covariance of a residual with two averages of those before it. What enters is winsorised
(Huber, Annals of Mathematical Statistics 1964), so an outlier counts as a large value and no more.
"""

from collections.abc import Callable
from math import copysign, exp, sqrt
from typing import Any

BLOCK_S = 900
"""Length of a block, seconds: what panes that are hours old are kept in, so that both read alike."""

Offset = Callable[[float], int]
"""UTC instant, epoch seconds -> what the local clock shows beyond it, seconds."""

_DAY_BLOCKS = 96.0
_HOURS, _DAYS = 24, 7
_LEVEL_FADE = 0.5 ** (1.0 / (5.0 * _DAY_BLOCKS))
_HOUR_FADE = 0.5 ** (1.0 / (14.0 * 4.0))
_WEEKDAY_FADE = 0.5 ** (1.0 / (4.0 * _DAY_BLOCKS))
_WINSOR = 2.5
_CLIPPED, _CLIPPED_MEAN = 9.0, 0.995
"""A squared standard residual is cut here; what a normal one then averages."""
_FIRST = 16
_MEMORIES = (4.0, 32.0)
"""Of the two averages of past residuals, blocks."""
_TIMES = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""What the wander's memory may be, blocks."""
_WANDER, _WANDER_PRIOR, _LEAST_WANDER = 0.10, 150.0, 0.05
_SEASON = 0.25
_LONGEST_GAP = 400.0
_ABSURD = 1e40


def _covariances(time: float) -> tuple[float, float]:
    """Covariance of a unit wander of memory ``time`` (blocks) with each average of what was before."""
    rho = exp(-1.0 / time)
    kept = [exp(-1.0 / memory) for memory in _MEMORIES]
    return (1 - kept[0]) * rho / (1 - kept[0] * rho), (1 - kept[1]) * rho / (1 - kept[1] * rho)


_EXPECTED = tuple((time, *_covariances(time)) for time in _TIMES)


class DriftBaseline:
    """Learns from blocks in order of time.

    Args:
        least_sd: the least standard deviation that one event is believed to have, in the metric's unit.
        offset: the local clock, for the time of day.

    Attributes:
        blocks: blocks with data so far.
        began: start of the first one, epoch seconds.

    >>> usual = DriftBaseline(least_sd=0.05)
    >>> for block in range(400):
    ...     usual.learn(block * 900.0, 10.0, 5.0 + (0.1 if block % 2 else -0.1), trust=1.0)
    >>> round(usual.mean(400 * 900.0), 1), 0.1 < usual.sd < 0.8
    (5.0, True)
    """

    __slots__ = (
        "_covariance", "_fresh", "_last", "_least", "_offset", "_past", "_season", "_usual_n", "_weight", "began",
        "block", "blocks", "days", "event", "hours", "level", "scatter", "time", "wander",
    )  # fmt: skip

    def __init__(self, least_sd: float = 1e-9, offset: Offset = lambda _: 0) -> None:
        self._least, self._offset = least_sd * least_sd, offset
        self.blocks, self.began = 0, 0.0
        self.event = self.block = self.wander = 0.0
        self.time = 12.0
        self.level = [0.0, 0.0]  # weight, weighted sum; so are the next two, and the averages of the past
        self.hours = [0.0] * (2 * _HOURS)
        self.days = [0.0] * (2 * _DAYS)
        self.scatter = [1.0] * _HOURS
        self._fresh: list[float] = []
        self._last = [0.0, 0.0, 0.0]  # block number, residual, events
        self._past = [0.0] * 4
        self._covariance = [0.0] * 4
        self._weight = 0.0
        self._usual_n = [0.0, 0.0]
        self._season = ([0.0] * _HOURS, [0.0] * _HOURS, [0.0] * _DAYS)

    @property
    def sd(self) -> float:
        """Standard deviation of one event, in the metric's unit."""
        return sqrt(max(self.event, self._least))

    @property
    def average(self) -> float:
        """The level, whatever the hour."""
        weight, total = self.level
        return total / weight if weight else 0.0

    def most_events(self) -> float:
        """Events of a block that count: one customer's hundred messages do not make a block certain."""
        weight, total = self._usual_n
        return 4.0 + 3.0 * total / weight if weight else 4.0

    def mean(self, start: float) -> float:
        """What the block that starts at ``start`` (epoch seconds) is expected to average."""
        hour, share, other, day = self._slots(start)
        offsets = self._season[0]
        return self.average + (1.0 - share) * offsets[hour] + share * offsets[other] + self._season[2][day]

    def variance(self, start: float, n: float) -> float:
        """Of the mean of ``n`` events about level, season and wander."""
        scatter = self.scatter[self._slots(start)[0]]
        return max(scatter * (max(self.event, self._least) / n + self.block), self._least / n)

    def doubt(self, start: float) -> float:
        """Variance of the wander, and of what level and season are known to."""
        weight = self.level[0]
        about = 1.0 / weight if weight else self.event
        return self.wander + about + self._season[1][self._slots(start)[0]]

    def learn(self, start: float, n: float, x: float, trust: float) -> None:
        """Take in a block that averages ``x`` over ``n`` events; ``trust``, 0 to 1, is how ordinary it may be."""
        number = start / BLOCK_S
        if not self.blocks:
            self.began = start
        gap = min(max(number - self._last[0], 1.0), _LONGEST_GAP) if self.blocks else 1.0
        self._usual_n = [0.99 * self._usual_n[0] + 0.01, 0.99 * self._usual_n[1] + 0.01 * n]
        n = min(n, self.most_events())
        if len(self._fresh) < _FIRST:
            self._begin(n, x)
        else:
            self._spread(start, n, x, gap, trust)
            noise, doubt = self.variance(start, n), self.doubt(start)
            bound = _WINSOR * sqrt(noise + doubt)
            residual = x - self.mean(start)
            residual = copysign(min(abs(residual), bound), residual)
            self._wanders(residual, noise, gap, trust)
            self._level(start, residual, noise, gap, trust)
        self._last = [number, x - self.mean(start), n]
        self.blocks += 1

    def _begin(self, n: float, x: float) -> None:
        """A first level, the mean, and a first estimate of the noise, the median of the first squared differences."""
        weight, total = self.level
        usual = total / weight if weight else x
        _, before, events = self._last
        if self.blocks:
            self._fresh.append((x - usual - before) ** 2 / (1.0 / n + 1.0 / events))
        self.level = [weight + n, total + n * x]
        if len(self._fresh) == _FIRST:
            average = sum(self._fresh) / _FIRST
            middle = sorted(self._fresh)[_FIRST // 2] / 0.455
            self.event = max(min(middle, 2.0 * average) if middle else average, self._least)
            self.block, self.wander = 0.02 * self.event, _WANDER**2 * self.event
            weight = 10.0 / self.event
            self.level = [weight, weight * self.level[1] / self.level[0]]

    def _spread(self, start: float, n: float, x: float, gap: float, trust: float) -> None:
        _, before, events = self._last
        hour = self._slots(start)[0]
        if gap > 4.0:
            return
        scatter = self.scatter[hour]
        pure = max(self.event, self._least) * (1.0 / n + 1.0 / events)
        shared = 2.0 * self.block
        ratio = (x - self.mean(start) - before) ** 2 / (scatter * (pure + shared))
        excess = min(ratio, _CLIPPED) / _CLIPPED_MEAN - 1.0
        pace = trust * max(1.0 / (self.blocks + 10.0), 0.001)
        share = pure / (pure + shared)
        self.event = max(self.event * (1.0 + pace * 2.0 * share * excess), self._least)
        self.block = max(self.block * (1.0 + pace * 2.0 * (1.0 - share) * excess), 1e-3 * self.event)
        each = trust * max(1.0 / (0.25 * self.blocks + 50.0), 0.005)
        self.scatter[hour] = min(max(scatter * (1.0 + each * excess), 0.25), 4.0)

    def _wanders(self, residual: float, noise: float, gap: float, trust: float) -> None:
        weight = trust / (noise + self.wander)
        sums = self._covariance
        fade = 0.9993
        for which in (0, 1):
            kept = exp(-gap / _MEMORIES[which])
            known, total = self._past[2 * which] * kept, self._past[2 * which + 1] * kept
            if known:
                sums[2 * which] = fade * sums[2 * which] + weight
                sums[2 * which + 1] = fade * sums[2 * which + 1] + weight * residual * total / known
            self._past[2 * which], self._past[2 * which + 1] = known + weight, total + weight * residual
        self._weight = fade * self._weight + trust
        if self.blocks % 16 or not sums[0] or not sums[2]:
            return
        near, far = max(sums[1] / sums[0], 0.0), max(sums[3] / sums[2], 0.0)
        prior = _WANDER**2 * self.event
        best = min(_EXPECTED, key=lambda each: abs(each[2] * near - each[1] * far) / (each[1] + each[2]))
        seen = 0.5 * (near / best[1] + far / best[2])
        trusted = self._weight / (self._weight + _WANDER_PRIOR)
        self.wander = max(trusted * seen + (1 - trusted) * prior, _LEAST_WANDER**2 * self.event)
        self.time = best[0]

    def _level(self, start: float, residual: float, noise: float, gap: float, trust: float) -> None:
        """Residuals go to the level, the hour and the weekday, each weighted by what a block tells of it."""
        hour, _, _, day = self._slots(start)
        offsets, _, weekdays = self._season
        wander = max(self.wander, _LEAST_WANDER**2 * self.event)
        fade = _LEVEL_FADE**gap
        weight = trust / (noise + wander * max(2.0 * self.time, 1.0))
        usual = self.level[1] / self.level[0]
        self.level = [fade * self.level[0] + weight, fade * self.level[1] + weight * (usual + residual)]
        weight = trust / (noise + 4.0 * wander)
        hours, days = self.hours, self.days
        hours[2 * hour] = _HOUR_FADE * hours[2 * hour] + weight
        hours[2 * hour + 1] = _HOUR_FADE * hours[2 * hour + 1] + weight * (offsets[hour] + residual)
        weight = trust / (noise + wander * max(2.0 * self.time, 1.0))
        days[2 * day] = _WEEKDAY_FADE * days[2 * day] + weight
        days[2 * day + 1] = _WEEKDAY_FADE * days[2 * day + 1] + weight * (weekdays[day] + residual)
        self._refit()

    def _refit(self) -> None:
        """Season from its sums: smoothed, centred, and drawn to none as far as the data do not ask for one."""
        if len(self._fresh) < _FIRST:
            return
        hours, variances = _shrunk(self.hours, _SEASON**2 * self.event, circular=True)
        days, _ = _shrunk(self.days, 0.1 * _SEASON**2 * self.event, circular=False)
        self._season = (hours, variances, days)

    def accept(self, change: float) -> None:
        """Take a level that has moved by ``change`` for the usual one from now on."""
        weight = min(self.level[0], 1.0 / (0.01 * self.event + self._least))
        usual = self.level[1] / self.level[0]
        self.level = [weight, weight * (usual + change)]

    def _slots(self, start: float) -> tuple[int, float, int, int]:
        """Hour, share of the neighbouring hour, that hour, and weekday of the block's middle."""
        local = start + self._offset(start) + BLOCK_S / 2
        exact = local / 3600.0
        hour = int(exact)
        apart = exact - hour - 0.5
        other = hour + (1 if apart > 0 else -1)
        return hour % _HOURS, abs(apart), other % _HOURS, int(local // 86_400 + 3) % _DAYS

    def snapshot(self) -> list[list[float]]:
        """Plain data."""
        return [
            [self.began, self.event, self.block, self.wander, self.time, self._weight, float(self.blocks)],
            self.level[:], self.hours[:], self.days[:], self.scatter[:], self._last[:], self._past[:],
            self._covariance[:], self._usual_n[:], self._fresh[:],
        ]  # fmt: skip

    def restore(self, data: Any) -> None:
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError: if the data are not of that form.
        """
        first, *rest, fresh = data
        self.began, self.event, self.block, self.wander, self.time, self._weight, blocks = floats(first, 7)
        self.blocks = int(blocks)
        sizes = (2, 2 * _HOURS, 2 * _DAYS, _HOURS, 3, 4, 4, 2)
        (
            self.level, self.hours, self.days, self.scatter, self._last, self._past, self._covariance, self._usual_n,
        ) = (floats(each, size) for each, size in zip(rest, sizes, strict=True))  # fmt: skip
        self._fresh = floats(fresh, len(fresh))
        weights = (*self.level[:1], *self.hours[::2], *self.days[::2], *self._past[::2], *self._covariance[::2])
        if min(self.event, self.block, self.wander, self._weight, *weights, *self._usual_n) < 0:
            raise ValueError("the state of a drift has a negative variance or weight")
        pairs = (self.level, self.hours, self.days, self._past, self._covariance)
        if any(
            abs(total) > _ABSURD * weight for each in pairs for weight, total in zip(each[::2], each[1::2], strict=True)
        ):
            raise ValueError("the state of a drift has a mean out of all bounds")
        if not 1.0 <= self.time <= _TIMES[-1] or min(self.scatter) <= 0 or (self.blocks and not self.level[0]):
            raise ValueError("the state of a drift has no scale")
        self._refit()


def floats(data: Any, size: int) -> list[float]:
    """``data`` as a list of ``size`` finite numbers.

    Raises:
        ValueError: if it is anything else.
    """
    found = [float(each) for each in data] if isinstance(data, list) else []
    if len(found) != size or not all(abs(each) < _ABSURD for each in found):
        raise ValueError(f"the state of a drift: expected {size} numbers")
    return found


def _shrunk(sums: list[float], prior: float, *, circular: bool) -> tuple[list[float], list[float]]:
    """Offsets from (weight, weighted sum) pairs, and their variances: an empirical Bayes estimate."""
    slots = len(sums) // 2
    weights, totals = sums[::2], sums[1::2]
    if circular:
        weights = [0.5 * weights[i] + 0.25 * (weights[i - 1] + weights[(i + 1) % slots]) for i in range(slots)]
        totals = [0.5 * totals[i] + 0.25 * (totals[i - 1] + totals[(i + 1) % slots]) for i in range(slots)]
    seen = [i for i in range(slots) if weights[i] > 0.0]
    if not seen or prior <= 0.0:
        return [0.0] * slots, [max(prior, 0.0)] * slots
    centre = sum(totals[i] / weights[i] for i in seen) / len(seen)
    between = [(totals[i] / weights[i] - centre) ** 2 - 1.0 / weights[i] for i in seen]
    known = sum(min(prior * weights[i], 10.0) for i in seen)
    variance = (slots * prior + known * max(sum(between) / len(seen), 0.02 * prior)) / (slots + known)
    offsets, variances = [0.0] * slots, [variance] * slots
    for i in seen:
        precision = weights[i] + 1.0 / variance
        offsets[i] = weights[i] / precision * (totals[i] / weights[i] - centre)
        variances[i] = 1.0 / precision
    return offsets, variances
