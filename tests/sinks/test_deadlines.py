"""Deadlines by severity."""

import tomllib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.signal import Severity
from sinks.deadlines import Deadlines, DeadlinesConfig, priority

SINCE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def deadlines(toml: str) -> Deadlines:
    return Deadlines(msgspec.convert(tomllib.loads(toml), DeadlinesConfig, strict=True))


@pytest.mark.parametrize(
    ("severity", "acknowledge", "fix"),
    [
        (Severity.CRITICAL, timedelta(minutes=15), timedelta(hours=4)),
        (Severity.HIGH, timedelta(hours=1), timedelta(hours=24)),
        (Severity.MEDIUM, timedelta(hours=8), timedelta(days=3)),
        (Severity.LOW, timedelta(hours=24), timedelta(days=14)),
    ],
)
def test_defaults(severity: Severity, acknowledge: timedelta, fix: timedelta) -> None:
    assert Deadlines().for_(severity, SINCE) == (SINCE + acknowledge, SINCE + fix)


def test_a_configured_severity_leaves_the_others_alone() -> None:
    configured = deadlines('high = { acknowledge = "30m", fix = "1d12h" }')
    assert configured.for_(Severity.HIGH, SINCE) == (SINCE + timedelta(minutes=30), SINCE + timedelta(hours=36))
    assert configured.for_(Severity.LOW, SINCE) == Deadlines().for_(Severity.LOW, SINCE)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('high = { acknowledge = "soon", fix = "1d" }', r'deadlines\.high\.acknowledge: "soon" is no duration'),
        ('high = { acknowledge = "0s", fix = "1d" }', r"deadlines\.high\.acknowledge: 0s must be more than nothing"),
        ('low = { acknowledge = "1d", fix = "9999w" }', r"deadlines\.low\.fix: 9999w must be .* at most 3650 days"),
        ('low = { acknowledge = "1d", fix = "5h" }', r"deadlines\.low\.fix: 5h is shorter than the 1d to acknowledge"),
        ('low = { acknowledge = "1d" }', "missing required field `fix`"),
        ('urgent = { acknowledge = "1d", fix = "1d" }', "unknown field `urgent`"),
        ("low = { acknowledge = 60, fix = 60 }", "Expected `str`, got `int`"),
    ],
)
def test_refuses_a_bad_configuration(toml: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deadlines(toml)


def test_priority_falls_with_severity() -> None:
    assert [priority(severity) for severity in Severity] == [4, 3, 2, 1]
