"""Who is affected, by tier, as far as the signal's slices tell. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.signal import Signal
from sinks.impact.section import TierConfig

AVERAGE = "*"
"""Key of the average customer in ``[impact.tiers]``."""


class Group(NamedTuple):
    """A part of the affected customers.

    Attributes:
        tier: None for those whose tier is not told.
        share: of all affected, 0 to 1.
        known: what the configuration knows of them; nothing is known of a tier that it does not name.
    """

    tier: str | None
    share: float
    known: TierConfig


def groups(signal: Signal, dimension: str, tiers: Mapping[str, TierConfig]) -> list[Group]:
    """The affected customers by tier, the largest first, those of no known tier last.

    Only slices that rose are told, so the rest is of any tier; it gets the average customer's numbers, if there are
    any. The share of mentions is taken for the share of customers.
    """
    found: list[Group] = []
    for driver in signal.drivers:
        name, _, value = driver.slice.partition("=")
        if name == dimension:
            known = tiers.get(value) or tiers.get(AVERAGE) or TierConfig()
            found.append(Group(value, min(max(driver.share, 0.0), 1.0), known))
    found.sort(key=lambda group: (-group.share, group.tier))
    told = sum(group.share for group in found)
    if told > 1:
        found, told = [group._replace(share=group.share / told) for group in found], 1.0
    rest = round(1.0 - told, 6)
    if rest > 0:
        found.append(Group(None, rest, tiers.get(AVERAGE) or TierConfig()))
    return found


class Mean(NamedTuple):
    """A mean over those groups of which the number is known.

    Attributes:
        share: of all affected, those it is known of.
    """

    value: float
    share: float


def mean(found: list[Group], number: Callable[[TierConfig], float | None]) -> Mean | None:
    """The mean of ``number`` by share; None if it is known of nobody."""
    pairs = [(group, value) for group in found if (value := number(group.known)) is not None]
    share = sum(group.share for group, _ in pairs)
    if share <= 0:
        return None
    total = sum(group.share * value for group, value in pairs)
    return Mean(total / share, min(share, 1.0))


def in_words(found: list[Group]) -> str:
    """Which tiers are told, in words; empty if none is.

    >>> in_words([Group("gold", 0.6, TierConfig()), Group(None, 0.4, TierConfig())])
    '60% gold'
    """
    return ", ".join(f"{group.share:.0%} {group.tier}" for group in found if group.tier is not None)
