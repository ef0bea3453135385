"""The impact score: how much a signal matters, part by part."""

from msgspec import Struct


class ImpactPart(Struct, frozen=True, kw_only=True):
    """One reason why it matters.

    Attributes:
        name: such as ``customers`` or ``revenue_at_risk``.
        weight: its share of the score, 0 to 1; the weights of all parts add up to 1.
        value: how bad it is by this measure, 0 to 1.
        points: what it adds to the score: ``10 * weight * value``.
        text: what was measured, in words.
    """

    name: str
    weight: float
    value: float
    points: float
    text: str


class ImpactScore(Struct, frozen=True, kw_only=True):
    """The sum of its parts.

    Attributes:
        score: 0 (nobody minds) to 10.
        parts: the largest first.
        unknown: names of the parts that could not be measured; their weight went to the others.
    """

    score: float
    parts: list[ImpactPart]
    unknown: list[str] = []
