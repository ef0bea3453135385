"""What people have declared: holidays, deploys, campaigns, outages; once, or again each week or year.

A declaration is in local time, as people write it; what is in force at a moment is in UTC.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Literal, NamedTuple, get_args

from msgspec import Struct

from detectors.local_time import LocalTime

Kind = Literal["holiday", "deploy", "campaign", "outage", "maintenance", "closure"]
Effect = Literal["mute", "expect", "note", "ignore"]
Repeats = Literal["", "weekly", "yearly"]

KINDS: tuple[Kind, ...] = get_args(Kind)
EFFECTS: tuple[Effect, ...] = get_args(Effect)
REPEATS: tuple[Repeats, ...] = ("weekly", "yearly")
FIRST_YEAR, LAST_YEAR = 1970, 2199

_EFFECT: dict[Kind, Effect] = {
    "holiday": "note", "deploy": "note", "campaign": "note", "outage": "mute", "maintenance": "mute", "closure": "mute",
}  # fmt: skip
_AFTER_S: dict[Kind, float] = {"deploy": 7200.0, "outage": 3600.0, "maintenance": 3600.0}
_MOST_TIMES = 1000.0


class Scope(NamedTuple):
    """Patterns of the series that are meant; globs, a leading ``!`` excludes."""

    themes: tuple[str, ...] = ("*",)
    tenants: tuple[str, ...] = ("*",)


class Declared(Struct, frozen=True, kw_only=True):
    """One stretch of time that is unlike others.

    Attributes:
        name: as people call it.
        start, end: epoch seconds, the end excluded; the same for what takes no time.
        scope: the series that are meant.
        effect: ``mute`` no alarms; ``expect`` ``multiplier`` times the usual; ``note`` is only told with an alarm;
            ``ignore`` is judged, but nothing is learned from it.
        learn: whether the baseline learns from it.
        after_s: for how long after its end it is still told, as a likely cause.
        public: a holiday by law, not by declaration.
    """

    name: str
    kind: Kind
    start: float
    end: float
    scope: Scope = Scope()
    effect: Effect
    multiplier: float = 1.0
    learn: bool
    after_s: float = 0.0
    public: bool = False


class Entry(Struct, frozen=True, kw_only=True):
    """A declaration. What is left out follows from the kind.

    Only a deploy is learned from, and only told. An outage, a maintenance and a closure are muted; a campaign is
    expected if it says what to expect, and else told. A holiday counts as the weekday that holidays count as.

    Attributes:
        start, end: local time, without a zone; the end is excluded.
        zone: whose time it is; empty for the calendar's.
        repeats: each week, or on the same date each year; a 29 February only in leap years.
        until: the last local date on which a repetition may start.

    Raises:
        ValueError: the message begins with the attribute.

    >>> sale = Entry(name="sale", kind="campaign", start=datetime(2026, 7, 1), end=datetime(2026, 7, 8), multiplier=3.0)
    >>> [found] = sale.occurrences(LocalTime("Europe/Berlin"), 1_782_864_000.0, 1_782_950_400.0)
    >>> found.effect, found.learn, found.end - found.start
    ('expect', False, 604800.0)
    """

    name: str
    kind: Kind
    start: datetime
    end: datetime
    zone: str = ""
    scope: Scope = Scope()
    effect: Effect | None = None
    multiplier: float | None = None
    learn: bool | None = None
    after_s: float | None = None
    repeats: Repeats = ""
    until: date | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name: is empty")
        for key, values in (("themes", self.scope.themes), ("tenants", self.scope.tenants)):
            if not values or not all(pattern.removeprefix("!") for pattern in values):
                raise ValueError(f"{key}: expected patterns, such as login-*")
        for key, moment in (("start", self.start), ("end", self.end)):
            if not FIRST_YEAR <= moment.year <= LAST_YEAR:
                raise ValueError(f"{key}: expected a year from {FIRST_YEAR} to {LAST_YEAR}, got {moment.year}")
        if self.end < self.start:
            raise ValueError(f"end: {self.end} is before the start, {self.start}")
        if self.end == self.start and self.kind != "deploy":
            raise ValueError(f"end: is the start; only a deploy may take no time, not this {self.kind}")
        self._check_effect()
        self._check_repetition()

    def _check_effect(self) -> None:
        if self.effect == "expect" and self.multiplier is None:
            raise ValueError("multiplier: is missing; effect expect needs one, such as 3")
        if self.multiplier is not None:
            if self.effect not in (None, "expect"):
                raise ValueError(f"multiplier: is of no use with effect {self.effect}; expected effect expect")
            if not (isfinite(self.multiplier) and 0 < self.multiplier <= _MOST_TIMES):
                raise ValueError(f"multiplier: expected more than 0, at most {_MOST_TIMES:g}, got {self.multiplier:g}")
        if self.effect == "ignore" and self.learn:
            raise ValueError("learn: is true, but effect ignore means that nothing is learned")
        if self.after_s is not None and not (isfinite(self.after_s) and self.after_s >= 0):
            raise ValueError(f"after: expected 0 or more, got {self.after_s:g}")

    def _check_repetition(self) -> None:
        if self.until is not None:
            if not self.repeats:
                raise ValueError("until: is of no use without repeats")
            if self.until < self.start.date():
                raise ValueError(f"until: {self.until} is before the start, {self.start}")
        longest = {"": None, "weekly": timedelta(days=7), "yearly": timedelta(days=365)}[self.repeats]
        if longest is not None and self.end - self.start > longest:
            raise ValueError(f"end: {self.repeats} repetitions would overlap; it lasts {self.end - self.start}")

    def occurrences(self, local: LocalTime, first: float, end: float) -> Iterator[Declared]:
        """What of it touches ``[first, end)``, and what has ended so shortly before that it is still told.

        Args:
            local: the clock of ``zone``, or of the calendar if that is empty.
            first, end: epoch seconds; may be infinite if nothing repeats.
        """
        after_s = _AFTER_S.get(self.kind, 0.0) if self.after_s is None else self.after_s
        for start in self._starts(local, first - after_s, end):
            begun = float(local.moment(start))
            # An end that the clock skips may come out before a start that it skips, too.
            over = max(begun, float(local.moment(start + (self.end - self.start))))
            if begun < end and (over + after_s > first or begun >= first):
                yield self._declared(begun, over, after_s)

    def _starts(self, local: LocalTime, first: float, end: float) -> Iterator[datetime]:
        """Local starts of what may touch ``[first, end)``, and perhaps of a little more."""
        if not self.repeats:
            yield self.start
            return
        lasts = self.end - self.start
        earliest = local.wall(first).date() - lasts - timedelta(days=2)
        latest = local.wall(end).date()
        if self.until is not None:
            latest = min(latest, self.until)
        if self.repeats == "weekly":
            weeks = max(0, (earliest - self.start.date()).days // 7)
            while (start := self.start + timedelta(weeks=weeks)).date() <= latest:
                yield start
                weeks += 1
            return
        for year in range(max(self.start.year, earliest.year), latest.year + 1):
            if (self.start.month, self.start.day) == (2, 29) and not isleap(year):
                continue
            if (start := self.start.replace(year=year)).date() <= latest:
                yield start

    def _declared(self, start: float, end: float, after_s: float) -> Declared:
        effect: Effect = "expect" if self.multiplier is not None else self.effect or _EFFECT[self.kind]
        learn = self.learn
        if learn is None:
            learn = effect == "note" and self.kind == "deploy"
        return Declared(
            name=self.name, kind=self.kind, start=start, end=end, scope=self.scope, effect=effect,
            multiplier=self.multiplier or 1.0, learn=learn, after_s=after_s,
        )  # fmt: skip
