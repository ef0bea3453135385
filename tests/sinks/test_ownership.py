"""Who owns a signal, and how the rules explain it."""

import tomllib
from typing import Any

import msgspec
import pytest

from schemas.signal import Severity
from sinks.ownership import Ownership, OwnershipConfig
from tests.support.signals import make_driver, make_signal

DEFAULT = 'default = { role = "cx-operations", accountable = "head-of-cx" }\n'
EXAMPLE = """
[ownership]
default = { role = "cx-operations", accountable = "head-of-cx", consulted = [], informed = [] }

[[ownership.rules]]
name = "mobile"
match = { theme = ["login-*", "app-*"], slice = ["os_version=iOS*"] }
role = "product-mobile"
accountable = "vp-product"
consulted = ["engineering-identity"]
informed = ["cx-operations"]

[[ownership.rules]]
name = "europe"
match = { region = "eu-*", severity = ["high", "critical"] }
role = "cx-europe"
accountable = "head-of-europe"
"""


def ownership(toml: str) -> Ownership:
    config = msgspec.convert(tomllib.loads(toml)["ownership"], OwnershipConfig, strict=True)
    return Ownership(config)


def rule(name: str, match: str, role: str = "team", accountable: str = "boss") -> str:
    table = f'[[ownership.rules]]\nname = "{name}"\nmatch = {{ {match} }}\n'
    return f'{table}role = "{role}"\naccountable = "{accountable}"\n'


def test_routes_to_the_roles_of_the_rule() -> None:
    route = ownership(EXAMPLE).route(make_signal())
    assert route.rule == "mobile"
    assert route.raci.responsible == "product-mobile"
    assert route.raci.accountable == "vp-product"
    assert route.raci.consulted == ["engineering-identity"]
    assert route.raci.informed == ["cx-operations"]


def test_the_default_owns_what_no_rule_matches() -> None:
    route = ownership(EXAMPLE).route(make_signal(theme="card-declined", drivers=[]))
    assert (route.rule, route.raci.responsible) == ("default", "cx-operations")


def test_the_last_matching_rule_wins() -> None:
    drivers = [make_driver("os_version=iOS 17"), make_driver("region=EU-west")]
    signal = make_signal(severity=Severity.HIGH, drivers=drivers)
    assert ownership(EXAMPLE).route(signal).rule == "europe"


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ('theme = "login-*"', True),
        ('theme = "LOGIN-failure"', True),
        ('theme = "login"', False),
        ('theme = ["card-*", "*-failure"]', True),
        ('theme = "login-[a-f]*"', True),
        ('metric = "mentions"', True),
        ('metric = "sentiment"', False),
        ('slice = "os_version=ios*"', True),
        ('slice = "os_version=Android*"', False),
        ('slice = "region=eu-*"', True),
        ('region = "eu-*"', True),
        ('region = "west"', False),
        ('severity = ["high", "critical"]', True),
        ('severity = "low"', False),
        ('tenant = "ban?"', True),
        ('theme = "login-*", tenant = "retail"', False),
        ('theme = "login-*", tenant = "bank", region = "eu-west"', True),
    ],
)
def test_every_key_must_match_by_any_pattern(match: str, matches: bool) -> None:
    drivers = [make_driver("os_version=iOS 17"), make_driver("region=EU-west")]
    signal = make_signal(severity=Severity.HIGH, drivers=drivers)
    routed = ownership(f"[ownership]\n{DEFAULT}{rule('it', match)}").route(signal).rule
    assert routed == ("it" if matches else "default")


def test_explains_each_rule() -> None:
    fails = rule("b", 'theme = ["app-*", "pay-*"], region = "eu-*"')
    rules = rule("a", 'theme = "*"') + fails + rule("c", 'tenant = "*"')
    verdicts = ownership(f"[ownership]\n{DEFAULT}{rules}").explain(make_signal())
    assert [(verdict.rule, verdict.matched, verdict.won, verdict.text) for verdict in verdicts] == [
        ("default", True, False, "matches, but the later rule c wins"),
        ("a", True, False, "matches, but the later rule c wins"),
        ("b", False, False, "theme is login-failure, not app-* or pay-*; no region rose, eu-* is asked for"),
        ("c", True, True, "won: the last rule that matches"),
    ]


def test_explains_the_default() -> None:
    verdicts = ownership(f"[ownership]\n{DEFAULT}").explain(make_signal())
    assert [(verdict.rule, verdict.won, verdict.text) for verdict in verdicts] == [
        ("default", True, "won: no rule matches"),
    ]


GOOD = rule("a", 'theme = "a"')


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("", "ownership.default: is missing"),
        ('default = { role = " ", accountable = "x" }', "ownership.default.role: is empty"),
        (DEFAULT + GOOD + rule("b", ""), "ownership.rules[1].match: is empty"),
        (DEFAULT + GOOD + GOOD, 'ownership.rules[1].name: "a" is already the name of ownership.rules[0]'),
        (DEFAULT + rule("default", 'theme = "a"'), 'ownership.rules[0].name: "default" is already'),
        (DEFAULT + rule("", 'theme = "a"'), "ownership.rules[0].name: is empty"),
        (DEFAULT + rule("a", 'theme = "a"', role=""), "ownership.rules[0].role: is empty"),
        (DEFAULT + rule("a", 'theme = "a"', accountable=""), "ownership.rules[0].accountable: is empty"),
        (DEFAULT + GOOD + 'informed = ["x", ""]', "ownership.rules[0].informed[1]: is empty"),
        (DEFAULT + rule("a", "theme = []"), "ownership.rules[0].match.theme: is empty and would never match"),
        (DEFAULT + rule("a", 'theme = ["a", ""]'), "ownership.rules[0].match.theme: is empty"),
        (DEFAULT + rule("a", 'severity = "hihg"'), 'ownership.rules[0].match.severity: "hihg" matches none of low'),
        (DEFAULT + rule("a", 'themes = "a"'), "unknown field `themes`"),
        (DEFAULT + GOOD + 'owner = "x"', "unknown field `owner`"),
    ],
)
def test_refuses_a_bad_configuration(toml: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 the message is compared as it stands
        ownership(f"[ownership]\n{toml}")
    assert message in str(refused.value)


@pytest.mark.parametrize("overrides", [{"drivers": []}, {"theme": ""}, {"theme": "a\nb"}, {"tenant": "[x]"}])
def test_always_has_an_owner(overrides: dict[str, Any]) -> None:
    assert ownership(EXAMPLE).route(make_signal(**overrides)).raci.responsible
