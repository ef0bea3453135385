"""The sparkline shows the usual and the rise in at most 48 values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from detectors.history import History
from detectors.panes import Panes
from detectors.sparkline import POINTS, binned, sparkline
from schemas.signal import Sparkline
from tests.support.detecting import START, Mention, history_of

NOW = START + 6 * 3600.0


def line(history: History, metric: str = "mentions", rising_s: float = 3600.0, usual: float | None = 4.0) -> Sparkline:
    found = sparkline(history, metric, NOW, window_s=3600.0, rising_s=rising_s, usual=usual)
    assert found is not None
    return found


MENTIONS = [Mention(NOW - 60.0 * i, sentiment=-0.5, wait_s=30.0) for i in range(40)]


def test_it_shows_the_rise_and_twice_as_much_before_it() -> None:
    found = line(history_of(MENTIONS))
    assert (found.pane_s, len(found.values), found.usual) == (300.0, 36, 0.333)
    assert found.values == [0.0] * 28 + [5.0] * 8
    assert found.end.timestamp() == NOW + 60.0


@settings(deadline=None)
@given(st.integers(900, 30 * 86_400), st.integers(600, 60 * 86_400))
def test_it_is_never_longer_than_promised_nor_older_than_the_series(rising_s: int, past_s: int) -> None:
    found = line(history_of(MENTIONS, since=NOW - past_s, retention_s=90 * 86_400.0), rising_s=rising_s)
    assert 1 <= len(found.values) <= POINTS
    assert len(found.values) * found.pane_s <= min(3 * rising_s, past_s)


def test_a_mean_is_shown_where_there_is_one() -> None:
    mood, wait = (line(history_of(MENTIONS), metric, usual=0.1) for metric in ("sentiment", "wait_s"))
    assert mood.values[-9:] == [None] + [-0.5] * 8
    assert wait.values[-9:] == [None] + [30.0] * 8
    assert mood.usual == 0.1


@pytest.mark.parametrize("usual", [None, 0.0])
def test_an_unknown_usual_is_left_out(usual: float | None) -> None:
    assert line(history_of(MENTIONS), usual=usual).usual is UNSET


def test_no_past_or_no_metric_is_no_line() -> None:
    young = history_of(MENTIONS, since=NOW - 60)
    assert sparkline(young, "mentions", NOW, window_s=3600.0, rising_s=3600.0, usual=None) is None
    assert sparkline(history_of([]), "wait_s", NOW, window_s=3600.0, rising_s=3600.0, usual=None) is None


def test_a_busy_series_is_not_shown_as_a_comb() -> None:
    history = history_of([Mention(NOW - 60.0 * i) for i in range(1000)])
    history.tidy(NOW)
    found = line(history)
    assert found.pane_s == 900.0
    assert {value for value in found.values if value is not None} <= {14.0, 15.0, 16.0}


def test_stretches_miss_nothing_and_count_nothing_twice() -> None:
    panes = Panes()
    for minute in range(100):
        panes.add(60 * minute, 1, 0, 0.0)
    assert [row[0] for row in binned(panes, 150.0, 40, end=6000.0)] == [2.0, 3.0] * 20
    assert sum(row[0] for row in binned(panes, 35.0, 3, end=5970.0)) == 2.0
    assert binned(panes, 60.0, 1, end=5990.0)[0][0] == 1.0
