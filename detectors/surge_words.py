"""A standing in words, and as a verdict."""

from math import sqrt

from detectors.gradual import Gradual
from detectors.held_season import Count
from detectors.negative_binomial import interval
from detectors.spec import Levels, Verdict, reached
from detectors.surge_state import Standing
from schemas.duration import format_duration

_MINUTE_S = 60.0
_CERTAIN = 2.0


def span(seconds: float) -> str:
    """A stretch of time, as roughly as one would say it.

    >>> span(310.0), span(8000.0), span(200_000.0), span(4.0)
    ('5 minutes', '2 hours', '2 days', 'minute')
    """
    for unit_s in (86_400.0, 3600.0, _MINUTE_S):
        if seconds >= 1.5 * unit_s:
            return format_duration(round(seconds / unit_s) * unit_s).removeprefix("1 ")
    return "hour" if seconds >= 3000.0 else "minute"


def fold(standing: Standing) -> float:
    """How many times the usual the mentions are since the change began; below 1 for a fall.

    One mention more on either side keeps small numbers from shouting.
    """
    return (standing.seen + 0.5) / (standing.usual + 0.5)


def tripped(standing: Standing, levels: Levels, at: float, dispersion: float, *, rising: bool) -> Verdict:
    """The verdict on a standing that chance does not explain."""
    ratio = fold(standing)
    severity, level = reached(levels, ratio if rising else 1.0 / max(ratio, 1e-9))
    if severity is None:
        severity = min(levels, key=lambda each: each.rank)
    low, high = interval(standing.usual, dispersion)
    template = "{:,g} mentions in the last {}, where {} to {} are usual at this time; {}"
    args: tuple[object, ...] = (standing.seen, span(at - standing.since), *_edges(low, high), severity.value)
    if level > 1.0:
        template += " from {:g} times the usual" if rising else " from {:g} times fewer"
        args = (*args, level)
    edge = high if rising else low
    return Verdict(
        severity,
        standing.seen,
        standing.usual,
        edge,
        template,
        args,
        low=low,
        high=high,
        span_s=at - standing.since,
        sizes=sizes(standing.seen, standing.usual, max(at - standing.since, _MINUTE_S)),
    )


def sizes(seen: float, usual: float, span_s: float) -> tuple[float, float]:
    """How far a count is from the usual: in mentions a second, and in times the smaller of the two.

    >>> [round(size, 2) for size in sizes(40.0, 10.0, 60.0)], [round(size, 2) for size in sizes(10.0, 40.0, 60.0)]
    ([0.5, 2.86], [0.5, 2.86])
    """
    off = abs(seen - usual)
    return off / span_s, off / (min(seen, usual) + 0.5)


def lasting(count: Count, levels: Levels, dispersion: float, *, rising: bool) -> Verdict:
    """The verdict on last hours that still show a change; worse than before only if that is certain."""
    seen, usual, window_s = count.seen, count.usual, count.window_s
    noise = _CERTAIN * sqrt(dispersion * (seen if rising else usual))
    sure = (seen - noise) / (usual + 0.5) if rising else (usual - noise) / (seen + 0.5)
    severity = reached(levels, sure)[0] or min(levels, key=lambda each: each.rank)
    low, high = interval(usual, dispersion)
    template = "{:,g} mentions in the last {}, where {} to {} were usual before it began; {}"
    args = (seen, span(window_s), *_edges(low, high), severity.value)
    edge = high if rising else low
    known_s = window_s * max(count.share, 0.01)
    size = sizes(max(seen - noise, usual), usual, known_s) if rising else sizes(seen, max(usual - noise, seen), known_s)
    return Verdict(severity, seen, usual, edge, template, args, low=low, high=high, span_s=window_s, sizes=size)


def over(count: Count, dispersion: float) -> Verdict:
    """The verdict on last hours that show it no more."""
    low, high = interval(count.usual, dispersion)
    template = "{:,g} mentions in the last {}, and {} to {} were usual before it began"
    args = (count.seen, span(count.window_s), *_edges(low, high))
    return Verdict(None, count.seen, count.usual, high, template, args, low=low, high=high, span_s=count.window_s)


def slowly(slow: Gradual, levels: Levels, day_s: float, *, rising: bool) -> Verdict:
    """The verdict on days that lie off the weeks before."""
    ratio = slow.seen / slow.usual if rising else slow.usual / max(slow.seen, 1e-9)
    severity, _ = reached(levels, ratio)
    severity = severity or min(levels, key=lambda each: each.rank)
    template = "{:,.0f} mentions in the last {} days, where {} to {} would go with the weeks before; {}"
    args = (slow.seen, slow.days, *_edges(slow.low, slow.high), severity.value)
    return Verdict(
        severity,
        slow.seen,
        slow.usual,
        slow.high if rising else slow.low,
        template,
        args,
        low=slow.low,
        high=slow.high,
        rarity_s=slow.rarity_s,
        span_s=slow.days * day_s,
        sizes=sizes(slow.seen, slow.usual, slow.days * day_s),
    )


def ordinary(standing: Standing, at: float, dispersion: float) -> Verdict:
    """The verdict on a standing that chance explains."""
    low, high = interval(standing.usual, dispersion)
    template = "{:,g} mentions in the last {}, and {} to {} are usual at this time"
    args = (standing.seen, span(at - standing.since), *_edges(low, high))
    return Verdict(
        None, standing.seen, standing.usual, high, template, args, low=low, high=high, span_s=at - standing.since
    )


def _edges(low: float, high: float) -> tuple[str, str]:
    if high < 10:
        return f"{low:.0f}", f"{high + 0.5:.0f}"
    return f"{low:,.0f}", f"{high:,.0f}"
