"""Panes against a list of everything that was added."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.panes import PANE_S, Panes, Sums

LENGTHS = (1.0, 59.0, 90.0, 3600.0, 5000.5)
minutes = st.integers(0, 300)
adds = st.tuples(st.just("add"), minutes, st.integers(-4, 4))
looks = st.tuples(st.just("look"), st.integers(0, 300 * 60 * 2).map(lambda half: half / 2), st.sampled_from(LENGTHS))
steps = st.lists(adds | looks, max_size=60)


def brute(added: Sequence[tuple[int, int]], length_s: float, at: float) -> Sums:
    first, last = int(at - length_s) // PANE_S * PANE_S, int(at) // PANE_S * PANE_S
    hit = [value for pane, value in added if first <= pane <= last]
    return float(len(hit)), float(sum(hit)), float(sum(value * value for value in hit))


@settings(max_examples=300, deadline=None)
@given(steps)
def test_any_adds_and_any_windows_in_any_order(script: list[tuple[str, float, float]]) -> None:
    panes, added = Panes(), list[tuple[int, int]]()
    for what, where, value in script:
        if what == "add":
            added.append((int(where) * PANE_S, int(value)))
            panes.add(int(where) * PANE_S, 1, value, value * value)
        else:
            assert panes.window(value, where) == brute(added, value, where)


def test_a_step_back_within_a_pane() -> None:
    panes = Panes()
    panes.add(0, 1, 0, 0)
    assert panes.window(90, at=170.0)[0] == 0
    assert panes.window(90, at=130.0)[0] == 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 3 * 1440), min_size=1, max_size=60),
    st.floats(3 * 86_400 + 420, 3 * 86_400 + 480),
    st.sampled_from([60.0, 3600.0, 7200.0]),
    st.booleans(),
)
def test_tidying_never_changes_the_fine_span(where: list[int], at: float, length_s: float, crowded: bool) -> None:
    panes = Panes()
    for minute in [*where, *(range(3 * 1440) if crowded else [])]:
        panes.add(minute * PANE_S, 1, 1, 1)
    before, rows = panes.window(length_s, at), len(panes.rows)
    panes.tidy(at, retention_s=3 * 86_400)
    assert panes.window(length_s, at) == before
    assert sum(row[0] for row in panes.rows.values()) == len(where) + (3 * 1440 if crowded else 0)
    assert len(panes.rows) <= rows
    if crowded:
        assert len(panes.rows) < 720


def test_tidying_forgets_what_is_past_the_retention() -> None:
    panes = Panes()
    for pane in (0, 3600, 10_000 // 60 * 60):
        panes.add(pane, 1, 0, 0)
    panes.tidy(at=10_000.0, retention_s=3600.0)
    assert sorted(panes.rows) == [9960]
    assert panes.window(10_000, at=10_000.0)[0] == 1


def test_adding_after_coarsening_counts_once() -> None:
    panes = Panes()
    for minute in range(2000):
        panes.add(minute * PANE_S, 1, 0, 0)
    panes.tidy(at=2000 * 60.0, retention_s=10**6)
    panes.add(60, 1, 0, 0)
    panes.tidy(at=2000 * 60.0, retention_s=10**6)
    assert panes.window(2000 * 60.0, at=2000 * 60.0)[0] == 2001


@given(st.dictionaries(minutes, st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(-9, 9)), max_size=20))
def test_a_snapshot_is_the_same_panes(rows: dict[int, tuple[int, int, float]]) -> None:
    panes = Panes()
    for minute, (a, b, c) in rows.items():
        panes.add(minute * PANE_S, a, b, c)
    restored = Panes.restore(panes.snapshot())
    assert restored.rows == panes.rows
    assert all(restored.window(length, 9000.0) == panes.window(length, 9000.0) for length in LENGTHS)


@pytest.mark.parametrize(("at", "found"), [(59.0, 59.0), (60.0, 60.0), (130.0, 60.0), (250.0, 180.0), (999.0, 999.0)])
def test_the_first_pane_of_a_window(at: float, found: float) -> None:
    panes = Panes()
    panes.add(60, 1, 0, 0)
    panes.add(180, 1, 0, 0)
    panes.add(0, 0, 0, 0)
    assert panes.first_in(100.0, at) == found
