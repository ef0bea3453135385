"""Which declarations are in force in a pane, and for which series.

A theme or a tenant is tested once a week against a list of patterns, and only if what has it is in force meanwhile:
with 100,000 series nobody may go through all that has been declared.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import translate
from typing import NamedTuple

from detectors.declared import Declared, Scope
from schemas.duration import format_duration

_EVERYTHING = ("*",)
_MAGIC = re.compile(r"^!|[*?\[]")


class Guidance(NamedTuple):
    """What a detector makes of a pane.

    Attributes:
        mute: no alarms; what is counted says nothing about the customers.
        multiplier: times the usual that is expected.
        learn: whether the baseline learns from the pane.
        day_as: the weekday whose season counts, 0 is Monday.
        context: what a person should know with an alarm, in words.
    """

    mute: bool
    multiplier: float
    learn: bool
    day_as: int
    context: tuple[str, ...]


class _Names:
    """Which of many lists of patterns a name fits, a bit each; a name is tested once against a list."""

    __slots__ = ("_always", "_known", "_literal", "_tests", "_tried")

    def __init__(self, patterns: Mapping[int, tuple[str, ...]]) -> None:
        self._always = self._tried = 0
        self._literal: dict[str, int] = {}
        self._tests: dict[int, Callable[[str], object]] = {}
        for bit, wanted in patterns.items():
            if wanted == _EVERYTHING:
                self._always |= bit
            elif not any(_MAGIC.search(pattern) for pattern in wanted):
                for name in wanted:
                    self._literal[name] = self._literal.get(name, 0) | bit
            else:
                self._tried |= bit
                self._tests[bit] = _matcher(wanted)
        self._known: dict[str, tuple[int, int]] = {}

    def fitting(self, name: str, asked: int) -> int:
        """Bits, at least those of ``asked``, that the name fits."""
        asked &= self._tried
        fits = self._always | self._literal.get(name, 0)
        if not asked:
            return fits
        tried, globbed = self._known.get(name, (0, 0))
        if missing := asked & ~tried:
            while missing:
                bit = missing & -missing
                if self._tests[bit](name):
                    globbed |= bit
                missing ^= bit
            self._known[name] = tried | asked, globbed
        return fits | globbed


class Block:
    """The declarations that touch a week, and whom they mean.

    Attributes:
        declared: by start, each with the bit of its scope; 0 if everybody is meant.
    """

    __slots__ = ("_tenants", "_themes", "declared", "starts")

    def __init__(self, declared: Iterable[Declared]) -> None:
        ordered = sorted(declared, key=lambda one: (one.start, one.name))
        bits: dict[Scope, int] = {}
        for one in ordered:
            if one.scope.themes != _EVERYTHING or one.scope.tenants != _EVERYTHING:
                bits.setdefault(one.scope, 1 << len(bits))
        self._themes = _Names({bit: scope.themes for scope, bit in bits.items()})
        self._tenants = _Names({bit: scope.tenants for scope, bit in bits.items()})
        self.declared = [(one, bits.get(one.scope, 0)) for one in ordered]
        self.starts = [one.start for one in ordered]

    def concerned(self, tenant: str, theme: str, asked: int) -> int:
        """Those of the bits ``asked`` whose scope holds the series."""
        asked &= self._tenants.fitting(tenant, asked)
        return asked & self._themes.fitting(theme, asked)


class Pane:
    """What is in force in one pane, and what has just ended; the guidance is made once for all whom the same concerns.

    Args:
        block: of the pane's start.
        at: start of the pane, epoch seconds.
        weekday: by the local clock, 0 is Monday.
        holiday_as: the weekday that holidays count as.
        bridging: why the day is a bridge, in words; empty if it is none.
    """

    __slots__ = ("_after", "_asked", "_at", "_block", "_guidance", "_holiday_as", "_in_force", "bridging", "weekday")

    def __init__(self, block: Block, at: float, pane_s: float, weekday: int, holiday_as: int, bridging: str) -> None:
        self._block, self._at, self._holiday_as = block, at, holiday_as
        self.weekday, self.bridging = weekday, bridging
        self._in_force: dict[int, list[Declared]] = {}
        self._after: dict[int, list[Declared]] = {}
        for one, bit in block.declared[: bisect_left(block.starts, at + pane_s)]:
            # A pane belongs to one day, that of its start.
            if one.kind == "holiday" and one.start > at:
                continue
            if one.end > at or one.start >= at:
                self._in_force.setdefault(bit, []).append(one)
            elif one.end + one.after_s > at:
                self._after.setdefault(bit, []).append(one)
        self._asked = sum({*self._in_force, *self._after})
        self._guidance: dict[int, Guidance] = {}

    @property
    def holiday(self) -> bool:
        """Whether everybody has a holiday."""
        return any(one.kind == "holiday" for one in self._in_force.get(0, ()))

    def guidance(self, tenant: str, theme: str) -> Guidance:
        """What to make of the pane of a series."""
        concerned = self._block.concerned(tenant, theme, self._asked) if self._asked else 0
        found = self._guidance.get(concerned)
        if found is None:
            found = self._guidance[concerned] = self._made(concerned)
        return found

    def events(self, tenant: str, theme: str) -> tuple[Declared, ...]:
        """What is in force for a series, by start."""
        concerned = self._block.concerned(tenant, theme, self._asked) if self._asked else 0
        return tuple(_those(self._in_force, concerned))

    def _made(self, concerned: int) -> Guidance:
        mute, multiplier, learn, day_as = False, 1.0, True, self.weekday
        days: list[str] = []
        others: list[str] = []
        for one in _those(self._in_force, concerned):
            mute |= one.effect == "mute"
            multiplier *= one.multiplier
            learn &= one.learn
            if one.kind == "holiday":
                day_as = self._holiday_as
            (days if one.kind == "holiday" else others).append(told(one, self._at))
        if self.bridging and not days:
            learn = False
            days.append(self.bridging)
        ended = [told(one, self._at) for one in _those(self._after, concerned)]
        return Guidance(mute, multiplier, learn, day_as, (*days, *others, *ended))


def _those(declared: Mapping[int, Sequence[Declared]], concerned: int) -> list[Declared]:
    """What means everybody, or has one of the bits, by start."""
    found = list(declared.get(0, ()))
    while concerned:
        bit = concerned & -concerned
        found += declared.get(bit, ())
        concerned ^= bit
    return sorted(found, key=lambda one: one.start)


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Whether a name matches any pattern and none that begins with ``!``; without any other, all match."""
    refused = [translate(pattern[1:]) for pattern in patterns if pattern.startswith("!")]
    wanted = [translate(pattern) for pattern in patterns if not pattern.startswith("!")] or [translate("*")]
    excluded = f"(?!{'|'.join(refused)})" if refused else ""
    return re.compile(f"{excluded}(?:{'|'.join(wanted)})").match


def told(one: Declared, at: float) -> str:
    """A declaration in words, as seen from ``at``.

    >>> told(Declared(name="db", kind="maintenance", start=0.0, end=600.0, effect="mute", learn=False), 1800.0)
    'maintenance db ended 20 minutes earlier'
    """
    if one.kind == "holiday":
        return f"public holiday: {one.name}" if one.public else f"holiday: {one.name}"
    what = one.name if one.name.lower().startswith(one.kind) else f"{one.kind} {one.name}"
    if one.kind == "deploy":
        return f"{what} {_ago(at - one.start)}"
    if one.end <= at and one.start < at:
        return f"{what} ended {_ago(at - one.end)}"
    if one.effect == "mute":
        return f"{what}: no alarms"
    if one.effect == "expect":
        return f"{what}: {one.multiplier:g} times the usual is expected"
    return what


def _ago(seconds: float) -> str:
    return f"{format_duration(seconds // 60 * 60)} earlier" if seconds >= 60 else "just now"
