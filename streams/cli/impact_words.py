"""The table ``[impact]`` in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict

from sinks.impact.affected import AVERAGE
from sinks.impact.section import ImpactConfig, TierConfig


def impact_in_words(impact: ImpactConfig) -> Iterator[str]:
    """What the impact score is taken from, a line at a time."""
    yield "impact (0 to 10; what is not known leaves its weight to the rest)"
    weights = {name: weight for name, weight in asdict(impact.weights).items() if weight}
    total = sum(weights.values())
    shares = sorted(weights.items(), key=lambda each: -each[1])
    yield f"  weights: {', '.join(f'{name} {weight / total:.0%}' for name, weight in shares)}"
    yield (
        f"  full at {impact.mentions_full:,.0f} mentions, {impact.customers_full:,.0f} customers, "
        f"{impact.velocity_full:g} times the usual, a sentiment of {impact.sentiment_full:g},"
    )
    yield f"  {impact.currency} {impact.revenue_full:,.0f} a year, {impact.churn_full:.0%} who leave"
    for tier, known in impact.tiers.items():
        name = "the average customer" if tier == AVERAGE else f"{impact.tier_dimension} {tier}"
        yield f"  {name}: {_tier(known, impact.currency)}"
    if not impact.tiers:
        yield "  no tiers: revenue at risk and tier weight stay unknown"
    for glob, share in impact.churn.items():
        yield f"  theme {glob}: {100 * share:.3g}% of those affected leave"
    for glob, days in impact.effort.items():
        yield f"  theme {glob}: {days:g} person-days to fix"
    for severity, least in impact.bands.items():
        yield f"  an assignment is at least {severity.value} from {least:g}"


def _tier(known: TierConfig, currency: str) -> str:
    said = []
    if known.arr is not None:
        said.append(f"{currency} {known.arr:,.0f} a year")
    if known.churn is not None:
        said.append(f"{100 * known.churn:.3g}% leave")
    if known.weight is not None:
        said.append(f"weight {known.weight:g}")
    return ", ".join(said) or "nothing known"
