"""A reader hears when it opens, worsens, doubles and ends; a plateau is silent."""

import pytest

from detectors.episode import GROWTH, Episode
from detectors.spec import Verdict
from schemas.signal import Severity, SignalState

QUIET = 1800.0


def opened(told: float = 4.0, held: float | None = 0.0, severity: Severity = Severity.LOW) -> Episode:
    return Episode(id="sig-1", opened_at=0.0, severity=severity, told=told, held=held, before=0)


def verdict(observed: float, severity: Severity | None = Severity.LOW, expected: float = 0.0) -> Verdict:
    return Verdict(severity, observed, expected, 3.0, "")


def test_a_plateau_is_silent() -> None:
    episode = opened()
    assert [episode.step(verdict(4.0 + i % 3), at=60.0 * i, resolve_after_s=QUIET) for i in range(500)] == [None] * 500
    assert episode.revision == 1


def test_a_number_is_told_again_when_it_has_doubled() -> None:
    assert GROWTH == 2.0
    episode = opened(told=4.0)
    told = [n for n in range(4, 40) if episode.step(verdict(float(n)), 1.0, QUIET) is SignalState.UPDATED]
    assert told == [8, 16, 32]
    assert episode.revision == 4


def test_growth_is_counted_from_what_was_expected() -> None:
    episode = opened(told=14.0)
    told = [n for n in range(14, 31) if episode.step(verdict(float(n), expected=10.0), 1.0, QUIET)]
    assert told == [18, 26]


def test_a_falling_number_grows_downward() -> None:
    episode = opened(told=-0.2)
    assert episode.step(verdict(-0.3, expected=0.0), 1.0, QUIET) is None
    assert episode.step(verdict(-0.4, expected=0.0), 1.0, QUIET) is SignalState.UPDATED
    assert episode.step(verdict(0.9, expected=0.0), 1.0, QUIET) is None


def test_an_escalation_is_told_and_a_relief_is_not() -> None:
    episode = opened(told=15.0)
    assert episode.step(verdict(15.0, Severity.HIGH), 1.0, QUIET) is SignalState.ESCALATED
    assert episode.severity is Severity.HIGH
    assert episode.step(verdict(15.0, Severity.LOW), 2.0, QUIET) is None
    assert episode.severity is Severity.HIGH
    assert episode.step(verdict(15.0, Severity.CRITICAL), 3.0, QUIET) is SignalState.ESCALATED
    assert episode.revision == 3


def test_it_resolves_once_quiet_for_long_enough() -> None:
    episode = opened()
    assert episode.step(verdict(1.0, None), 100.0, QUIET) is None
    assert episode.step(verdict(1.0, None), 1899.9, QUIET) is None
    assert episode.step(verdict(1.0, None), 1900.0, QUIET) is SignalState.RESOLVED
    assert episode.revision == 2


def test_it_does_not_flap() -> None:
    episode = opened()
    for i in range(100):
        assert episode.step(verdict(1.0, None), i * 1000.0, QUIET) is None
        assert episode.step(verdict(4.0), i * 1000.0 + 500, QUIET) is None
    assert episode.quiet_since is None


@pytest.mark.parametrize("told", [0.0, 10.0])
def test_what_is_as_expected_does_not_grow(told: float) -> None:
    assert opened(told=told).step(verdict(told, expected=told), 1.0, QUIET) is None
