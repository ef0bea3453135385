"""The parts of an impact score: each measures one thing about a signal, or says that it cannot. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import UNSET

from schemas.signal import Signal
from sinks.impact.affected import Group, groups, in_words, mean
from sinks.impact.scales import amount, clip, linear, times
from sinks.impact.section import Globs, ImpactConfig

_HIGHEST_SCORE = 100.0
_WITH_IT = 0.5


class Measure(NamedTuple):
    """How bad it is by one measure, 0 to 1, and what was measured, in words."""

    value: float
    text: str


class Case:
    """A signal, with what several parts ask of it.

    Attributes:
        affected: customers likely affected; 0 where the events name no customer.
    """

    __slots__ = ("affected", "churn", "config", "effort", "groups", "signal")

    def __init__(self, signal: Signal, config: ImpactConfig, churn: Globs, effort: Globs) -> None:
        self.signal, self.config, self.churn, self.effort = signal, config, churn, effort
        self.affected = max(signal.customers, signal.customers_estimated)
        self.groups: list[Group] = groups(signal, config.tier_dimension, config.tiers)


def volume(case: Case) -> Measure | None:
    """How much has been said since it began."""
    mentions = max(case.signal.mentions, case.signal.total_mentions)
    return Measure(amount(mentions, case.config.mentions_full), f"{mentions:,} mentions so far")


def velocity(case: Case) -> Measure | None:
    """How fast it rises: times the usual; of a mean, how remarkable its move is."""
    signal = case.signal
    if signal.metric != "mentions":
        if signal.score is UNSET:
            return None
        rarity = "" if signal.unusual is UNSET else f", {signal.unusual}"
        return Measure(clip(signal.score / _HIGHEST_SCORE), f"moved by {signal.score:.0f} of 100{rarity}")
    high, low = signal.observed, signal.expected
    direction = signal.detector.parameters.get("direction")
    if direction == "fall" or (direction == "both" and high < low):
        high, low = low, high
    # One more on both sides: two where next to none are usual are not yet a storm.
    ratio = (max(high, 0.0) + 1.0) / (max(low, 0.0) + 1.0)
    return Measure(
        times(ratio, case.config.velocity_full),
        f"{_number(signal.observed)} where about {_number(signal.expected)} are usual",
    )


def sentiment(case: Case) -> Measure | None:
    """What they feel."""
    felt = case.signal.sentiment
    return None if felt is None else Measure(linear(felt, case.config.sentiment_full), f"sentiment {felt:+.2f}")


def customers(case: Case) -> Measure | None:
    """How many are affected, those who say nothing included."""
    if not case.affected:
        return None
    text = f"{case.signal.customers:,} customers, about {case.affected:,} affected"
    return Measure(amount(case.affected, case.config.customers_full), text)


def revenue_at_risk(case: Case) -> Measure | None:
    """What the affected customers pay in a year, as far as their tiers are known."""
    found = mean(case.groups, lambda known: known.arr)
    if found is None or not case.affected:
        return None
    payers = case.affected * found.share
    total = payers * found.value
    least = "at least " if found.share < 1 else ""
    tiers = in_words(case.groups) or "by the average customer"
    text = f"{least}{case.config.currency} {_rounded(total)} a year from about {round(payers):,} customers ({tiers})"
    return Measure(amount(total, case.config.revenue_full), text)


def churn_risk(case: Case) -> Measure | None:
    """Which share of them leaves: by what it is about or by who they are, whichever is more."""
    signal = case.signal
    themes = [signal.theme] + ([] if signal.members is UNSET else [member.theme for member in signal.members])
    by_theme = [share for theme in themes if (share := case.churn.of(theme)) is not None]
    by_tier = mean(case.groups, lambda known: known.churn)
    found = by_theme + ([] if by_tier is None else [by_tier.value])
    if not found:
        return None
    share = max(found)
    leaving = f", about {round(share * case.affected):,} customers" if case.affected else ""
    return Measure(linear(share, case.config.churn_full), f"{100 * share:.3g}% leave over this{leaving}")


def tier_weight(case: Case) -> Measure | None:
    """How much those who are affected count, against the tier that counts most."""
    most = max((tier.weight or 0.0 for tier in case.config.tiers.values()), default=0.0)
    found = mean(case.groups, lambda known: known.weight)
    if found is None or not most:
        return None
    told = f" ({tiers})" if (tiers := in_words(case.groups)) else ""
    return Measure(clip(found.value / most), f"tier weight {_number(found.value)} of {_number(most)}{told}")


def key_metrics(case: Case) -> Measure | None:
    """Whether a score that matters by itself has moved, or something moved together with it."""
    signal = case.signal
    for name in case.config.key_metrics:
        if signal.metric.lower() == name.lower():
            return Measure(1.0, f"{name} itself has moved")
    told = list(signal.context or []) + [member.rule for member in signal.members or []]
    for name in case.config.key_metrics:
        word = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", re.IGNORECASE)
        if any(word.search(text) for text in told):
            return Measure(_WITH_IT, f"{name} moved with it")
    return None


def effort(case: Case) -> Measure | None:
    """How soon it can be mended: of two that are as bad, the quick fix comes first."""
    days = case.effort.of(case.signal.theme)
    if days is None:
        return None
    value = 1.0 - times(max(days, 1.0), case.config.effort_full)
    return Measure(value, f"about {days:g} person-days to fix")


PARTS: Mapping[str, Callable[[Case], Measure | None]] = {
    "volume": volume,
    "velocity": velocity,
    "sentiment": sentiment,
    "customers": customers,
    "revenue_at_risk": revenue_at_risk,
    "churn_risk": churn_risk,
    "tier_weight": tier_weight,
    "key_metrics": key_metrics,
    "effort": effort,
}
"""Name of each part, as in ``[impact.weights]`` -> how it is measured; None: it is unknown."""


def _number(value: float) -> str:
    """
    >>> _number(0.0909), _number(15.0), _number(3.3), _number(12_345.6)
    ('0.1', '15', '3.3', '12,346')
    """
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _rounded(money: float) -> str:
    """To two digits or, from ten millions on, to whole millions: it is an estimate.

    >>> _rounded(1_125_000.0), _rounded(840.0), _rounded(31_400.0), _rounded(54_300_000.0)
    ('1.1 million', '840', '31,000', '54 million')
    """
    if money >= 999_500:
        millions = money / 1e6
        return f"{millions:.1f} million" if millions < 10 else f"{millions:,.0f} million"
    return f"{float(f'{money:.2g}'):,.0f}"
