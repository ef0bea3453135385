"""A reader acts on each revision once, whatever is repeated, in whatever order, and across its own restarts."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reader import Newest, Seen, TwoMeanings

deliveries = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 6)), max_size=60)


def content(identity: str, revision: int) -> bytes:
    return f"{identity}/{revision}".encode()


def stored(newest: Newest) -> Newest:
    """What a successor goes on from."""
    return Newest(1000, json.loads(json.dumps(newest.export())))


@given(deliveries)
def test_each_revision_above_those_before_it_is_new_once(taken: list[tuple[str, int]]) -> None:
    newest, highest = Newest(10), dict[str, int]()
    for identity, revision in taken:
        seen = newest.take(identity, revision, content(identity, revision))
        known = highest.get(identity, 0)
        assert seen is (Seen.NEW if revision > known else Seen.REPEATED if revision == known else Seen.OLDER)
        highest[identity] = max(known, revision)
    assert {identity: revision for identity, revision, _ in newest.export()} == highest


@given(deliveries, st.sets(st.integers(0, 60)))
def test_a_successor_goes_on_alike(taken: list[tuple[str, int]], restarts: set[int]) -> None:
    one, other = Newest(1000), Newest(1000)
    for index, (identity, revision) in enumerate(taken):
        if index in restarts:
            other = stored(other)
        data = content(identity, revision)
        assert one.take(identity, revision, data) is other.take(identity, revision, data)
    assert one.export() == other.export()


@given(deliveries, st.integers(0, 60))
def test_reading_again_from_any_offset_is_no_news(taken: list[tuple[str, int]], back: int) -> None:
    newest = Newest(10)
    for identity, revision in taken:
        newest.take(identity, revision, content(identity, revision))
    before = {identity: revision for identity, revision, _ in newest.export()}
    again = [newest.take(identity, revision, content(identity, revision)) for identity, revision in taken[back:]]
    assert Seen.NEW not in again
    assert {identity: revision for identity, revision, _ in newest.export()} == before


@given(deliveries, st.integers(1, 3))
def test_the_least_recently_used_id_goes_first(taken: list[tuple[str, int]], capacity: int) -> None:
    newest = Newest(capacity)
    used: list[str] = []
    for identity, revision in taken:
        newest.take(identity, revision, content(identity, revision))
        used = [*(one for one in used if one != identity), identity][-capacity:]
        assert [row[0] for row in newest.export()] == used
    assert len(newest) == len(used)


@given(deliveries.filter(bool), st.binary(max_size=8))
def test_a_second_meaning_is_told_and_changes_nothing(taken: list[tuple[str, int]], other: bytes) -> None:
    newest = Newest(10)
    for identity, revision in taken:
        newest.take(identity, revision, content(identity, revision))
    before = dict(row[:2] for row in newest.export())
    identity, revision = taken[0][0], before[taken[0][0]]
    if other == content(identity, revision):
        return
    with pytest.raises(TwoMeanings, match=f"^{identity} revision {revision} came with two contents$"):
        newest.take(identity, revision, other)
    assert dict(row[:2] for row in newest.export()) == before
    assert newest.take(identity, revision, content(identity, revision)) is Seen.REPEATED


def test_an_id_that_went_is_new_again() -> None:
    newest = Newest(2)
    assert [newest.take(identity, 1, b"") for identity in "abca"] == [Seen.NEW] * 4


def test_a_smaller_successor_keeps_the_newest() -> None:
    newest = Newest(10)
    for identity in "abcd":
        newest.take(identity, 1, b"")
    assert [row[0] for row in Newest(2, newest.export()).export()] == ["c", "d"]


@pytest.mark.parametrize("state", [["a"], [["a", 1]], [["a", "1", 2]], [[1, 1, 1]], [["a", 1, 1 << 64]], [None]])
def test_what_is_no_state_is_refused_by_its_place(state: list[list[object]]) -> None:
    with pytest.raises(ValueError, match=r"^state\[1\]: expected"):
        Newest(5, [["ok", 1, 2], *state])


@pytest.mark.parametrize("make", [lambda: Newest(0), lambda: Newest(-3)])
def test_a_capacity_below_one_is_refused(make: Callable[[], Newest]) -> None:
    with pytest.raises(ValueError, match=r"^capacity: expected at least 1"):
        make()
