"""A table of counts, judged pane by pane: causal, the same every time, and sure of what it does not know."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.local_time import LocalTime
from detectors.rules import RuleSet
from detectors.surroundings import Surroundings
from streams.offline.backtest import Backtest, default_rule, detect_matrix

Floats = npt.NDArray[np.float64]

PANE_S, DAY = 1800, 48
"""Panes of half an hour keep the tests quick."""

MONDAY = 1_772_409_600.0


def lines_of(
    counts: Floats, *, names: Iterable[str] = (), zone: str = "UTC", pane_s: int = PANE_S, **rule: Any
) -> list[dict[str, Any]]:
    columns = list(names) or [f"theme-{number}" for number in range(counts.shape[1])]
    spec = msgspec.structs.replace(default_rule(pane_s, 0.1), **rule)
    test = Backtest(columns, RuleSet([spec]), pane_s, MONDAY, Surroundings(LocalTime(zone).offset))
    lines: list[dict[str, Any]] = []
    for number, row in enumerate(counts.tolist()):
        lines += test.feed(MONDAY + number * pane_s, row)
    return [*lines, *test.finish()]


def opened(lines: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """What was known when each signal opened, in the order of opening."""
    return [tuple(line[key] for key in ("theme", "opened_at", "observed", "expected", "score")) for line in lines]


@cache
def _drawn(days: int, means: tuple[float, ...], seed: int) -> Floats:
    hours = np.arange(days * DAY) / 2
    wave = 1.0 + 0.5 * np.sin(hours / 24 * 2 * np.pi)
    return np.random.default_rng(seed).poisson(np.outer(wave, means)).astype(float)


def drawn(days: int = 16, means: tuple[float, ...] = (20.0, 3.0, 0.2, 8.0), seed: int = 1) -> Floats:
    return _drawn(days, means, seed).copy()


def pane_of(stamp: str) -> int:
    """Number of the pane that ends then."""
    return round((datetime.fromisoformat(stamp).timestamp() - MONDAY) / PANE_S) - 1


def test_an_incident_is_told_once_with_its_numbers() -> None:
    counts = drawn()
    counts[15 * DAY : 15 * DAY + 10, 1] += 25.0
    lines = [line for line in lines_of(counts) if line["theme"] == "theme-1"]
    (line,) = [line for line in lines if pane_of(line["opened_at"]) >= 15 * DAY]
    assert pane_of(line["opened_at"]) < 15 * DAY + 2
    assert 15 * DAY + 9 < pane_of(line["resolved_at"]) < 16 * DAY
    assert line["observed"] > 5 * line["expected"] > 0.0
    assert line["severity"] in ("high", "critical")
    assert line["score"] > 0.0
    assert line["reason"]
    assert line["rule"] == "surge"


def test_what_is_still_open_comes_at_the_end() -> None:
    counts = drawn()
    counts[-3:, 1] += 25.0
    line = lines_of(counts)[-1]
    assert line["theme"] == "theme-1"
    assert line["resolved_at"] is None


def test_lines_come_in_the_order_of_opening() -> None:
    counts = drawn()
    for number, column in enumerate((2, 0, 3, 1)):
        start = 10 * DAY + 3 + number * 60
        counts[start : start + 20 - 4 * number, column] += 90.0
    stamps = [line["opened_at"] for line in lines_of(counts)]
    assert len(stamps) >= 4
    assert stamps == sorted(stamps)


def eventful(seed: int) -> Floats:
    """Twelve days with incidents, an outage, holes and a theme that is born."""
    draw, counts = np.random.default_rng(seed), drawn(12, seed=seed)
    for _ in range(4):
        start, column = int(draw.integers(DAY, 12 * DAY)), int(draw.integers(4))
        counts[start : start + 12, column] = counts[start : start + 12, column] * 5 + 4
    start = int(draw.integers(6 * DAY, 11 * DAY))
    counts[start : start + 8] = 0.0
    start = int(draw.integers(2 * DAY, 11 * DAY))
    counts[start : start + 20, int(draw.integers(4))] = np.nan
    counts[int(draw.integers(2 * DAY, 11 * DAY))] = np.nan
    counts[: 5 * DAY, 2] = 0.0
    return counts


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(1, 12 * DAY))
def test_later_rows_never_change_what_was_opened_before(seed: int, cut: int) -> None:
    counts = eventful(seed)
    whole = [line for line in lines_of(counts) if pane_of(line["opened_at"]) < cut]
    assert opened(lines_of(counts[:cut])) == opened(whole)


def test_the_same_table_gives_the_same_lines() -> None:
    counts = eventful(3)
    assert lines_of(counts)
    assert lines_of(counts) == lines_of(counts)


def test_names_of_columns_mean_nothing() -> None:
    counts = eventful(4)
    names = ["d", "c", "b", "a"]
    renamed = lines_of(counts, names=names)
    usual = lines_of(counts)
    assert [line["theme"] for line in renamed] == [names[int(line["theme"][-1])] for line in usual]
    assert [row[1:] for row in opened(renamed)] == [row[1:] for row in opened(usual)]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_order_of_columns_changes_no_more_than_what_is_borrowed(seed: int) -> None:
    """At each turn of a day the first column borrows from fits of yesterday: it may trip a pane apart, young, two."""
    counts = eventful(seed)
    order = [2, 0, 3, 1]
    usual = sorted(opened(lines_of(counts)))
    other = sorted(opened(lines_of(counts[:, order], names=[f"theme-{number}" for number in order])))
    assert [row[0] for row in other] == [row[0] for row in usual]
    for mine, theirs in zip(other, usual, strict=True):
        assert abs(pane_of(str(mine[1])) - pane_of(str(theirs[1]))) <= (2 if pane_of(str(mine[1])) < 7 * DAY else 1)
        if mine[1] == theirs[1]:
            # The stretch that is told of may begin at another pane; how unusual it is stays.
            assert mine[4:] == pytest.approx(theirs[4:], rel=0.2, abs=0.5)


def test_a_column_more_that_says_nothing_changes_nothing() -> None:
    counts = eventful(5)
    silent, unknown = np.zeros(len(counts)), np.full(len(counts), np.nan)
    assert opened(lines_of(np.column_stack([counts, silent, unknown]))) == opened(lines_of(counts))


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan])
@pytest.mark.parametrize("columns", [1, 3])
def test_columns_that_never_change_open_nothing(value: float, columns: int) -> None:
    assert lines_of(np.full((10 * DAY, columns), value)) == []


@pytest.mark.parametrize("rows", [0, 1, 2, 10])
def test_few_rows_are_no_past(rows: int) -> None:
    assert lines_of(drawn()[:rows]) == []


def test_one_column_is_enough() -> None:
    counts = drawn(16, (4.0,))
    counts[15 * DAY : 15 * DAY + 8, 0] += 25.0
    assert [line for line in lines_of(counts) if pane_of(line["opened_at"]) in range(15 * DAY, 15 * DAY + 2)]


def test_a_theme_unknown_at_first_does_not_rise_when_it_becomes_known() -> None:
    counts = drawn(10, (6.0, 6.0, 6.0))
    counts[: 3 * DAY, 0] = np.nan
    born = counts.copy()
    born[: 3 * DAY, 0] = 0.0
    quiet = range(3 * DAY, 4 * DAY)
    assert not [line for line in lines_of(counts) if line["theme"] == "theme-0" and pane_of(line["opened_at"]) in quiet]
    assert [line for line in lines_of(born) if line["theme"] == "theme-0" and pane_of(line["opened_at"]) in quiet]


def test_days_unknown_are_no_zeros() -> None:
    counts = drawn(16, (6.0, 6.0, 6.0))
    usual = opened(lines_of(counts))
    counts[13 * DAY : 14 * DAY, 0] = np.nan
    after = [row for row in opened(lines_of(counts)) if row[0] == "theme-0" and row not in usual]
    assert after == []


@pytest.mark.parametrize("settle_s", [60.0, 7200.0])
def test_panes_before_a_hole_are_not_lost(settle_s: float) -> None:
    counts = drawn(16, (20.0, 20.0))
    counts[9 * DAY : 15 * DAY : 2, 0] = np.nan
    counts[15 * DAY + 4 : 15 * DAY + 12, 0] += 80.0
    fold = []
    for settle in (0.0, settle_s):
        (line,) = [line for line in lines_of(counts, settle_s=settle) if pane_of(line["opened_at"]) >= 14 * DAY]
        fold.append(line["observed"] / line["expected"])
    assert fold[1] == pytest.approx(fold[0], rel=0.2)


def test_an_outage_of_all_is_no_fall_and_no_rise_after() -> None:
    counts = drawn(17, (40.0, 30.0, 20.0))
    usual = opened(lines_of(counts, direction="both"))
    counts[15 * DAY + 6 : 15 * DAY + 20] = 0.0
    told = opened(lines_of(counts, direction="both"))
    assert [row for row in told if row not in usual and pane_of(str(row[1])) > 15 * DAY + 7] == []


@pytest.mark.parametrize(("direction", "found"), [("rise", False), ("fall", True), ("both", True)])
@pytest.mark.parametrize("left", [0.0, 1.0])
def test_one_theme_gone_silent_is_a_fall_where_it_is_asked_for(direction: str, found: bool, left: float) -> None:
    counts = drawn(16, (20.0, 20.0, 20.0, 20.0))
    counts[15 * DAY :, 0] = left
    lines = lines_of(counts, direction=direction)
    there = [line for line in lines if line["theme"] == "theme-0" and pane_of(line["opened_at"]) >= 15 * DAY]
    assert bool(there) == found
    assert all(pane_of(line["opened_at"]) < 15 * DAY + 4 for line in there)


def test_a_column_that_ends_is_no_outage_of_the_others() -> None:
    counts = drawn(17, (90.0, 5.0, 4.0))
    counts[12 * DAY :, 0] = np.nan
    counts[15 * DAY + 4 : 15 * DAY + 24, 1] += 30.0
    told = [line["theme"] for line in lines_of(counts) if pane_of(line["opened_at"]) >= 12 * DAY]
    assert told == ["theme-1"]


def test_a_single_theme_gone_silent_is_a_fall_where_it_is_asked_for() -> None:
    counts = drawn(16, (20.0,))
    counts[15 * DAY :] = 0.0
    told = {direction: opened(lines_of(counts, direction=direction)) for direction in ("rise", "both")}
    assert [row for row in told["both"] if pane_of(str(row[1])) >= 15 * DAY]
    assert [row for row in told["rise"] if pane_of(str(row[1])) >= 15 * DAY] == []


def test_the_clock_is_the_customers() -> None:
    """Half the customers' day is silent; on the day that clocks change it begins an hour earlier by UTC."""
    zone, start = LocalTime("Europe/Berlin"), MONDAY
    stamps = start + np.arange(40 * DAY) * PANE_S
    hours = np.array([(stamp + zone.offset(stamp)) % 86_400 / 3600 for stamp in stamps])
    rates = np.outer(np.where((hours >= 8) & (hours < 18), 30.0, 0.3), (1.0, 1.5))
    counts = np.random.default_rng(1).poisson(rates).astype(float)
    change = round((1_774_746_000 - start) / PANE_S)
    week = range(change, change + 5 * DAY)
    here, there = (
        [line for line in lines_of(counts, zone=name) if pane_of(line["opened_at"]) in week]
        for name in ("Europe/Berlin", "UTC")
    )
    assert here == []
    assert there != []


def test_a_matrix_is_judged_like_a_table() -> None:
    counts = eventful(3)
    stamps = (MONDAY + np.arange(len(counts)) * PANE_S).tolist()
    found = detect_matrix(stamps, counts, 0.1)
    lines = lines_of(counts)
    assert found == [
        [datetime.fromisoformat(line["opened_at"]).timestamp() for line in lines if line["theme"] == f"theme-{number}"]
        for number in range(4)
    ]
    assert sum(map(len, found)) > 0
    assert detect_matrix(stamps, counts, 0.1, {"pane_s": PANE_S, "zone": "UTC"}) == found


def test_a_larger_budget_opens_more() -> None:
    counts = drawn(20, (3.0,) * 6)
    stamps = (MONDAY + np.arange(len(counts)) * PANE_S).tolist()
    few, many = (sum(map(len, detect_matrix(stamps, counts, budget))) for budget in (0.02, 5.0))
    assert few < many
