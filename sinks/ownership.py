"""Ownership: which role answers for a signal. The last matching rule wins, as in CODEOWNERS."""

import re
from collections.abc import Callable
from fnmatch import translate
from typing import NamedTuple

from msgspec import Struct

from schemas.assignment import Raci
from schemas.signal import Severity, Signal
from sinks.escalation import StepConfig

DEFAULT = "default"
"""Name of the route of a signal that no rule matches."""

Patterns = str | list[str] | None


class MatchConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule asks of a signal: every key that is present must match, by any of its patterns.

    Patterns are globs (``*``, ``?``, ``[a-z]``) without regard to case; one string is a list of one.

    Attributes:
        slice: matches any driver's ``dimension=value``.
        region: matches the value of any driver ``region=value``.
    """

    theme: Patterns = None
    metric: Patterns = None
    slice: Patterns = None
    severity: Patterns = None
    region: Patterns = None
    tenant: Patterns = None


class RoleConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles of a route: who does it, who answers for it, who is asked, who is told."""

    role: str
    accountable: str
    consulted: list[str] = []
    informed: list[str] = []


class RuleConfig(RoleConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table ``[[ownership.rules]]``.

    Attributes:
        escalate: who is told if its owner does nothing; the severity's own chain, if empty.
    """

    name: str
    match: MatchConfig
    escalate: list[StepConfig] = []


class OwnershipConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[ownership]``; :class:`Ownership` refuses one without a default."""

    default: RoleConfig | None = None
    rules: list[RuleConfig] = []


class Route(Struct, frozen=True, kw_only=True):
    """Where a signal goes, and the name of the rule that says so."""

    rule: str
    raci: Raci


class RuleVerdict(Struct, frozen=True, kw_only=True):
    """What one rule says about a signal, in words in ``text``."""

    rule: str
    matched: bool
    won: bool
    text: str


class _Matcher(NamedTuple):
    key: str
    patterns: list[str]
    regex: re.Pattern[str]

    def failure(self, signal: Signal) -> str:
        """Why the key does not match, in words; empty if it does."""
        values = _VALUES[self.key](signal)
        if any(self.regex.match(value) for value in values):
            return ""
        asked = " or ".join(self.patterns)
        if not values:
            return f"no {self.key} rose, {asked} is asked for"
        return f"{self.key} is {', '.join(values)}, not {asked}"


class _Rule(NamedTuple):
    route: Route
    matchers: list[_Matcher]

    def failures(self, signal: Signal) -> list[str]:
        return [failure for matcher in self.matchers if (failure := matcher.failure(signal))]


class Ownership:
    """The rules, ready to route; a signal always has an owner.

    >>> mobile = RuleConfig(name="mobile", match=MatchConfig(theme="login-*"), role="product-mobile", accountable="vp")
    >>> default = RoleConfig(role="cx-operations", accountable="head-of-cx")
    >>> ownership = Ownership(OwnershipConfig(default=default, rules=[mobile]))
    """

    __slots__ = ("_default", "_rules")

    def __init__(self, config: OwnershipConfig) -> None:
        """Check and compile ``config``.

        Raises:
            ValueError: no default, an empty role, name, match or pattern, an unknown severity, or two rules
                of one name; the message begins with the key, such as ``ownership.rules[2].match``.
        """
        if config.default is None:
            raise ValueError("ownership.default: is missing; it owns what no rule matches")
        self._default = Route(rule=DEFAULT, raci=_raci("ownership.default", config.default))
        self._rules: list[_Rule] = []
        places = {DEFAULT: "ownership.default"}
        for index, rule in enumerate(config.rules):
            path = f"ownership.rules[{index}]"
            _filled(f"{path}.name", rule.name)
            if rule.name in places:
                raise ValueError(f'{path}.name: "{rule.name}" is already the name of {places[rule.name]}')
            places[rule.name] = path
            route = Route(rule=rule.name, raci=_raci(path, rule))
            self._rules.append(_Rule(route, _matchers(f"{path}.match", rule.match)))

    def route(self, signal: Signal) -> Route:
        """The route of the last rule that matches ``signal``, else the default."""
        for rule in reversed(self._rules):
            if not rule.failures(signal):
                return rule.route
        return self._default

    def explain(self, signal: Signal) -> list[RuleVerdict]:
        """What the default and then each rule, in order, say about ``signal``; exactly one has won."""
        winner = self.route(signal).rule
        verdicts = [_verdict(DEFAULT, [], winner, "won: no rule matches")]
        won = "won: the last rule that matches"
        verdicts += [_verdict(rule.route.rule, rule.failures(signal), winner, won) for rule in self._rules]
        return verdicts


def _verdict(name: str, failures: list[str], winner: str, won: str) -> RuleVerdict:
    matched = won if name == winner else f"matches, but the later rule {winner} wins"
    return RuleVerdict(rule=name, matched=not failures, won=name == winner, text="; ".join(failures) or matched)


def _raci(path: str, config: RoleConfig) -> Raci:
    _filled(f"{path}.role", config.role)
    _filled(f"{path}.accountable", config.accountable)
    for key, roles in (("consulted", config.consulted), ("informed", config.informed)):
        for index, role in enumerate(roles):
            _filled(f"{path}.{key}[{index}]", role)
    return Raci(
        responsible=config.role,
        accountable=config.accountable,
        consulted=config.consulted,
        informed=config.informed,
    )


def _matchers(path: str, match: MatchConfig) -> list[_Matcher]:
    matchers = []
    for key in _VALUES:
        given: Patterns = getattr(match, key)
        if given is None:
            continue
        patterns = [given] if isinstance(given, str) else given
        if not patterns:
            raise ValueError(f"{path}.{key}: is empty and would never match; leave the key out to match anything")
        for pattern in patterns:
            _filled(f"{path}.{key}", pattern)
            if key == "severity" and not any(_regex([pattern]).match(severity) for severity in Severity):
                raise ValueError(f'{path}.{key}: "{pattern}" matches none of {", ".join(Severity)}')
        matchers.append(_Matcher(key, patterns, _regex(patterns)))
    if not matchers:
        raise ValueError(f"{path}: is empty; name at least one of {', '.join(_VALUES)}, or use ownership.default")
    return matchers


def _regex(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns), re.IGNORECASE)


def _filled(path: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"{path}: is empty")


def _regions(signal: Signal) -> list[str]:
    parts = (driver.slice.partition("=") for driver in signal.drivers)
    return [value for dimension, _, value in parts if dimension.lower() == "region"]


_VALUES: dict[str, Callable[[Signal], list[str]]] = {
    "theme": lambda signal: [signal.theme],
    "metric": lambda signal: [signal.metric],
    "slice": lambda signal: [driver.slice for driver in signal.drivers],
    "severity": lambda signal: [signal.severity.value],
    "region": _regions,
    "tenant": lambda signal: [signal.tenant],
}
