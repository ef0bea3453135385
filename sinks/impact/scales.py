"""From an amount to 0 to 1. Every scale rises with its amount and is cut off at both ends. Pure."""

from math import log, log10

_DECADES = 3.0


def amount(value: float, full: float) -> float:
    """On a log scale of three decades that ends at ``full``.

    >>> [round(amount(value, 1000.0), 2) for value in (0, 1, 10, 100, 1000, 5000)]
    [0.0, 0.0, 0.33, 0.67, 1.0, 1.0]
    """
    return clip(1.0 + log10(value / full) / _DECADES) if value > 0 else 0.0


def times(ratio: float, full: float) -> float:
    """On a log scale from once, which is nothing, to ``full`` times.

    >>> [round(times(ratio, 100.0), 2) for ratio in (0.5, 1, 10, 100, 1000)]
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    return clip(log(ratio) / log(full)) if ratio > 0 else 0.0


def linear(value: float, full: float) -> float:
    """In proportion to ``full``, which may be negative.

    >>> linear(-0.35, -0.7), linear(0.2, -0.7)
    (0.5, 0.0)
    """
    return clip(value / full)


def clip(value: float) -> float:
    """At least 0 and at most 1.

    >>> clip(-3.0), clip(0.5), clip(2.0)
    (0.0, 0.5, 1.0)
    """
    return min(max(value, 0.0), 1.0)
