"""The season as it was when a change began: what the change is held against while its episode is open.

A baseline learns. What has lasted for a day is half usual to it, and after a week wholly so: the statistic calms,
though nothing is over. So the week as it was expected when the episode opened is kept beside the baseline, and
once the statistic has calmed the last hours are counted against it. The change lasts while they show half of what
was told, in mentions or in times the usual, whichever asks for less: what comes on top of a day and what
multiplies it look alike when they are told, and not at another hour. How many hours are looked at is decided
backwards from now, as in A. Wald's sequential test (Annals of Mathematical Statistics 16, 1945).
"""

from array import array
from collections.abc import Iterator
from math import isfinite, sqrt
from typing import Any, NamedTuple

from detectors.history import History
from detectors.spec import Verdict
from detectors.surroundings import Surroundings

_DAY_S, _HOUR_S = 86_400, 3600.0
_HALF = 0.5
_LONGEST_S = 28 * 86_400.0
_YOUNG_S = 7 * 86_400.0
_LOG_ODDS = 4.0
"""Of the change being there, or gone, at which a stretch is long enough to tell."""
_WANDER_S = 21_600.0


class Count(NamedTuple):
    """What the last hours hold, and what was usual in them before the change.

    Attributes:
        window_s: how many seconds are looked at.
        share: of that time, is known.
        seen, usual: mentions.
        shows: whether half of the change is still there.
    """

    window_s: float
    share: float
    seen: float
    usual: float
    shows: bool


class Scatter(NamedTuple):
    """``dispersion``: variance of a count over its mean; ``wander``: relative variance of the level."""

    dispersion: float
    wander: float


class HeldSeason:
    """Of one open episode.

    Args:
        at: when it was taken, epoch seconds.
        week: mentions expected by slot of the local day, and the factors of the weekdays, Monday first.
        scatter: of the series then.
        days: that it was taken from; it holds no longer than they can vouch for.

    Attributes:
        rising: whether the change is a rise.
        until: after that time what lasts is the usual, epoch seconds.
        slow: whether it was days in a row that tripped, and no moment of them.
        quiet_from: when the last hours ceased to show the change; None while they do.
    """

    __slots__ = (
        "_fold", "_profile", "_rate", "_settled", "_unknown", "_weekdays", "at", "quiet_from", "rising", "scatter",
        "slow", "until",
    )  # fmt: skip

    def __init__(
        self, at: float, week: tuple[list[float], list[float]], scatter: Scatter, days: int, *, rising: bool
    ) -> None:
        # As exact as they are kept, so that who resumes goes on alike.
        self._profile, self._weekdays = array("f", week[0]), array("f", week[1])
        self.at, self.scatter, self.rising = at, scatter, rising
        self.until = at + (min(max(_YOUNG_S, 2.0 * days * _DAY_S), _LONGEST_S) if days else 0.0)
        self.quiet_from: float | None = None
        self._rate = self._fold = float("inf")
        self._settled = self.slow = False
        self._unknown: list[list[float]] = []

    def reach_back(self, verdict: Verdict, around: Surroundings, theme: str, at: float, pane_s: int) -> None:
        """Expect what was expected before days that tripped as a whole: the week of now has learned from them."""
        self.slow = True
        usual = sum(part[1] for part in self._parts(around, theme, at - (verdict.span_s or _DAY_S), at, pane_s))
        if usual > 0.0:
            self._profile = array("f", [mean * verdict.expected / usual for mean in self._profile])

    def take(self, verdict: Verdict, least_s: float) -> bool:
        """Take note of how large the change is, by a verdict that it trips; whether that is news.

        The first minutes of a change may be the worst of it: once it has lasted for an hour, it is what it has
        been on average. And what trips is the worse of many moments: it is taken for what it is at least.

        Args:
            least_s: the shortest stretch that a rate is taken over, seconds.
        """
        span_s = max(verdict.span_s or 0.0, least_s)
        if self._settled or (isfinite(self._rate) and span_s < _HOUR_S):
            return False
        self._settled = span_s >= _HOUR_S
        off = abs(verdict.observed - verdict.expected)
        off = max(off - sqrt(self.scatter.dispersion * max(verdict.observed, verdict.expected)), _HALF * off)
        self._rate = min(self._rate, off / span_s)
        self._fold = min(self._fold, off / (verdict.expected + 0.5))
        return True

    def count(self, history: History, around: Surroundings, theme: str, at: float, pane_s: int) -> Count:
        """Look back until it is certain whether half of the change is there, an hour at least and a day at most."""
        # A fall is believed only once it is known to be no outage.
        end = (at if self.rising else min(at, around.watched_until)) // 60.0 * 60.0
        rows = self._rows(history, around, theme, end - _DAY_S, end, pane_s)
        seen = usual = known_s = 0.0
        first, shows = end, True
        for start, mean, length_s in self._parts(around, theme, end - _DAY_S, end, pane_s):
            first, usual, known_s = start, usual + mean, known_s + length_s
            while rows and rows[-1][0] >= start:
                seen += rows.pop()[1]
            need = max(_HALF * min(self._rate * known_s, self._fold * (usual + 0.5)), _HALF)
            beyond = (seen - usual if self.rising else usual - seen) - need
            shows = beyond >= 0.0
            if known_s >= _HOUR_S:
                wander = self.scatter.wander * usual**2 * min(1.0, _WANDER_S / (end - first))
                halfway = usual + need if self.rising else max(usual - need, 0.0)
                # The log likelihood ratio of the whole change and of none, both normal with this variance.
                if 2.0 * need * abs(beyond) >= _LOG_ODDS * (self.scatter.dispersion * halfway + wander):
                    break
        return Count(end - first, known_s / (end - first), seen, usual, shows)

    def _rows(
        self, history: History, around: Surroundings, theme: str, first: float, end: float, pane_s: int
    ) -> list[tuple[int, float]]:
        """Known panes (start, mentions), in order."""
        rows = sorted(history.mentions.since(first, end - 1.0))
        if around.guide is not None:
            guide = around.guide
            rows = [row for row in rows if not guide(row[0] // pane_s * pane_s, theme, pane_s).mute]
        return [row for row in rows if not self._unknown_s(around, row[0], row[0] + 1.0)]

    def unknown(self, start: float, end: float) -> None:
        """Take in that nothing is known of a stretch, which ends the latest so far."""
        kept = [each for each in self._unknown if each[1] > end - 2.0 * _DAY_S]
        if kept and kept[-1][1] >= start:
            kept[-1][1] = end
        else:
            kept.append([start, end])
        self._unknown = kept

    def _parts(
        self, around: Surroundings, theme: str, first: float, end: float, pane_s: int
    ) -> Iterator[tuple[float, float, float]]:
        """(start, mentions expected, seconds known) of the pieces of a stretch, the last one first."""
        slot_s = _DAY_S // len(self._profile)
        stop = end
        while stop > first:
            at = max((stop - 1.0) // slot_s * slot_s, first)
            local = int(at) + around.offset(at)
            guided = around.guide(at // pane_s * pane_s, theme, pane_s) if around.guide is not None else None
            known_s = stop - at - self._unknown_s(around, at, stop)
            if guided is not None and guided.mute:
                known_s = 0.0
            day, second = divmod(local, _DAY_S)
            weekday = (day + 3) % 7 if guided is None else guided.day_as
            mean = self._profile[second // slot_s] * self._weekdays[weekday] * (guided.multiplier if guided else 1.0)
            yield at, mean * known_s / slot_s, known_s
            stop = at

    def _unknown_s(self, around: Surroundings, first: float, end: float) -> float:
        own = sum(max(min(end, last) - max(first, start), 0.0) for start, last in self._unknown)
        return min(around.unknown_s(first, end) + own, end - first)

    def snapshot(self) -> list[Any]:
        """Plain data."""
        flags = [self.rising, self.slow, self._settled]
        kept = [self.at, self.until, self.quiet_from, self._rate, self._fold, *self.scatter, *flags]
        return [kept, self._profile.tobytes(), self._weekdays.tobytes(), self._unknown]

    @classmethod
    def restore(cls, data: list[Any], slots: int) -> "HeldSeason":
        """The inverse of :meth:`snapshot`.

        Raises:
            ValueError, KeyError, TypeError: it is none, or it is damaged.
        """
        kept, profile, weekdays, unknown = data
        at, until, quiet_from, rate, fold, dispersion, wander, rising, slow, settled = kept
        held = cls(float(at), ([], []), Scatter(float(dispersion), float(wander)), 0, rising=bool(rising))
        held.until, held.quiet_from, held._rate, held._fold = until, quiet_from, float(rate), float(fold)
        held.slow, held._settled = bool(slow), bool(settled)
        held._profile.frombytes(profile)
        held._weekdays.frombytes(weekdays)
        if len(held._profile) != slots or len(held._weekdays) != 7:
            raise ValueError(f"a held season of {len(held._profile)} slots and {len(held._weekdays)} weekdays")
        held._unknown = [[float(start), float(end)] for start, end in unknown]
        return held
