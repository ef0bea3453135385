"""What a producer can do to the size of our own records, and to memory, with events that are all valid."""

import random
import string
from collections.abc import Callable

import pytest

from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import FlushSettings, Ingest
from tests.support.detecting import START
from tests.support.pipeline_sim import Raw, event

LARGEST = 1_000_000
"""Bytes of a record that every broker takes, unless it is told otherwise; counted before compression."""
ENRICHER = Enricher(None)


def noise(n: int, length: int) -> str:
    """Letters that do not compress, the same for the same ``n``."""
    return "".join(random.Random(n).choices(string.ascii_letters, k=length))


def largest(make: Callable[[int], bytes], count: int) -> int:
    """Bytes of the largest record that is told of a chunk with such events."""
    ingest = Ingest(2, CountSettings(), Limits(), FlushSettings(), ENRICHER)
    ingest.assign([0], 0.0)
    assert ingest.take(0, [Raw(n, round(START * 1000), make(n)) for n in range(count)], 0.0) == []
    return max(len(output.value) for output in ingest.flush(1.0))


def themes(n: int) -> bytes:
    return event(START, f"e{n}", noise(n, 250))


def values(n: int) -> bytes:
    return event(START, f"e{n}", "login", region=noise(n, 200), tier=noise(n + 1, 200), channel=noise(n + 2, 200))


def metrics(n: int) -> bytes:
    return event(START, f"e{n}", "login", metrics={noise(n * 32 + k, 128): 1.0 for k in range(32)})


@pytest.mark.parametrize("make", [themes, values, metrics])
def test_our_records_stay_small_whatever_the_events_say(make: Callable[[int], bytes]) -> None:
    assert largest(make, 4000) < LARGEST


def slices_of_many_themes(n: int) -> bytes:
    return event(START, f"e{n}", f"t{n % 400}", region=noise(n, 200), tier=noise(n + 1, 200), channel=noise(n + 2, 200))


def metrics_of_many_themes(n: int) -> bytes:
    return event(START, f"e{n}", f"t{n % 400}", metrics={noise(n * 32 + k, 128): 1.0 for k in range(32)})


@pytest.mark.parametrize("make", [slices_of_many_themes, metrics_of_many_themes])
def test_our_records_stay_small_whatever_many_themes_say(make: Callable[[int], bytes]) -> None:
    assert largest(make, 4000) < LARGEST


def test_our_records_stay_small_when_years_are_replayed() -> None:
    assert largest(lambda n: event(START - 3600 * n, f"e{n}", "login", text=noise(n, 200)), 6000) < LARGEST
