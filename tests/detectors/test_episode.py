"""A reader hears when it opens, worsens, doubles, lasts, ends and comes back; dips and plateaus are silent."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.episode import GROWTH, ONGOING_S, Episode
from detectors.spec import Verdict
from schemas.signal import Phase, Severity, SignalState

QUIET = 1800.0
HOUR, DAY = 3600.0, 86_400.0
DEFAULT = 5400.0


def opened(told: float = 4.0, held: float | None = 0.0, severity: Severity = Severity.LOW) -> Episode:
    return Episode(id="sig-1", opened_at=0.0, severity=severity, told=told, held=held, before=0, told_at=0.0)


def verdict(observed: float, severity: Severity | None = Severity.LOW, expected: float = 0.0) -> Verdict:
    return Verdict(severity, observed, expected, 3.0, "")


QUIETS = verdict(1.0, None)


def told(episode: Episode, until: float, patience: float = DEFAULT, *, trips: bool, since: float) -> list[SignalState]:
    """Judge every minute."""
    found = []
    for minute in range(int(since // 60), int(until // 60)):
        state = episode.step(verdict(4.0) if trips else QUIETS, 60.0 * minute, patience)
        found += [] if state is None else [state]
    return found


def test_a_plateau_is_silent_for_a_day() -> None:
    episode = opened()
    assert [episode.step(verdict(4.0 + i % 3), at=60.0 * i, resolve_after_s=QUIET) for i in range(1440)] == [
        None
    ] * 1440
    assert episode.revision == 1


def test_a_plateau_is_told_once_a_day() -> None:
    episode = opened()
    found = [at for at in range(0, int(5 * DAY), 600) if episode.step(verdict(4.0), float(at), QUIET)]
    assert found == [ONGOING_S * day for day in range(1, 5)]


def test_a_number_is_told_again_when_it_has_doubled() -> None:
    assert GROWTH == 2.0
    episode = opened(told=4.0)
    found = [n for n in range(4, 40) if episode.step(verdict(float(n)), 1.0, QUIET) is SignalState.UPDATED]
    assert found == [8, 16, 32]
    assert episode.revision == 4


def test_growth_is_counted_from_what_was_expected() -> None:
    episode = opened(told=14.0)
    found = [n for n in range(14, 31) if episode.step(verdict(float(n), expected=10.0), 1.0, QUIET)]
    assert found == [18, 26]


def test_a_number_that_grows_with_its_stretch_only_does_not_grow() -> None:
    episode = opened(told=10.0)
    for hour in range(1, 20):
        lasting = verdict(10.0 * hour, expected=5.0 * hour)._replace(sizes=(5.0, 1.0))
        assert episode.step(lasting, hour * HOUR, QUIET) is None
    steeper = verdict(500.0, expected=100.0)._replace(sizes=(20.0, 1.9))
    assert episode.step(steeper, 20 * HOUR, QUIET) is None, "twice in one unit only"
    assert episode.step(steeper._replace(sizes=(10.0, 2.0)), 20 * HOUR, QUIET) is SignalState.UPDATED


def test_a_falling_number_grows_downward() -> None:
    episode = opened(told=-0.2)
    assert episode.step(verdict(-0.3, expected=0.0), 1.0, QUIET) is None
    assert episode.step(verdict(-0.4, expected=0.0), 1.0, QUIET) is SignalState.UPDATED
    assert episode.step(verdict(0.9, expected=0.0), 1.0, QUIET) is None


def test_an_escalation_is_told_and_a_relief_is_not() -> None:
    episode = opened(told=15.0)
    assert episode.step(verdict(15.0, Severity.HIGH), 1.0, QUIET) is SignalState.ESCALATED
    assert (episode.severity, episode.phase) == (Severity.HIGH, Phase.ESCALATING)
    assert episode.step(verdict(15.0, Severity.LOW), 2.0, QUIET) is None
    assert episode.severity is Severity.HIGH
    assert episode.step(verdict(15.0, Severity.CRITICAL), 3.0, QUIET) is SignalState.ESCALATED
    assert episode.revision == 3
    assert episode.step(verdict(15.0, Severity.CRITICAL), 3.0 + HOUR, QUIET) is None
    assert episode.phase is Phase.OPEN


def test_what_is_only_known_better_is_no_worse() -> None:
    steady = verdict(15.0, Severity.HIGH)._replace(sizes=(1.0, 4.0))
    for sizes, after, state in (
        ((1.0, 4.0), HOUR, None),
        ((1.0, 4.0), HOUR - 1.0, SignalState.ESCALATED),
        ((1.3, 5.2), HOUR, SignalState.ESCALATED),
        ((), HOUR, SignalState.ESCALATED),
    ):
        episode = opened(told=15.0)
        episode.sizes = (1.0, 4.0)
        assert episode.step(steady._replace(sizes=sizes), after, QUIET) is state


def test_an_emerging_theme_is_open_once_its_past_says_more() -> None:
    episode = opened()
    episode.phase = Phase.EMERGING
    assert episode.step(verdict(4.0)._replace(emerging=True), 1.0, QUIET) is None
    assert episode.phase is Phase.EMERGING
    assert episode.step(verdict(4.0), 2.0, QUIET) is None
    assert episode.phase is Phase.OPEN


def test_it_is_resolving_after_a_while_and_resolved_once_quiet_for_long_enough() -> None:
    episode = opened()
    assert episode.step(QUIETS, 100.0, QUIET) is None
    assert episode.step(QUIETS, 549.9, QUIET) is None
    assert episode.step(QUIETS, 550.0, QUIET) is SignalState.RESOLVING
    assert episode.step(QUIETS, 1899.9, QUIET) is None
    assert episode.step(QUIETS, 1900.0, QUIET) is SignalState.RESOLVED
    assert (episode.revision, episode.phase, episode.resolved_at) == (3, Phase.RESOLVED, 1900.0)
    assert episode.step(QUIETS, 9000.0, QUIET) is None


def test_short_dips_say_nothing() -> None:
    episode = opened()
    for i in range(80):
        assert episode.step(QUIETS, i * 1000.0, QUIET) is None
        assert episode.step(QUIETS, i * 1000.0 + 440.0, QUIET) is None
        assert episode.step(verdict(4.0), i * 1000.0 + 500, QUIET) is None
    assert (episode.quiet_since, episode.crossed, episode.revision) == (None, (), 1)


def test_a_longer_dip_is_told_once_and_the_way_back_is_not() -> None:
    episode = opened()
    assert told(episode, 1200.0, QUIET, trips=False, since=0.0) == [SignalState.RESOLVING]
    assert told(episode, 1800.0, QUIET, trips=True, since=1200.0) == []
    assert (episode.phase, episode.crossings(1800.0)) == (Phase.OPEN, 2)


def test_it_is_not_resolving_while_nothing_is_known() -> None:
    episode = opened()
    nothing = QUIETS._replace(unknown=True)
    assert [episode.step(nothing, 60.0 * minute, QUIET) for minute in range(3000)] == [None] * 3000
    assert episode.step(QUIETS, 200_000.0, QUIET) is None
    assert episode.phase is Phase.OPEN


def test_what_comes_back_is_the_same_signal() -> None:
    episode = opened()
    told(episode, 2 * HOUR, QUIET, trips=False, since=0.0)
    assert episode.phase is Phase.RESOLVED
    back = verdict(9.0, Severity.MEDIUM, expected=2.0)
    assert episode.step(back, 5 * HOUR, QUIET) is SignalState.REGRESSED
    assert (episode.phase, episode.severity, episode.held, episode.told) == (Phase.OPEN, Severity.MEDIUM, 2.0, 9.0)
    assert (episode.id, episode.revision, episode.resolved_at) == ("sig-1", 4, None)


def test_it_is_forgotten_in_the_end() -> None:
    episode = opened()
    assert not episode.forgotten(9e9, DAY)
    told(episode, 2 * HOUR, QUIET, trips=False, since=0.0)
    assert episode.resolved_at is not None
    assert not episode.forgotten(episode.resolved_at + DAY - 1.0, DAY)
    assert episode.forgotten(episode.resolved_at + DAY, DAY)


@pytest.mark.parametrize("high_s", [300.0, 2160.0, 2700.0])
def test_what_comes_and_goes_twenty_times_a_day_is_told_of_three_times(high_s: float) -> None:
    episode, found = opened(), []
    for swing in range(20):
        at = swing * DAY / 20
        found += told(episode, at + high_s, trips=True, since=at)
        found += told(episode, at + DAY / 20, trips=False, since=at + high_s)
    found += told(episode, 2 * DAY, trips=False, since=DAY)
    counts = Counter(found)
    assert counts[SignalState.FLAPPING] == counts[SignalState.RESOLVED] == 1
    assert set(found) == {SignalState.FLAPPING, SignalState.RESOLVED, SignalState.RESOLVING}
    assert counts[SignalState.RESOLVING] == 3, "before it was known for what it is"


def test_what_flaps_is_told_when_it_gets_worse_and_when_it_is_over() -> None:
    episode = opened()
    for swing in range(4):
        told(episode, swing * 2 * HOUR + HOUR, trips=False, since=swing * 2 * HOUR)
        told(episode, swing * 2 * HOUR + 2 * HOUR, trips=True, since=swing * 2 * HOUR + HOUR)
    assert (episode.phase, episode.crossings(8 * HOUR)) == (Phase.FLAPPING, 5)
    assert episode.step(verdict(4.0, Severity.HIGH), 8 * HOUR, DEFAULT) is SignalState.ESCALATED
    assert episode.phase is Phase.FLAPPING
    assert episode.step(verdict(400.0, Severity.HIGH), 8 * HOUR, DEFAULT) is None
    assert told(episode, 14 * HOUR, trips=False, since=8 * HOUR + 60.0) == []
    assert told(episode, 14 * HOUR + 120.0, trips=False, since=14 * HOUR) == [SignalState.RESOLVED]


def test_what_has_stood_for_a_day_flaps_no_more() -> None:
    episode = opened()
    episode.phase, episode.crossed = Phase.FLAPPING, (0.0, 60.0)
    assert told(episode, 1.9 * DAY, trips=True, since=120.0) == []
    assert episode.phase is Phase.OPEN
    assert told(episode, 3 * DAY, trips=True, since=1.9 * DAY) == [SignalState.ONGOING]


@pytest.mark.parametrize("number", [0.0, 10.0])
def test_what_is_as_expected_does_not_grow(number: float) -> None:
    assert opened(told=number).step(verdict(number, expected=number), 1.0, QUIET) is None


def test_an_episode_of_an_earlier_build_is_read() -> None:
    old = {"id": "sig-1", "opened_at": 5.0, "severity": "high", "told": 4.0, "held": None, "before": 7, "revision": 3}
    episode = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=Episode)
    assert episode.step(verdict(4.0, Severity.HIGH), 10 * DAY, QUIET) is None
    assert episode.step(verdict(4.0, Severity.HIGH), 11 * DAY, QUIET) is SignalState.ONGOING


verdicts = st.builds(
    Verdict,
    st.none() | st.sampled_from(Severity),
    st.integers(1, 40).map(float),
    st.just(0.0),
    st.just(3.0),
    st.just(""),
    unknown=st.sampled_from([False] * 9 + [True]),
    emerging=st.booleans(),
    sizes=st.sampled_from([(), (1.0, 2.0), (4.0, 3.0)]),
)
scripts = st.lists(st.tuples(st.sampled_from([60, 600, 1400, 5400, 9000, 40_000]), verdicts), max_size=60)


@settings(max_examples=300, deadline=None)
@given(script=scripts, cuts=st.sets(st.integers(0, 60)))
def test_whatever_comes_its_life_makes_sense(script: list[tuple[int, Verdict]], cuts: set[int]) -> None:
    episode, at = opened(), 0.0
    kept = opened()
    before, quiet_from, tripped = SignalState.OPENED, None, False
    for number, (seconds, each) in enumerate(script):
        at += seconds
        revision = episode.revision
        if each.unknown or each.severity is not None:
            quiet_from = None
        elif quiet_from is None:
            quiet_from = at
        tripped = tripped or each.severity is not None
        state = episode.step(each, at, DEFAULT)
        if number in cuts:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=Episode)
        assert kept.step(each, at, DEFAULT) is state
        assert kept == episode
        assert episode.revision == revision + (state is not None)
        if each.unknown:
            assert state is None
        if state is None:
            continue
        assert state is not SignalState.OPENED
        if state in (SignalState.RESOLVED, SignalState.RESOLVING):
            assert quiet_from is not None
            assert at - quiet_from >= (DEFAULT if state is SignalState.RESOLVED else DEFAULT / 4)
            # A short dip may be said to be over twice, if it tripped in between.
            assert before is not state or (state is SignalState.RESOLVING and tripped)
        tripped = False
        if before is SignalState.RESOLVED:
            assert state in (SignalState.REGRESSED, SignalState.FLAPPING)
        if state is SignalState.REGRESSED:
            assert before is SignalState.RESOLVED
        before = state


@settings(max_examples=100, deadline=None)
@given(swings=st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=60))
def test_however_it_comes_and_goes_few_are_told_in_a_day(swings: list[tuple[int, int]]) -> None:
    episode, minute = opened(), 0
    when: list[float] = []
    for high, low in swings:
        for severity, length in ((Severity.LOW, high), (None, low)):
            for _ in range(length):
                minute += 1
                state = episode.step(verdict(4.0, severity), 60.0 * minute, DEFAULT)
                if state is not None and state is not SignalState.RESOLVING:
                    when.append(60.0 * minute)
    # At worst three times over and twice back, then flapping, and over and back after each six hours of quiet.
    assert all(sum(start <= at < start + DAY for at in when) <= 12 for start in when)
