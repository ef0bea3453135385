"""The least move that matters, as a rule says it: ``"0.25 sd"``, ``"10%"``, or a number in the metric's unit."""

import re
from math import isfinite

from detectors.drift_baseline import DriftBaseline

_EFFECT = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(sd|%)?\s*", re.ASCII)


def parse_effect(value: str | float) -> tuple[float, str]:
    """(size, unit); the unit is ``sd``, ``%`` or empty for the metric's own.

    Raises:
        ValueError: for anything else, or a size that is not above 0.

    >>> parse_effect("0.25 sd"), parse_effect("10%"), parse_effect(0.2)
    ((0.25, 'sd'), (10.0, '%'), (0.2, ''))
    """
    found = _EFFECT.fullmatch(value) if isinstance(value, str) else None
    size = float(found[1]) if found else value if isinstance(value, int | float) else 0.0
    if not (isfinite(size) and size > 0):
        raise ValueError(f'min_effect: expected a number above 0, "0.25 sd" or "10%", got {value!r}')
    return float(size), (found[2] or "") if found else ""


class Effect:
    """A least move that may depend on what is usual.

    >>> Effect("0.2").of(DriftBaseline())
    0.2
    """

    __slots__ = ("size", "unit")

    def __init__(self, value: str | float) -> None:
        self.size, self.unit = parse_effect(value)

    def of(self, usual: DriftBaseline) -> float:
        """The move in the metric's unit; never less than a twentieth of one event's standard deviation."""
        least = 0.05 * usual.sd
        if self.unit == "sd":
            return max(self.size * usual.sd, least)
        if self.unit == "%":
            return max(self.size / 100.0 * abs(usual.average), least)
        return max(self.size, least)
