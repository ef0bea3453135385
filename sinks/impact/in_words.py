"""An impact score in a line. Pure."""

from schemas.impact import ImpactScore

_SHORT = {
    "revenue_at_risk": "revenue",
    "churn_risk": "churn",
    "tier_weight": "tiers",
    "key_metrics": "key metrics",
}


def short(impact: ImpactScore, most: int = 3) -> str:
    """The score and the names of its largest parts, those that add nothing left out.

    >>> from schemas.impact import ImpactPart
    >>> part = ImpactPart(name="revenue_at_risk", weight=1.0, value=0.86, points=8.6, text="USD 1.1 million a year")
    >>> short(ImpactScore(score=8.6, parts=[part]))
    'impact 8.6: revenue'
    """
    names = [_SHORT.get(part.name, part.name) for part in impact.parts if part.points > 0][:most]
    return f"impact {impact.score:.1f}" + (f": {', '.join(names)}" if names else "")


def why(impact: ImpactScore, most: int = 3) -> str:
    """What was measured of its largest parts; empty if none adds anything."""
    return "; ".join([part.text for part in impact.parts if part.points > 0][:most])
