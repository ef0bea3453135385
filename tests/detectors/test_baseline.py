"""What a series usually brings, learned from panes: by local hours, through silences, and over a restart."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.baseline import DAY_S, Baseline, Offset
from detectors.local_time import LocalTime
from detectors.season import Season

MONDAY = 1_772_409_600
"""2 March 2026, 00:00 UTC."""

Rate = Callable[[float], float]
"""Mentions an hour at an hour of the local day."""


def office(hour: float) -> float:
    return 60.0 if 9.0 <= hour < 17.0 else 2.0


def even(hour: float) -> float:
    return 24.0


def expected(rate: Rate, offset: Offset, pane: int, pane_s: int) -> float:
    """Mentions that a pane really brings on average."""
    minutes = range(pane, pane + pane_s, 60)
    return sum(rate((minute + offset(minute)) % DAY_S / 3600) / 60 for minute in minutes)


def feed(base: Baseline, pane: int, count: int, silent_since: int) -> int:
    """Take in a pane as ``surge`` does: silence only once it ends; start of the next pane that is not taken in."""
    if not count:
        return silent_since
    if silent_since < pane and base.known:
        panes = (pane - silent_since) // base.pane_s
        base.learn_silence(panes, base.mass(silent_since, pane), 1.0)
    base.turn(pane)
    base.learn(pane, count, 1.0)
    return pane + base.pane_s


def lived(
    rate: Rate, *, days: int, pane_s: int = 900, offset: Offset = lambda at: 0, start: int = MONDAY, seed: int = 1
) -> Baseline:
    """A baseline that has seen so many days of Poisson counts."""
    base, draw, silent_since = Baseline(pane_s, offset, float(start)), np.random.default_rng(seed), start
    for pane in range(start, start + days * DAY_S, pane_s):
        count = int(draw.poisson(expected(rate, offset, pane, pane_s)))
        silent_since = feed(base, pane, count, silent_since)
    base.turn(start + days * DAY_S)
    return base


def through_bytes(snapshot: list[Any]) -> list[Any]:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot))


@pytest.mark.parametrize("pane_s", [60, 300, 900, 1800, 3600])
def test_every_length_of_pane_learns_the_same_week(pane_s: int) -> None:
    base = lived(lambda hour: 20.0 + 15.0 * np.sin(hour / 12 * np.pi), days=15, pane_s=pane_s)
    assert base.maturity == "mature"
    day = MONDAY + 15 * DAY_S
    for hour, rate in ((6, 35.0), (12, 20.0), (18, 5.0)):
        assert base.mean(day + hour * 3600) * 3600 / pane_s == pytest.approx(rate, rel=0.25, abs=1.0)
    assert base.dispersion == pytest.approx(1.05, abs=0.35)
    assert base.wander < 0.05


@pytest.mark.parametrize("pane_s", [300, 1800, 3600])
def test_rare_mentions_of_chance_do_not_look_overdispersed(pane_s: int) -> None:
    base = lived(lambda hour: 0.2, days=28, pane_s=pane_s)
    assert base.dispersion < 1.5
    assert base.season.level * 86_400 / base.slot_s == pytest.approx(4.8, rel=0.5)


def test_overdispersion_is_seen() -> None:
    base, draw = Baseline(300, lambda at: 0, float(MONDAY)), np.random.default_rng(1)
    silent_since = MONDAY
    for pane in range(MONDAY, MONDAY + 15 * DAY_S, 300):
        silent_since = feed(base, pane, int(draw.negative_binomial(2.0, 0.5)), silent_since)
    assert base.mean(MONDAY + 15 * DAY_S) == pytest.approx(2.0, rel=0.15)
    assert base.dispersion == pytest.approx(2.0, rel=0.15)


def test_it_matures() -> None:
    base = Baseline(900, lambda at: 0, float(MONDAY))
    assert (base.maturity, base.known) == ("new", False)
    assert lived(even, days=1).maturity == "young"
    assert lived(even, days=13).maturity == "young"
    assert lived(even, days=14).maturity == "mature"


def test_doubt_shrinks_with_the_days() -> None:
    doubts = [lived(even, days=days).wander for days in (1, 3, 7, 14)]
    assert all(later < earlier for earlier, later in pairwise(doubts))


def test_a_mass_is_the_sum_of_its_panes() -> None:
    base = lived(office, days=15)
    day = MONDAY + 15 * DAY_S
    for first, panes in ((day, 3), (day + 8 * 3600, 12), (day + 6 * 3600, 40), (day, 96)):
        end = first + panes * 900
        assert base.mass(first, end) == pytest.approx(sum(base.mean(pane) for pane in range(first, end, 900)), rel=0.1)


def test_days_of_silence_are_zeros() -> None:
    base = lived(even, days=15)
    late = MONDAY + 25 * DAY_S
    base.learn_silence(10 * 96, 10 * base.mass(MONDAY + 15 * DAY_S, MONDAY + 16 * DAY_S), 1.0)
    base.turn(late)
    base.learn(late, 1.0, 1.0)
    assert isfinite(base.mean(late))
    assert 0.0 < base.mean(late) < 0.3 * 6.0


def test_a_silence_of_months_leaves_nothing_but_silence() -> None:
    base = lived(office, days=15)
    late = MONDAY + 200 * DAY_S
    base.turn(late)
    assert base.season.days == 28
    assert 0.0 < base.mean(late + 12 * 3600) < 0.01


def test_a_day_unknown_is_no_day_of_silence() -> None:
    known, base = lived(even, days=15), lived(even, days=14)
    for pane in range(MONDAY + 14 * DAY_S, MONDAY + 15 * DAY_S, 900):
        base.turn(pane)
        base.unknown()
    base.turn(MONDAY + 15 * DAY_S)
    assert base.season.days == 14
    assert base.season.level == pytest.approx(known.season.level, rel=0.05)


def test_where_nothing_is_known_there_is_no_past() -> None:
    late = Baseline(900, lambda at: 0, float(MONDAY + DAY_S - 900))
    late.turn(MONDAY + DAY_S)
    assert not late.known
    base = lived(even, days=15)
    for pane in range(MONDAY + 15 * DAY_S, MONDAY + 44 * DAY_S, 900):
        base.turn(pane)
        base.unknown()
    assert (base.known, base.maturity) == (False, "new")
    for pane in range(MONDAY + 44 * DAY_S, MONDAY + 44 * DAY_S + 4 * 3600, 900):
        base.turn(pane)
        base.learn(pane, 6.0, 1.0)
    assert base.known
    assert base.mean(MONDAY + 44 * DAY_S + 4 * 3600) == pytest.approx(6.0, rel=0.3)


def test_a_pane_that_is_not_trusted_moves_no_level() -> None:
    trusting, wary = lived(even, days=15), lived(even, days=15)
    before = wary.mean(MONDAY + 15 * DAY_S)
    for pane in range(MONDAY + 15 * DAY_S, MONDAY + 15 * DAY_S + 6 * 3600, 900):
        for base, weight in ((trusting, 1.0), (wary, 0.0)):
            base.turn(pane)
            base.learn(pane, 12.0, weight)
    after = MONDAY + 15 * DAY_S + 6 * 3600
    assert wary.mean(after) == pytest.approx(before, rel=0.1)
    assert trusting.mean(after) > 1.15 * wary.mean(after)


def test_what_comes_every_week_at_the_same_time_is_expected() -> None:
    base, draw = Baseline(900, lambda at: 0, float(MONDAY)), np.random.default_rng(1)
    for pane in range(MONDAY, MONDAY + 21 * DAY_S, 900):
        weekly = pane % (7 * DAY_S) == (MONDAY + DAY_S + 8 * 3600) % (7 * DAY_S)
        feed(base, pane, int(draw.poisson(6.0)) + 80 * weekly, pane)
    tuesday = MONDAY + 22 * DAY_S
    base.turn(tuesday)
    assert base.mean(tuesday + 8 * 3600) > 4 * base.mean(tuesday + 10 * 3600)
    base.turn(tuesday + DAY_S)
    assert base.mean(tuesday + DAY_S + 8 * 3600) < 2 * base.mean(tuesday + DAY_S + 10 * 3600)


def test_the_season_of_the_others_is_borrowed() -> None:
    profile = np.array([0.0] * 24 + [2.0] * 24)
    lent = Season(profile, np.ones(7), 3.0, 0.0, 28)
    base = Baseline(900, lambda at: 0, float(MONDAY), borrow=lambda: lent)
    base.turn(MONDAY + DAY_S)
    base.turn(MONDAY + 2 * DAY_S)
    day = MONDAY + 2 * DAY_S
    assert base.mean(day + 18 * 3600) > 2 * base.mean(day + 6 * 3600)


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.sampled_from([0, 0, 0, 1, 2, 9]), min_size=1, max_size=150),
    asked=st.sets(st.integers(0, 149)),
    pane_s=st.sampled_from([900, 3600]),
)
def test_the_state_depends_on_the_panes_alone_once_a_day_is_known(
    counts: list[int], asked: set[int], pane_s: int
) -> None:
    begin = MONDAY + 3 * DAY_S
    base, other = (lived(even, days=3, pane_s=pane_s) for _ in range(2))
    since, other_since = begin, begin
    for number, count in enumerate(counts):
        pane = begin + number * pane_s
        since = feed(base, pane, count, since)
        if number in asked:
            other.turn(pane)
        other_since = feed(other, pane, count, other_since)
        if number in asked:
            other.turn(pane)
    for each in (base, other):
        each.turn(begin + len(counts) * pane_s)
    assert msgspec.msgpack.encode(other.snapshot()) == msgspec.msgpack.encode(base.snapshot())


def test_days_without_a_mention_fade_what_is_known_alike_however_often_one_asks() -> None:
    base, other = lived(even, days=1, pane_s=300), lived(even, days=1, pane_s=300)
    for each in (base, other):
        for pane in range(MONDAY + DAY_S, MONDAY + 5 * DAY_S, 300):
            each.turn(pane)
            each.learn(pane, 9.0 if pane % 900 else 1.0, 1.0)
        each.turn(MONDAY + 5 * DAY_S)
    for day in range(6, 12):
        other.turn(MONDAY + day * DAY_S)
    base.turn(MONDAY + 11 * DAY_S)
    assert base.dispersion > 1.5
    assert other.dispersion == pytest.approx(base.dispersion, rel=1e-9)
    assert other.mean(MONDAY + 11 * DAY_S) == pytest.approx(base.mean(MONDAY + 11 * DAY_S), rel=1e-9)


@settings(max_examples=12, deadline=None)
@given(cut=st.integers(0, 5 * 96 - 2), rate=st.sampled_from([0.1, 3.0, 200.0]), pane_s=st.sampled_from([900, 1800]))
def test_a_snapshot_continues_identically(cut: int, rate: float, pane_s: int) -> None:
    panes = range(MONDAY, MONDAY + 5 * DAY_S, pane_s)
    counts = np.random.default_rng(1).poisson(rate, len(panes)).tolist()
    base = Baseline(pane_s, lambda at: 3600, float(MONDAY))
    since = MONDAY
    other = other_since = None
    for pane, count in zip(panes, counts, strict=True):
        if other is None and pane >= MONDAY + cut * 900:
            other, other_since = Baseline(pane_s, lambda at: 3600, 0.0), since
            other.restore(through_bytes(base.snapshot()))
        since = feed(base, pane, count, since)
        if other is not None:
            assert other_since is not None
            other_since = feed(other, pane, count, other_since)
    assert other is not None
    assert other.snapshot() == base.snapshot()
    assert other.mean(panes[-1]) == base.mean(panes[-1])


def zone_info(name: str) -> Offset:
    zone = ZoneInfo(name)

    def offset(at: float) -> int:
        told = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
        assert told is not None
        return int(told.total_seconds())

    return offset


CHANGES = {
    "Berlin, forward": ("Europe/Berlin", 1_774_746_000),
    "Berlin, back": ("Europe/Berlin", 1_792_890_000),
    "New York, forward": ("America/New_York", 1_772_953_200),
    "New York, back": ("America/New_York", 1_793_512_800),
}
"""The changes of 2026: the first second of the new offset."""

each_change = pytest.mark.parametrize(("zone", "change"), CHANGES.values(), ids=CHANGES)


def test_these_are_the_changes() -> None:
    for zone, change in CHANGES.values():
        offset = zone_info(zone)
        assert abs(offset(change) - offset(change - 1)) == 3600
        assert LocalTime(zone).offset(change) == offset(change)


@each_change
def test_the_hours_are_the_customers_through_a_change_of_clocks(zone: str, change: int) -> None:
    offset, pane_s = LocalTime(zone).offset, 900
    start = change // DAY_S * DAY_S - 14 * DAY_S
    base, draw, since = Baseline(pane_s, offset, float(start)), np.random.default_rng(1), start
    wrong: dict[int, int] = {}
    for pane in range(start, change + 15 * DAY_S, pane_s):
        truth = expected(office, offset, pane, pane_s)
        since = feed(base, pane, int(draw.poisson(truth)), since)
        base.turn(pane)
        mean = base.mean(pane)
        assert isfinite(mean)
        assert mean > 0.0
        day = (pane - change) // DAY_S
        if day >= 0 and not 0.4 * truth - 1.0 < mean < 2.0 * truth + 1.0:
            wrong[day] = wrong.get(day, 0) + 1
    # Where the doors open or close a pane or two of a day may be off; an hour off would be four at either end.
    assert max(wrong.values(), default=0) <= 4
    assert wrong.get(14, 0) <= 2


@each_change
def test_an_hour_that_happens_twice_or_not_at_all_leaves_no_mark(zone: str, change: int) -> None:
    offset = LocalTime(zone).offset
    start = change // DAY_S * DAY_S - 14 * DAY_S
    base = lived(even, days=28, offset=offset, start=start)
    assert np.abs(base.season.profile - 1.0).max() < 0.12
    assert base.season.level == pytest.approx(12.0, rel=0.1)


@pytest.mark.parametrize("pane_s", [300, 900, 1800, 3600])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
def test_zones_of_half_and_quarter_hours(zone: str, pane_s: int) -> None:
    offset = LocalTime(zone).offset
    base = lived(office, days=15, pane_s=pane_s, offset=offset)
    wrong = 0
    for pane in range(MONDAY + 15 * DAY_S, MONDAY + 16 * DAY_S, pane_s):
        base.turn(pane)
        truth = expected(office, offset, pane, pane_s)
        wrong += not 0.6 * truth - 1.0 < base.mean(pane) < 1.6 * truth + 1.0
    # Half an hour at either end of the day, where a slot is half open.
    assert wrong <= 2 * max(1800 // pane_s, 1) * (pane_s < 1800)


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut", "Pacific/Apia", "Africa/Cairo"])
def test_clocks_that_change_at_midnight(zone: str) -> None:
    start = 1_792_713_600 if zone != "Pacific/Apia" else 1_324_684_800
    base = lived(even, days=28, offset=LocalTime(zone).offset, start=start)
    assert base.season.level == pytest.approx(12.0, rel=0.1)
    assert np.abs(base.season.profile - 1.0).max() < 0.12
