"""Durations: ``5h`` in the configuration, seconds in the code, ``5 hours`` for people."""

import math
import re

_SIZES = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_PART = r"(?:([0-9]+(?:\.[0-9]+)?)\s*{}\s*)?"
_DURATION = re.compile(r"\s*" + "".join(_PART.format(unit) for unit in _SIZES))
_WORDS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MOST = 100
"""A count from here on reads better in two units, unless it counts days."""


def parse_duration(text: str) -> float:
    """Seconds of ``text``: numbers with the units w, d, h, m, s, the largest first, each at most once.

    Raises:
        ValueError: ``text`` is anything else.

    >>> parse_duration("5h"), parse_duration("1h30m"), parse_duration("0.5s")
    (18000.0, 5400.0, 0.5)
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        units = "numbers with the units w, d, h, m, s, the largest first"
        raise ValueError(f'"{text[:40]}" is no duration: write {units}, such as 15m, 1h30m or 3d')
    seconds = sum(float(count) * size for count, size in zip(found.groups(), _SIZES.values(), strict=True) if count)
    if not math.isfinite(seconds):
        raise ValueError(f'"{text[:40]}" is no duration: the number is too large')
    return seconds


def format_duration(seconds: float) -> str:
    """``seconds`` in words: in one unit where that is exact and short, else rounded to two.

    Raises:
        ValueError: ``seconds`` is negative or not finite.

    >>> format_duration(18_000), format_duration(5_400), format_duration(86_400), format_duration(9_015)
    ('5 hours', '90 minutes', '1 day', '2 hours 30 minutes')
    """
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{seconds} seconds is no length of time")
    for word, size in _WORDS[:-1]:
        count, rest = divmod(seconds, size)
        if count and not rest and (count < _MOST or word == "day"):
            return _counted(int(count), word)
    if seconds < _MOST:
        return _counted(float(f"{seconds:.3g}"), "second")
    lead = next(index for index, (_, size) in enumerate(_WORDS) if seconds >= size)
    (word, size), (next_word, next_size) = _WORDS[lead : lead + 2]
    rounded = _half_up(seconds / next_size) * next_size
    if rounded != seconds:
        return format_duration(rounded)
    count, rest = divmod(rounded, size)
    return f"{_counted(int(count), word)} {_counted(int(rest // next_size), next_word)}"


def _half_up(number: float) -> int:
    return math.floor(number + 0.5)


def _counted(count: float, word: str) -> str:
    return f"{count:g} {word}" if count == 1 else f"{count:.12g} {word}s"
