"""Cause or coincidence: which signals that begin together belong together, and what explains them.

A slice is a cause if several signals have most of their rise in it and chance would hardly do that: unrelated ones
share a slice of a share t of traffic about t of the time, so of those that are to be expected within the window so many
would be in it as a Poisson law says. Of the causes that stand this test the one that explains most, as the sum of its
terms of each signal's divergence from traffic, comes first: the smallest slice that covers them all outweighs wider
ones. Signals of one theme that begin together belong together as well, by whatever rules they were found.
"""

from collections.abc import Iterable, Sequence
from math import exp
from typing import NamedTuple

from sinks.triage.state import Known, SliceFact

THEME = "theme="
"""Begins the cause of signals that share nothing but their theme."""

NARROW = 0.25
"""The most of all traffic that a slice may have, for one who shares it to belong to an incident without doubt."""

_CHANCE = 0.02
_DAY_S = 86_400.0
# As if so many a day were usual where little is known.
_PRIOR_A_DAY = 4.0
# What part of a rise a cause explains, and how it compares with the best explanation.
_STRONG_PART, _STRONG_OF_BEST = 0.5, 0.5
_WEAK_PART, _WEAK_OF_BEST = 0.25, 0.3
# A slice comes up among the weak ones by chance about so many times as often as its share of traffic.
_WEAK_ODDS = 2.0
_SAME_THEME = 0.01


COVERED = 2 / 3
"""Of its members so many must share the cause of an incident."""

ESTABLISHED = 3
"""From so many members on a cause is beyond doubt, and weak evidence of it counts."""


class Group(NamedTuple):
    """Signals that belong together; ``cause`` is empty if they share no slice."""

    cause: str
    members: list[Known]


def fit(known: Known, cause: str, *, weak: bool = False) -> SliceFact | None:
    """The slice by which a cause explains most of a signal; None if it does not, or something else does much better.

    Args:
        weak: whether a good part will do. The first mentions of a rise are few, and drown in what is usual.
    """
    least, of_best = (_WEAK_PART, _WEAK_OF_BEST) if weak else (_STRONG_PART, _STRONG_OF_BEST)
    for fact in known.slices:
        if fact.name == cause:
            return fact if fact.part >= least and fact.weight >= of_best * known.slices[0].weight else None
    return None


def unexplained(known: Known) -> bool:
    """Whether no slice explains most of a signal."""
    return not any(fact.part >= _STRONG_PART for fact in known.slices)


def expected(openings: Iterable[float], at: float, window_s: float) -> float:
    """How many unrelated signals are to be expected to open within a window, by those of the day before ``at``."""
    recent = sum(at - _DAY_S <= opened < at - window_s for opened in openings)
    return (recent + _PRIOR_A_DAY) * window_s / _DAY_S


def by_chance(others: int, mean: float) -> bool:
    """Whether so many others, or more, may well be chance where ``mean`` are expected.

    >>> by_chance(1, 0.01), by_chance(1, 0.05), by_chance(2, 0.1)
    (False, True, False)
    """
    term = below = exp(-mean)
    for n in range(1, others):
        term *= mean / n
        below += term
    return 1.0 - below > _CHANCE


def groups(pool: Sequence[Known], mean: float) -> list[Group]:
    """The groups with a cause among signals that begin together, the one that explains most first.

    Args:
        pool: in a set order.
        mean: unrelated signals expected in the time they take.
    """
    left, found = list(pool), []
    while (best := _best(left, mean)) is not None:
        found.append(best)
        taken = {each.id for each in best.members}
        left = [each for each in left if each.id not in taken]
    return found


def _best(pool: Sequence[Known], mean: float) -> Group | None:
    candidates = []
    for cause in sorted({each.name for known in pool for each in known.slices}):
        strong, weak = _fitting(pool, cause, weak=False), _fitting(pool, cause, weak=True)
        facts = [fact for _, fact in weak]
        traffic = max((fact.traffic for fact in facts), default=1.0)
        if len(weak) >= ESTABLISHED and not by_chance(len(weak) - 1, _WEAK_ODDS * mean * traffic):
            strong = weak
        if len(strong) > 1 and (strong is weak or not by_chance(len(strong) - 1, mean * traffic)):
            candidates.append((sum(fact.weight for _, fact in strong), cause, [known for known, _ in strong]))
    for theme in sorted({known.theme for known in pool}):
        members = [known for known in pool if known.theme == theme]
        if len(members) > 1:
            candidates.append((_SAME_THEME * len(members), f"{THEME}{theme}", members))
    if not candidates:
        return None
    _, cause, members = max(candidates, key=lambda each: (each[0], len(each[2]), each[1]))
    return Group(cause, members)


def _fitting(pool: Sequence[Known], cause: str, *, weak: bool) -> list[tuple[Known, SliceFact]]:
    return [(known, fact) for known in pool if (fact := fit(known, cause, weak=weak)) is not None]


def at_once(pool: Sequence[Known], least: int, mean: float) -> Group | None:
    """Signals that move the same way at the same time and that no slice explains, if they are too many for chance.

    Those that a slice of their own explains have a cause of their own.
    """
    for rising in (True, False):
        members = [known for known in pool if known.rising is rising and unexplained(known)]
        themes = {known.theme for known in members}
        if len(themes) >= least and not by_chance(len(themes) - 1, mean):
            return Group("", members)
    return None


def explained(members: Sequence[Known], before: str) -> str:
    """The cause of an incident as its members stand now: what explains most of it, if it covers two thirds of them."""
    weights: dict[str, list[float]] = {}
    for known in members:
        for fact in known.slices:
            if fit(known, fact.name, weak=len(members) >= ESTABLISHED) is not None:
                weights.setdefault(fact.name, []).append(fact.weight)
    covering = {name: sum(each) for name, each in weights.items() if len(each) >= max(COVERED * len(members), 2)}
    return max(covering, key=lambda name: (covering[name], name)) if covering else before
