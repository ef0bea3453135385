"""What ``surge`` keeps of a series: looks without a trace, gaps that are no zeros, and a budget that is kept."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.budget import Budget
from detectors.sequential import Effect
from detectors.surge_detector import FALLS, RISES
from detectors.surge_state import SurgeState, threshold
from detectors.surroundings import Surroundings

DAY_S = 86_400
PANE_S = 300
BEGIN = 15 * DAY_S
"""Start of what the tests add to a series' past."""


def alone(gaps: Sequence[tuple[float, float]] = ()) -> Surroundings:
    around = Surroundings(shared=False)
    around.gaps += gaps
    return around


def new(
    *effects: tuple[Effect, ...], budget: float = 0.1, pane_s: int = PANE_S, around: Surroundings | None = None
) -> SurgeState:
    return SurgeState(pane_s, 0.0, effects or (RISES,), Budget(budget), around or alone())


def through_bytes(snapshot: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode(snapshot)


@cache
def past(mean: float, *effects: tuple[Effect, ...]) -> bytes:
    """15 days of a level, as a snapshot."""
    state = new(*effects)
    take(state, np.random.default_rng(1).poisson(mean, BEGIN // PANE_S).tolist(), at=0)
    return through_bytes(state.snapshot())


def grown(mean: float, *effects: tuple[Effect, ...], around: Surroundings | None = None) -> SurgeState:
    """A series with such a past."""
    state = new(*effects, around=around)
    state.restore(msgspec.msgpack.decode(past(mean, *effects)))
    return state


def take(state: SurgeState, counts: Sequence[float], at: int = BEGIN) -> list[bool]:
    """Take in panes from ``at`` on; after each, whether anything is high."""
    high = []
    for number, count in enumerate(counts):
        if count:
            state.observe(float(at + number * state.pane_s), float(count))
        high.append(any(watch.high for watch in state.watches))
    return high


def opened(high: Sequence[bool]) -> int:
    return sum(now and not before for before, now in zip([False, *high], high, strict=False))


counts_of_a_morning = st.lists(st.sampled_from([0, 0, 1, 3, 20]), max_size=40)


@settings(max_examples=25, deadline=None)
@given(
    counts=counts_of_a_morning,
    looks=st.lists(st.integers(0, 40 * PANE_S), max_size=6),
    mean=st.sampled_from([0.05, 4.0]),
)
def test_a_look_leaves_no_trace(counts: list[int], looks: list[int], mean: float) -> None:
    both = (RISES, FALLS)
    state, other = grown(mean, *both), grown(mean, *both)
    take(state, counts)
    for number, count in enumerate(counts):
        pane = float(BEGIN + number * PANE_S)
        for ahead in looks:
            before = through_bytes(other.snapshot())
            other.look([(pane, 7.0), (pane + PANE_S, 2.0)], pane + ahead)
            assert through_bytes(other.snapshot()) == before
        if count:
            other.observe(pane, float(count))
    assert through_bytes(other.snapshot()) == through_bytes(state.snapshot())


@settings(max_examples=25, deadline=None)
@given(counts=st.lists(st.sampled_from([0, 1, 3, 6]), min_size=1, max_size=5))
def test_a_look_at_closed_panes_sees_what_will_be_taken_in(counts: list[int]) -> None:
    state, other = grown(3.0), grown(3.0)
    counts[-1] = max(counts[-1], 1)
    panes = [(float(BEGIN + n * PANE_S), float(count)) for n, count in enumerate(counts) if count]
    take(state, counts)
    end = BEGIN + len(counts) * PANE_S
    (seen,), (foreseen,) = state.look([], end), other.look(panes, end)
    # The level is that of before the look; what differs is only what it would have learned meanwhile.
    assert 0.5 < foreseen.panes / seen.panes < 2.0
    assert not foreseen.high
    assert not seen.high


def test_before_there_is_a_past_nothing_is_said() -> None:
    assert new().look([(0.0, 30.0)], 100.0) == []


def test_a_burst_is_high_before_its_pane_ends() -> None:
    state = grown(0.05)
    (standing,) = state.look([(float(BEGIN), 30.0)], BEGIN + 120.0)
    assert standing.high
    assert standing.seen >= 30.0
    assert not state.watches[0].high


def test_an_open_pane_with_little_in_it_is_no_fall() -> None:
    state = grown(20.0, FALLS)
    for seconds in (1.0, 30.0, 60.0):
        (standing,) = state.look([(float(BEGIN), 0.0)], BEGIN + seconds)
        assert not standing.high
        assert standing.panes < 50.0


@pytest.mark.parametrize("mean", [0.5, 3.0, 30.0])
def test_an_incident_is_high_while_it_lasts_and_not_long_after(mean: float) -> None:
    state, draw = grown(mean), np.random.default_rng(2)
    high = take(state, [*draw.poisson(4 * mean + 1, 36), *draw.poisson(mean, 3 * 288)])
    assert opened(high) == 1
    assert high.index(True) < 9
    assert all(high[12:36])
    assert not any(high[36 + 2 * 288 :])


def test_where_a_rise_began_is_known() -> None:
    state, draw = grown(3.0), np.random.default_rng(2)
    take(state, [*draw.poisson(3.0, 60), *draw.poisson(12.0, 12)])
    (standing,) = state.look([], BEGIN + 72 * PANE_S)
    assert standing.high
    assert BEGIN + 50 * PANE_S <= standing.since <= BEGIN + 63 * PANE_S
    assert standing.seen > 2 * standing.usual > 0.0


def test_an_incident_does_not_become_the_level() -> None:
    state, draw = grown(5.0), np.random.default_rng(2)
    before = state.base.mean(BEGIN)
    take(state, draw.poisson(40.0, 72).tolist())
    assert state.base.mean(BEGIN + 6 * 3600) == pytest.approx(before, rel=0.2)


@pytest.mark.parametrize("direction", ["rise", "fall", "both"])
def test_a_fall_is_found_only_where_it_is_asked_for(direction: str) -> None:
    effects = {"rise": (RISES,), "fall": (FALLS,), "both": (RISES, FALLS)}[direction]
    state = grown(10.0, *effects)
    standings = state.look([], BEGIN + 4 * 3600.0)
    assert [standing.high for standing in standings] == [each is FALLS for each in effects]
    high = take(state, [*np.random.default_rng(2).poisson(2.0, 24)])
    assert high[-1] == (FALLS in effects)


def test_an_outage_is_no_fall_and_its_end_no_rise() -> None:
    lost = (float(BEGIN), float(BEGIN + 5 * 3600))
    both = (RISES, FALLS)
    draw = np.random.default_rng(3)
    after = [0] * 60 + draw.poisson(10.0, 288).tolist()
    state = grown(10.0, *both, around=alone([lost]))
    assert not any(standing.high for standing in state.look([], BEGIN + 5 * 3600.0))
    assert not any(take(state, after))
    assert any(standing.high for standing in grown(10.0, *both).look([], BEGIN + 5 * 3600.0))


@pytest.mark.parametrize("days", [1, 6, 40])
def test_days_of_unknown_panes_are_not_learned(days: int) -> None:
    lost = (float(BEGIN), float(BEGIN + days * DAY_S))
    told, gap, silent = grown(10.0), grown(10.0, around=alone([lost])), grown(10.0)
    before = told.base.mean(BEGIN)
    for pane in range(BEGIN, int(lost[1]), PANE_S):
        told.skip_unknown(float(pane))
    draw = np.random.default_rng(4)
    for state in (told, gap, silent):
        high = take(state, draw.poisson(10.0, 2 * 288).tolist(), at=int(lost[1]))
        if state is not silent:
            assert not any(high)
            assert state.base.mean(lost[1] + 2 * DAY_S) == pytest.approx(before, rel=0.2 if days < 28 else 0.4)
    if days > 1:
        assert silent.base.season.level < 0.8 * gap.base.season.level


def test_a_tenant_that_begins_late_in_the_day_is_not_alarmed_after_midnight() -> None:
    for start in (DAY_S - 1200, DAY_S - 1800, DAY_S - 5400):
        state = SurgeState(PANE_S, float(start), (RISES,), Budget(0.1), alone())
        assert not any(take(state, np.random.default_rng(1).poisson(3.0, 288).tolist(), at=start))


def test_a_pane_known_in_part_is_left_out() -> None:
    state = grown(10.0, RISES, FALLS, around=alone([(BEGIN + 200.0, BEGIN + 260.0)]))
    before = [watch.sequential.panes for watch in state.watches]
    state.observe(float(BEGIN), 900.0)
    assert [watch.sequential.panes for watch in state.watches] == before
    state.observe(float(BEGIN + PANE_S), 900.0)
    assert state.watches[0].high


def test_the_birth_of_a_theme_is_remembered() -> None:
    state = new()
    assert state.born is None
    state.begin(float(BEGIN))
    state.observe(float(BEGIN), 1.0)
    state.observe(float(BEGIN + DAY_S), 1.0)
    assert state.born == BEGIN


@pytest.mark.parametrize("mean", [0.01, 1.0, 40.0])
def test_the_threshold_is_monotone_in_the_budget(mean: float) -> None:
    base = grown(mean).base
    limits = [threshold(base, PANE_S, budget) for budget in (0.02, 0.1, 0.5, 2.0)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] == pytest.approx(100 * limits[-1])
    assert limits[1] <= 7 * DAY_S / PANE_S / 0.1


def test_a_smaller_budget_is_never_earlier() -> None:
    draw = np.random.default_rng(5)
    counts = [*draw.poisson(3.0, 100), *draw.poisson(7.0, 60)]
    when = []
    for budget in (0.01, 0.1, 1.0):
        state = new(budget=budget)
        state.restore(msgspec.msgpack.decode(past(3.0)))
        when.append(take(state, counts).index(True))
    assert when == sorted(when, reverse=True)


def false_alerts(mean: float, dispersion: float, seed: int, *, pane_s: int, days: int, budget: float) -> int:
    """Alerts of a series in which nothing happens but day and night."""
    panes = np.arange(days * DAY_S // pane_s)
    wave = mean * (1.0 + 0.6 * np.sin(panes * pane_s / DAY_S * 2 * np.pi))
    counts = np.random.default_rng(seed).negative_binomial(wave / (dispersion - 1.0), 1.0 / dispersion)
    return opened(take(new(budget=budget, pane_s=pane_s), counts.tolist(), at=0))


def test_as_many_false_alerts_as_were_budgeted() -> None:
    budget, weeks, pane_s = 0.5, 4, 1800
    kinds = [(mean, dispersion) for mean in (0.02, 0.1, 0.4, 1.5, 5.0) for dispersion in (1.1, 2.0)]
    runs = [(mean, dispersion, seed) for mean, dispersion in kinds for seed in range(20)]
    found = sum(false_alerts(*run, pane_s=pane_s, days=7 * weeks, budget=budget) for run in runs)
    assert 0.3 < found / (len(runs) * weeks * budget) < 1.7


@pytest.mark.parametrize(("mean", "most"), [(40.0, 4096), (3.0, 4096), (0.01, 1536), (0.002, 1536)])
def test_a_snapshot_is_small(mean: float, most: int) -> None:
    state = new(RISES, FALLS)
    draw = np.random.default_rng(1)
    wave = mean * (1.0 + 0.6 * np.sin(np.arange(28 * 288) / 288 * 2 * np.pi))
    take(state, draw.poisson(wave).tolist(), at=0)
    assert len(through_bytes(state.snapshot())) < most


@pytest.mark.parametrize("mean", [0.05, 4.0])
def test_a_snapshot_continues_identically(mean: float) -> None:
    state, draw = grown(mean, RISES, FALLS), np.random.default_rng(6)
    for hour, level in enumerate((1.0, 9.0, 1.0, 1.0)):
        counts = draw.poisson(level * mean, 12).tolist()
        other = new(RISES, FALLS)
        other.restore(msgspec.msgpack.decode(through_bytes(state.snapshot())))
        at = BEGIN + hour * 3600
        assert take(other, counts, at) == take(state, counts, at)
        assert through_bytes(other.snapshot()) == through_bytes(state.snapshot())
        ahead = [(at + 3600.0, 5.0)], at + 3700.0
        assert other.look(*ahead) == state.look(*ahead)


def test_a_snapshot_of_another_pane_starts_anew() -> None:
    state = new(pane_s=900)
    state.restore(msgspec.msgpack.decode(past(3.0)))
    assert (state.next, state.born, state.base.known, state.base.pane_s) == (0.0, None, False, 900)
    assert not any(take(state, np.random.default_rng(7).poisson(9.0, 3 * 96).tolist(), at=0))


def test_a_snapshot_of_one_direction_serves_both() -> None:
    state = new(RISES, FALLS)
    state.restore(msgspec.msgpack.decode(past(10.0)))
    assert state.next == BEGIN
    assert [standing.high for standing in state.look([], BEGIN + 4 * 3600.0)] == [False, True]
