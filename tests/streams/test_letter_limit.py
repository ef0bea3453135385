"""When a worker stops because of dead letters, and what it has committed by then."""

from typing import Any, NamedTuple

import pytest

from streams.config import ConfigError, parse_settings
from streams.letter_limit import Letter, LetterLimit, LetterLimits, TooManyLetters

CHUNK = 100
LIMITS = LetterLimits(share=0.5, window_s=300.0, at_least=1000)


class At(NamedTuple):
    offset: int


class Reader:
    """Reads one partition through a limit and commits at chunk starts, as the worker does.

    Args:
        poisoned: offsets that are refused.
    """

    def __init__(self, poisoned: range, limits: LetterLimits = LIMITS, committed: int = 0) -> None:
        self.poisoned, self.limits, self.committed = poisoned, limits, committed
        self.limit = LetterLimit(limits, CHUNK)
        self.limit.assign()
        self.position = committed

    def read(self, now: float, count: int) -> None:
        """Read so many records more, and commit what may be."""
        records = [At(offset) for offset in range(self.position, self.position + count)]
        letters = [Letter(one.offset, "not-json") for one in records if one.offset in self.poisoned]
        self.limit.take(now, 7, "cx.feedback, partition 2", records, letters)
        self.position += count
        self.commit(now)

    def commit(self, now: float) -> None:
        allowed = self.limit.committable(now, 7, self.position // CHUNK * CHUNK)
        if allowed is not None:
            assert allowed % CHUNK == 0, "not the start of a chunk"
            assert allowed >= self.committed
            self.committed = allowed

    def read_all(self, end: int, step: int) -> None:
        for n in range(end // step):
            self.read(n / 10, step)

    def read_until_it_stops(self, end: int, step: int = 70) -> str:
        with pytest.raises(TooManyLetters) as stopped:
            self.read_all(end, step)
        self.commit(end / step / 10)
        return str(stopped.value)


def test_below_the_limit_everything_is_committed_as_it_is_read() -> None:
    reader = Reader(range(0, 10_000, 3))
    for now in range(100):
        reader.read(float(now), 100)
        assert reader.committed == reader.position


def test_the_reason_names_share_reason_and_an_example() -> None:
    said = Reader(range(500, 10**6)).read_until_it_stops(20_000)
    assert "52% of the last 1050 records are dead letters, more than ingest.dead_letters.share = 0.5" in said
    assert "550 of 550 are not-json, such as cx.feedback, partition 2, offset 1049" in said


def test_few_records_say_nothing() -> None:
    reader = Reader(range(10**6))
    for now in range(99):
        reader.read(float(now), 10)
    assert reader.position == 990


def test_what_left_the_window_does_not_count() -> None:
    reader = Reader(range(10**6))
    for step in range(200):
        reader.read(step * 100.0, 300)
    assert reader.position == 60_000


def test_a_share_of_one_is_no_limit() -> None:
    reader = Reader(range(10**6), LetterLimits(share=1.0))
    for now in range(100):
        reader.read(float(now), 500)
    assert reader.committed == 50_000


@pytest.mark.parametrize("good", [0, 350, 5000])
@pytest.mark.parametrize("step", [30, 70, 100, 450])
def test_a_crash_loop_commits_nothing_of_a_poisoned_chunk(good: int, step: int) -> None:
    first_poisoned_chunk = good // CHUNK * CHUNK + (CHUNK if good % CHUNK >= CHUNK / 2 else 0)
    committed = 0
    for _ in range(4):
        reader = Reader(range(good, 10**6), committed=committed)
        reader.read_until_it_stops(100_000, step)
        committed = reader.committed
        assert committed <= first_poisoned_chunk
    assert committed >= good - step - CHUNK


def test_nothing_is_committed_of_what_tripped_it_even_if_it_is_asked_for() -> None:
    reader = Reader(range(0, 10**6, 2), LetterLimits(share=0.4, at_least=1000))
    reader.read_until_it_stops(10_000)
    before = reader.committed
    reader.position += 1000
    reader.commit(1.0)
    assert reader.committed == before == 0


def test_a_poisoned_chunk_that_trips_nothing_is_committed_after_the_window() -> None:
    reader = Reader(range(200, 300))
    reader.read(0.0, 250)
    reader.read(10.0, 250)
    assert reader.committed == 200
    reader.commit(309.9)
    assert reader.committed == 200
    reader.commit(310.0)
    assert reader.committed == 500


def test_poison_that_goes_on_below_the_limit_is_committed_a_window_late() -> None:
    reader = Reader(range(10**6))
    for now in range(0, 2000, 10):
        reader.read(float(now), 10)
    assert reader.committed >= reader.position - 310 - CHUNK


def test_one_bad_record_holds_nothing_back() -> None:
    reader = Reader(range(150, 151))
    reader.read(0.0, 100)
    for now in range(100):
        reader.read(float(now), 1)
    assert reader.committed == 200


def test_partitions_count_together_and_are_held_back_apart() -> None:
    limit = LetterLimit(LIMITS, CHUNK)
    good, bad = ([At(offset) for offset in range(first, first + 200)] for first in (0, 1000))
    letters = [Letter(one.offset, "bad-time") for one in bad]
    assert limit.committable(0.0, 1, 0) is None
    for source in (1, 2):
        limit.take(0.0, source, "good", good, [])
        assert limit.committable(0.0, source, 200) == 200
    limit.take(0.0, 3, "bad", bad, letters)
    assert limit.committable(0.0, 3, 1200) is None
    assert limit.committable(0.0, 1, 200) == 200
    limit.take(1.0, 3, "bad", bad, letters)
    with pytest.raises(
        TooManyLetters, match=r"^60% of the last 1000 .* 600 of 600 are bad-time, such as bad, offset 11"
    ):
        limit.take(1.0, 3, "bad", bad, letters)


@pytest.mark.parametrize(
    ("key", "value"), [("share", 0.0), ("share", 1.5), ("window", "0s"), ("at_least", 0), ("at_last", 5)]
)
def test_a_mistake_names_its_key(key: str, value: Any, tmp_path: Any) -> None:
    raw = {"ownership": {"default": {"role": "r", "accountable": "a"}}, "ingest": {"dead_letters": {key: value}}}
    with pytest.raises(ConfigError, match=rf"^ingest\.dead_letters\.{key}: "):
        parse_settings(raw, tmp_path)
