"""A mean over a window against a bound or against its own past: shared by ``sentiment`` and ``metric``."""

from collections.abc import Callable
from functools import cache

from detectors.history import History
from detectors.spec import Levels, Verdict, reached
from schemas.duration import format_duration

Window = Callable[[History, float, float], tuple[float, float]]
"""(history, length_s, at) -> (observations, sum)."""


@cache
def _span(window_s: float) -> str:
    """In words; there are as many as there are rules, and a detector for each of their series."""
    return format_duration(window_s).removeprefix("1 ")


class LevelJudge:
    """Judges a mean: beyond a bound, or moved by so much from the mean of the baseline before it.

    Args:
        what: the metric in words.
        window: how to read (observations, sum) of a window.
        bounds: severity -> bound on the mean; empty if only the move counts.
        moves: severity -> move (a difference if ``relative`` is False, else a ratio); empty if only the bound counts.
        rising: True if large is bad.
    """

    __slots__ = (
        "baseline_s",
        "bounds",
        "min_events",
        "moves",
        "relative",
        "rising",
        "span",
        "what",
        "window",
        "window_s",
    )

    def __init__(
        self,
        *,
        what: str,
        window: Window,
        window_s: float,
        baseline_s: float,
        min_events: int,
        bounds: Levels,
        moves: Levels,
        rising: bool,
        relative: bool,
    ) -> None:
        self.what, self.window = what, window
        self.window_s, self.baseline_s, self.min_events = window_s, baseline_s, min_events
        self.bounds, self.moves, self.rising, self.relative = bounds, moves, rising, relative
        self.span = _span(window_s)

    def judge(self, history: History, at: float, held: float | None) -> Verdict:
        """Judge the window that ends at ``at``; the worse of bound and move decides."""
        n, total = self.window(history, self.window_s, at)
        mean = total / n if n else 0.0
        if n < self.min_events:
            template = "{:g} events with {} in the last {}, {} are needed"
            args = (n, self.what, self.span, self.min_events)
            return Verdict(None, mean, held or 0.0, 0.0, template, args, compared=held is not None)
        expected = self._expected(history, at, n, total) if held is None else held
        best = self._bound(mean, n, expected)
        if self.moves and expected is not None:
            moved = self._move(mean, n, expected)
            if best is None or _rank(moved) > _rank(best):
                best = moved
        if best is None:
            template = "{} averages {:.2f} over {:g} events; no past to compare with yet"
            return Verdict(None, mean, 0.0, 0.0, template, (self.what, mean, n), compared=False)
        return best if expected is not None else best._replace(compared=False)

    def _expected(self, history: History, at: float, n: float, total: float) -> float | None:
        wide_n, wide_total = self.window(history, self.window_s + self.baseline_s, at)
        past_n = wide_n - n
        return (wide_total - total) / past_n if past_n >= self.min_events else None

    def _bound(self, mean: float, n: float, expected: float | None) -> Verdict | None:
        if not self.bounds:
            return None
        severity, bound = reached(self.bounds, mean, rising=self.rising)
        side = "above" if self.rising else "below"
        template = "{} averages {:.2f} over {:g} events in the last {}"
        args: tuple[object, ...] = (self.what, mean, n, self.span)
        if severity is None:
            return Verdict(None, mean, expected or 0.0, bound, template + "; noticed {} {:g}", (*args, side, bound))
        template += ", {} {:g} ({})"
        return Verdict(severity, mean, expected or 0.0, bound, template, (*args, side, bound, severity.value))

    def _move(self, mean: float, n: float, expected: float) -> Verdict:
        if self.relative and expected <= 0:
            template = "{} averages {:.2f} over {:g} events in the last {}; {:.2f} before is nothing to take a ratio to"
            return Verdict(None, mean, expected, 0.0, template, (self.what, mean, n, self.span, expected))
        move = mean / expected if self.relative else mean - expected
        if not self.rising and not self.relative:
            move = -move
        severity, level = reached(self.moves, move)
        threshold = expected * level if self.relative else expected + (level if self.rising else -level)
        word = "up" if self.rising else "down"
        template = "{} averages {:.2f} over {:g} events in the last {}, " + word + " from {:.2f}"
        args: tuple[object, ...] = (self.what, mean, n, self.span, expected)
        by = "{:g} times" if self.relative else "by {:g}"
        if severity is None:
            return Verdict(None, mean, expected, threshold, template + "; noticed " + by, (*args, level))
        return Verdict(
            severity, mean, expected, threshold, template + " ({} " + by + ")", (*args, severity.value, level)
        )


def _rank(verdict: Verdict) -> int:
    return -1 if verdict.severity is None else verdict.severity.rank
