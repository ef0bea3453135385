"""What a configuration needs in memory, measured by building some series of each kind under its rules. Pure."""

import tracemalloc
from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from detectors.panes import PANE_S
from schemas.codec import encode_flush
from schemas.panes import WIRE_VERSION, Cell, Flush, PaneUpdate, Sample, SourceState
from streams.config import rule_set
from streams.detecting import PartitionDetector
from streams.ingest.dedupe import RecentIds
from streams.settings import Settings

_BUSY_BUILT, _QUIET_BUILT = 8, 100
_START = 1_767_225_600
_QUIET_MENTIONS, _BUSY_MENTIONS = 12, 720
_VALUES = 4
_QUOTE = "The app asks me to log in again and again, and then says that my session has expired. "


class Estimate(NamedTuple):
    """Bytes of one of each.

    Attributes:
        busy: a series with a mention a minute for half a day, by other customers each, with quotes and slices.
        asleep: a series with a dozen mentions, quiet for half an hour or longer.
        input_partition: what ingest remembers of an input partition at most: event ids against repeats.
    """

    busy: float
    asleep: float
    input_partition: float


def estimate(settings: Settings) -> Estimate:
    """Build some, and see what they take."""
    counting = settings.ingest.counting
    # What is loaded with the first series is no part of a series.
    detector_with(settings, 1, _QUIET_MENTIONS)
    return Estimate(
        _taken(lambda: detector_with(settings, _BUSY_BUILT, _BUSY_MENTIONS)) / _BUSY_BUILT,
        _taken(lambda: _asleep(settings)) / _QUIET_BUILT,
        _taken(lambda: _full(RecentIds(counting.dedupe_s, counting.dedupe_ids), 2 * counting.dedupe_ids)),
    )


def _asleep(settings: Settings) -> PartitionDetector:
    detector = detector_with(settings, _QUIET_BUILT, _QUIET_MENTIONS)
    detector.dirty.clear()
    detector.open.clear()
    list(detector.series.settling(float("inf"), lambda _: False))
    return detector


def _full(ids: RecentIds, count: int) -> RecentIds:
    for n in range(count):
        ids.repeated(("default", f"event-{n}"), 0.0)
    return ids


def _taken(build: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        built = build()
        after = tracemalloc.get_traced_memory()[0]
        del built
    finally:
        tracemalloc.stop()
    return after - before


def detector_with(settings: Settings, series: int, mentions: int, first: int = 0) -> PartitionDetector:
    """A partition's detector that has been told of so many series with so many mentions each.

    Args:
        first: number of the first series, which is part of its theme's name.
    """
    detector = PartitionDetector(0, rule_set(settings), {0}, settings.detect)
    dimensions = settings.ingest.counting.dimensions
    for begin in range(0, mentions, 60):
        part = range(begin, min(begin + 60, mentions))
        updates = [_update(first + n, part, dimensions) for n in range(series)]
        at = float(_START + part[-1] * PANE_S)
        detector.apply(encode_flush(Flush(WIRE_VERSION, [SourceState(0, at, None)], updates)))
        for key, signal in list(detector.outbox()):
            detector.sent(key, signal)
    return detector


def _update(number: int, part: range, dimensions: tuple[str, ...]) -> PaneUpdate:
    return PaneUpdate("default", f"theme-{number}", 0, part[0], part[-1], list(_cells(number, part, dimensions)))


def _cells(number: int, part: range, dimensions: tuple[str, ...]) -> Iterator[Cell]:
    for minute in part:
        at = float(_START + minute * PANE_S)
        yield Cell(
            pane=int(at),
            count=1,
            first=at,
            last=at,
            sentiment_n=1,
            sentiment_sum=-0.5,
            customers=array("Q", [(number << 40) + (minute << 20) + 1]).tobytes(),
            slices={f"{name}=value {(minute + number) % _VALUES}": 1 for name in dimensions},
            metrics={"handle_s": (1, 300.0, 90_000.0)},
            samples=[Sample(f"event-{number}-{minute}", at, _QUOTE, -0.5, "given", minute)],
        )
