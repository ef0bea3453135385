"""A move in words, as a verdict; and whether a few customers who write a lot may explain it."""

from math import sqrt
from typing import NamedTuple

from detectors.drift_baseline import BLOCK_S, DriftBaseline
from detectors.drift_watch import Moved
from detectors.history import History
from detectors.rarity import in_words
from detectors.spec import Levels, Verdict, reached
from schemas.duration import format_duration

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86_400.0
_SLIDE_S = 6 * _HOUR_S
_TELLING = 4.0
"""A stretch tells whether the move lasts if its standard error is the move over this."""
_SOME = 0.1
_FAR_SD, _FAR_TIMES = 3.0, 1.5
_USUAL_REPEATS, _REPEATS_PRIOR = 1.5, 10.0
_REPEATS_DOUBT, _MOST_KNOWN = 1.5, 256.0


class Sums(NamedTuple):
    """What a stretch holds.

    Attributes:
        first: its start, epoch seconds.
        n: events; ``blocks``: quarter hours with any.
        observed, expected: means, in the metric's unit.
        early, late: how far its first and its last third lie from what was expected.
        lately: how far the shortest stretch at its end lies off that is long enough to tell, and when that began.
    """

    first: float
    n: float
    blocks: int
    observed: float
    expected: float
    early: float
    late: float
    lately: tuple[float, float]

    @classmethod
    def of(cls, blocks: list[tuple[float, float, float]], usual: DriftBaseline) -> "Sums":
        """From (start, events, sum) in order.

        >>> usual = DriftBaseline()
        >>> Sums.of([(0.0, 2.0, 1.0), (900.0, 2.0, 3.0)], usual)[:5]
        (0.0, 4.0, 2, 1.0, 0.0)
        """
        n = sum(each[1] for each in blocks)
        if not n:
            return cls(0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, (0.0, 0.0))
        apart = [(count, total - count * usual.mean(start)) for start, count, total in blocks]
        third = max(len(apart) // 3, 1)
        observed = sum(each[2] for each in blocks) / n
        off = sum(each[1] for each in apart) / n
        needed = (_TELLING * usual.sd / off) ** 2 if off else n
        last = _enough(apart, needed)
        return cls(
            blocks[0][0], n, len(blocks), observed, observed - off, _mean(apart[:third]), _mean(apart[-third:]),
            (_mean(apart[-last:]), blocks[-last][0]),
        )  # fmt: skip


def _enough(pairs: list[tuple[float, float]], needed: float) -> int:
    """How many of the last pairs hold so many events; an hour at least, and half of them at most if that is more."""
    n, least = 0.0, int(_HOUR_S / BLOCK_S)
    pairs = pairs[-max(least, (len(pairs) + 1) // 2) :]
    for count, (events, _) in enumerate(reversed(pairs), 1):
        n += events
        if n >= needed and count >= least:
            return count
    return len(pairs)


def _mean(pairs: list[tuple[float, float]]) -> float:
    n = sum(pair[0] for pair in pairs)
    return sum(pair[1] for pair in pairs) / n if n else 0.0


def number(value: float) -> str:
    """A level, as precisely as one would say it.

    >>> number(-0.4234), number(412.7)
    ('-0.42', '413')
    """
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"


def span(seconds: float) -> str:
    """A stretch of time, as roughly as one would say it.

    >>> span(2_700.0), span(3_600.0), span(8_000.0), span(200_000.0)
    ('45 minutes', 'hour', '2 hours', '2 days')
    """
    for unit_s in (_DAY_S, _HOUR_S):
        if seconds >= 1.5 * unit_s:
            return format_duration(round(seconds / unit_s) * unit_s)
    return "hour" if seconds >= _HOUR_S else format_duration(max(round(seconds / _MINUTE_S), 1) * _MINUTE_S)


def _interval(sums: Sums, usual: DriftBaseline, at: float) -> tuple[float, float]:
    wander = usual.doubt(at) * min(2.0 * usual.time / max(sums.blocks, 1), 1.0)
    apart = 1.96 * sqrt(usual.sd**2 / sums.n + usual.block / max(sums.blocks, 1) + wander)
    return sums.expected - apart, sums.expected + apart


def tripped(
    metric: str, sums: Sums, moved: Moved, sign: float, usual: DriftBaseline, at: float, levels: Levels, rarity_s: float
) -> Verdict:
    """The verdict on a move that chance does not explain; ``sums`` is of the last hours of it."""
    low, high = _interval(sums, usual, at)
    move = sign * (sums.observed - sums.expected)
    severity, level = reached(levels, move / usual.sd)
    if severity is None:
        severity, level = min(levels, key=lambda each: each.rank), 0.0
    age, length = at - moved.since, at - sums.first
    side, fell = ("below", "fell") if sign < 0 else ("above", "rose")
    template = "{} averages {} over the last {}, {} {} its usual {}; {}"
    apart = (number(abs(move)), side, number(sums.expected))
    args: tuple[object, ...] = (metric, number(sums.observed), span(length), *apart, in_words(rarity_s))
    if age > _SLIDE_S and sign * sums.early < 0.5 * sign * sums.late:
        template += "; it has been " + ("sliding" if sign < 0 else "climbing") + " for {}"
        args = (*args, span(age))
    elif sign * sums.early > 0.7 * sign * sums.late:
        template += "; it " + fell + " sharply {} ago"
        args = (*args, "an hour" if span(age) == "hour" else span(age))
    bound = sums.expected + sign * max(level * usual.sd, 0.0)
    return Verdict(severity, sums.observed, sums.expected, bound, template, args, low=low, high=high)


def ordinary(metric: str, moved: Moved, usual: DriftBaseline, at: float) -> Verdict:
    """The verdict on what chance explains."""
    expected = usual.mean(at)
    observed = expected + moved.by
    template = "{} averages {} over the last {}, and {} is usual"
    stretch = span(max(at - moved.since, BLOCK_S)) if moved.since else span(BLOCK_S)
    return Verdict(None, observed, expected, expected, template, (metric, number(observed), stretch, number(expected)))


def returned(metric: str, sums: Sums, usual: DriftBaseline, at: float) -> Verdict:
    """The verdict on a move that is over, though the stretch since it began is still unusual."""
    off, since = sums.lately
    expected = usual.mean(at)
    template = "{} averages {} over the last {}, back near its usual {}"
    args = (metric, number(expected + off), span(at - since), number(expected))
    return Verdict(None, expected + off, expected, expected, template, args, span_s=at - since)


def in_full(verdict: Verdict) -> Verdict:
    """The same move with its severity, since it is told."""
    assert verdict.severity is not None
    return verdict._replace(template=verdict.template + " ({})", args=(*verdict.args, verdict.severity.value))


def repeated(
    sums: Sums, who: int, history: History, since: float, sign: float, usual: DriftBaseline,
    effect: float, metric: str,
) -> bool:  # fmt: skip
    """Whether the move may come from a few customers who wrote again and again.

    So many customers usually write so many events. If there are more, the surplus may be one person's: it is
    taken out as if each of its events stood at the far end, and what is left must still have moved.
    """
    rows = history.mentions.rows
    events = sum(row[0] for pane, row in rows.items() if since <= pane)
    before = sum(row[0] for pane, row in rows.items() if since - _DAY_S <= pane < since)
    others = max(history.customers.distinct(since - _DAY_S) - who, 0)
    each = max((before + _USUAL_REPEATS * _REPEATS_PRIOR) / (others + _REPEATS_PRIOR), 1.0)
    doubt = _REPEATS_DOUBT / sqrt(min(who, _MOST_KNOWN))
    if events - each * who * (1.0 + doubt) <= _SOME * sums.n:
        return False
    surplus = events - each * who
    left = sums.n - surplus
    if left < 1.0:
        return True
    off = abs(sums.observed - sums.expected)
    far = sums.expected + sign * max(_FAR_SD * usual.sd, _FAR_TIMES * off)
    if metric == "sentiment":
        far = max(-1.0, min(1.0, far))
    rest = (sums.observed * sums.n - far * surplus) / left
    noise = 3.0 * sqrt(usual.sd**2 / left + usual.doubt(since))
    return sign * (rest - sums.expected) < max(effect, noise)
