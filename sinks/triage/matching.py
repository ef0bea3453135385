"""Globs over what a signal is about, for silences and subscriptions."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import NamedTuple

from schemas.signal import Severity

Patterns = str | list[str] | None


class Facts(NamedTuple):
    """What a pattern can ask of a signal; an incident has several themes."""

    tenant: str
    theme: tuple[str, ...]
    rule: str
    severity: str
    slice: tuple[str, ...]
    owner: str


class Globs:
    """Every key that is given must match, by any of its patterns, without regard to case; none given matches all.

    >>> facts = Facts("bank", ("login-failure",), "surge", "high", ("os_version=17.2",), "mobile")
    >>> globs = Globs({"theme": ["login-*"], "severity": ["high", "critical"]})
    >>> globs.match(facts), str(globs)
    (True, 'theme login-* and severity high or critical')
    """

    __slots__ = ("_keys", "_text")

    def __init__(self, given: Mapping[str, Patterns]) -> None:
        listed = {key: [each] if isinstance(each, str) else each for key, each in given.items() if each}
        self._keys = [
            (key, re.compile("|".join(map(translate, patterns)), re.IGNORECASE)) for key, patterns in listed.items()
        ]
        self._text = " and ".join(f"{key} {' or '.join(patterns)}" for key, patterns in listed.items())

    def __str__(self) -> str:
        return self._text or "everything"

    def match(self, facts: Facts) -> bool:
        """Whether ``facts`` match."""
        return all(any(regex.match(value) for value in _values(facts, key)) for key, regex in self._keys)


def _values(facts: Facts, key: str) -> Sequence[str]:
    value: str | tuple[str, ...] = getattr(facts, key)
    return (value,) if isinstance(value, str) else value


def check_patterns(given: Mapping[str, Patterns]) -> None:
    """Refuse patterns that can never match.

    Raises:
        ValueError: naming the key.
    """
    for key, patterns in given.items():
        if patterns == []:
            raise ValueError(f"{key}: is empty and would never match; leave the key out to match anything")
        for pattern in [patterns] if isinstance(patterns, str) else patterns or ():
            if not pattern.strip():
                raise ValueError(f"{key}: is empty")
            regex = re.compile(translate(pattern), re.IGNORECASE)
            if key == "severity" and not any(regex.match(severity) for severity in Severity):
                raise ValueError(f'{key}: "{pattern}" matches none of {", ".join(Severity)}')
