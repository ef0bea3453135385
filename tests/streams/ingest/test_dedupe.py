"""Recent ids: remembered for a window, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.dedupe import RecentIds


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 90)), max_size=60))
def test_repeated_within_a_window_and_forgotten_after_two(steps: list[tuple[int, int]]) -> None:
    ids, clock, last = RecentIds(100.0, 10_000), 0.0, dict[int, float]()
    for name, pause in steps:
        clock += pause
        found = ids.repeated(name, clock)
        if name in last and clock - last[name] <= 100.0:
            assert found
        if name not in last or clock - last[name] > 300.0:
            assert not found
        if not found:
            last[name] = clock


def test_no_more_ids_than_two_generations() -> None:
    ids = RecentIds(1e9, 100)
    for i in range(10_000):
        assert not ids.repeated(i, 0.0)
        assert len(ids._new) + len(ids._old) <= 200
    assert ids.repeated(9_950, 0.0)
    assert not ids.repeated(0, 0.0)


def test_time_that_goes_back_forgets_nothing() -> None:
    ids = RecentIds(100.0, 100)
    ids.repeated("a", 1000.0)
    assert not ids.repeated("b", 10.0)
    assert ids.repeated("a", 10.0)
    assert ids.repeated("b", 1000.0)


def test_after_a_long_pause_nothing_is_remembered() -> None:
    ids = RecentIds(100.0, 100)
    ids.repeated("a", 50.0)
    assert not ids.repeated("a", 351.0)
