"""The watermark waits for the slowest active source, and never goes back."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.watermark import Watermark
from schemas.panes import SourceState

states = st.builds(
    SourceState, st.integers(0, 3), st.none() | st.integers(0, 500).map(float), st.none() | st.floats(0, 100)
)


def test_a_source_not_heard_of_holds_it() -> None:
    watermark = Watermark({0, 1, 2})
    assert watermark.advance([SourceState(0, 100.0, None), SourceState(1, 90.0, None)]) == 0.0
    assert watermark.advance([SourceState(2, 50.0, None)]) == 50.0


def test_a_source_nobody_expects_does_not_stand_in_for_one_that_is() -> None:
    watermark = Watermark({0, 1})
    assert watermark.advance([SourceState(0, 100.0, None), SourceState(9, 90.0, None)]) == 0.0


def test_a_source_without_events_holds_it_until_it_is_idle() -> None:
    watermark = Watermark({0, 1})
    assert watermark.advance([SourceState(0, 100.0, None), SourceState(1, None, None)]) == 0.0
    assert watermark.advance([SourceState(1, None, 12.0)]) == 100.0


def test_an_idle_source_steps_aside_and_comes_back() -> None:
    watermark = Watermark({0, 1})
    watermark.advance([SourceState(0, 100.0, None), SourceState(1, 40.0, 15.0)])
    assert watermark.at == 100.0
    assert watermark.advance([SourceState(1, 60.0, None), SourceState(0, 200.0, None)]) == 100.0
    assert watermark.advance([SourceState(1, 150.0, None)]) == 150.0


def test_when_all_are_idle_time_goes_on() -> None:
    watermark = Watermark({0, 1})
    watermark.advance([SourceState(0, 100.0, 10.0), SourceState(1, 90.0, 12.0)])
    assert watermark.at == 110.0
    assert watermark.advance([SourceState(0, 100.0, 40.0)]) == 140.0


def test_all_idle_and_nothing_ever_seen() -> None:
    assert Watermark({0}).advance([SourceState(0, None, 99.0)]) == 0.0


def test_a_new_owner_that_has_read_nothing_takes_nothing_back() -> None:
    watermark = Watermark({0})
    watermark.advance([SourceState(0, 100.0, None)])
    watermark.advance([SourceState(0, None, None)])
    assert watermark.sources[0] == SourceState(0, 100.0, None)
    watermark.advance([SourceState(0, 70.0, 5.0)])
    assert watermark.sources[0] == SourceState(0, 100.0, 5.0)


@given(st.lists(st.lists(states, max_size=4), max_size=20))
def test_it_never_goes_back_nor_past_an_active_source(told: list[list[SourceState]]) -> None:
    watermark, before = Watermark({0, 1, 2, 3}), 0.0
    for batch in told:
        now = watermark.advance(batch)
        assert now == watermark.at >= before
        active = [state.watermark or 0.0 for state in watermark.sources.values() if state.idle_s is None]
        if active and now > before:
            assert now == min(active)
        before = now
