"""The streams of other shapes are what their names say, and the same for the same seed."""

import numpy as np
import pytest

from tests.judges.interface import Source, Stream
from tests.judges.local import Clock
from tests.judges.scoring import feasible
from tests.judges.shapes import DAY, PANES, SHAPES, SOURCES, WARM, shaped


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return dict(zip(SOURCES, shaped(5, 2), strict=True))


def _of(sources: dict[str, Source], shape: str, source: str = "plain") -> list[Stream]:
    return [stream for stream in sources[source].streams if stream["shape"] == shape]


def _clock(name: str, source: Source) -> Clock:
    return Clock.of(source.zone, source.start, PANES)


def test_a_seed_is_a_world(sources: dict[str, Source]) -> None:
    again, other = shaped(5, 2), shaped(6, 2)
    for one, two, three in zip(sources.values(), again, other, strict=True):
        assert np.array_equal(one.counts, two.counts, equal_nan=True)
        assert not np.array_equal(one.counts, three.counts, equal_nan=True)


def test_fewer_series_are_some_of_the_many(sources: dict[str, Source]) -> None:
    few = {(name, s["shape"]): s["y"] for name, x in zip(SOURCES, shaped(5, 1), strict=True) for s in x.streams}
    for (name, shape), y in few.items():
        assert np.array_equal(y, _of(sources, shape, name)[0]["y"], equal_nan=True)


def test_every_source_starts_on_a_monday_and_holds_every_shape(sources: dict[str, Source]) -> None:
    for source in sources.values():
        assert (source.start // 86_400 + 3) % 7 == 0
        assert source.start % 86_400 == 0
        assert {stream["shape"] for stream in source.streams} == set(SHAPES)
        assert source.counts.shape == (PANES, 2 * len(SHAPES))


@pytest.mark.parametrize("name", ["dst-spring", "dst-autumn"])
def test_business_opens_by_the_local_clock_on_both_sides_of_its_change(sources: dict[str, Source], name: str) -> None:
    source = sources[name]
    clock = _clock(name, source)
    (change,) = clock.changes
    assert WARM < change < PANES - 7 * DAY
    stream = _of(sources, "business", name)[0]
    first = [
        float(clock.hour[(clock.day == day) & (stream["mu"] > 0)].min())
        for day in range(1, 27)
        if clock.weekday[clock.day == day][0] < 5
    ]
    assert max(first) - min(first) < 0.17
    opens = np.flatnonzero((stream["mu"][1:] > 0) & (stream["mu"][:-1] == 0))
    before, after = (np.median(some % DAY) for some in (opens[opens < change], opens[opens > change]))
    assert abs(before - after) == 12


def test_a_holiday_takes_a_local_day(sources: dict[str, Source]) -> None:
    source = sources["holiday"]
    clock = _clock("holiday", source)
    days = [event[1] for event in source.streams[0]["events"] if event[0] == "after a holiday"]
    busy = _of(sources, "busy", "holiday")[0]["mu"]
    assert days
    assert max(days) > WARM
    for at in days:
        assert clock.hour[at] == 0
        assert clock.weekday[at] < 5
        # On both sides of a local midnight the rate is much the same, but for the factor.
        assert busy[at] == pytest.approx(0.3 * busy[at - 1], rel=0.15)
        assert busy[at + DAY - 1] == pytest.approx(0.3 * busy[at + DAY], rel=0.15)


def test_an_outage_is_one_of_all_series(sources: dict[str, Source]) -> None:
    counts = sources["outage"].counts
    dark = np.all(np.nan_to_num(counts) == 0, axis=1)
    assert 36 <= dark.sum() <= 3 * 72
    assert not np.all(np.nan_to_num(sources["plain"].counts) == 0, axis=1).any()


def test_means_are_kept(sources: dict[str, Source]) -> None:
    for source in sources.values():
        for stream in source.streams:
            quiet = np.ones(PANES, bool)
            for each in stream["incidents"]:
                quiet[each["start"] : each["end"]] = False
            if stream["hazard"] == "outage":
                continue
            seen, mean = np.nansum(stream["y"][quiet]), stream["mu"][quiet].sum()
            assert abs(seen - mean) < 6 * np.sqrt(stream["phi"] * mean) + 6, (source.name, stream["shape"])


def test_shapes_are_what_they_say(sources: dict[str, Source]) -> None:
    for stream in _of(sources, "born"):
        assert np.nansum(stream["y"][: stream["born"]]) == 0
    assert all(stream["y"][-DAY:].sum() == 0 for stream in _of(sources, "dies"))
    assert all(stream["phi"] >= 3 for stream in _of(sources, "overdispersed"))
    assert all(stream["rate"] <= 0.05 for stream in _of(sources, "sparse"))
    assert all(stream["rate"] >= 200 for stream in _of(sources, "busy"))
    for stream in _of(sources, "weekend-only"):
        mu = stream["mu"].reshape(28, DAY).sum(axis=1)
        assert mu[5] > 10 * mu[2]


def test_incidents_are_mostly_to_be_found_and_never_in_the_warm_up(sources: dict[str, Source]) -> None:
    scored = [(s, i) for x in sources.values() for s in x.streams for i in s["incidents"] if i["scored"]]
    assert all(WARM < each["start"] < each["end"] <= PANES for _, each in scored)
    assert len(scored) == 2 * sum(len(source.streams) for source in sources.values())
    assert 0.5 < np.mean([feasible(*each) for each in scored]) < 0.95
    assert {each["kind"] for _, each in scored} == {"ramp", "step", "slow", "burst", "night", "day +20 %"}


def test_without_incidents_only_the_excused_are_left() -> None:
    for source in shaped(5, 1, incidents=False):
        assert not [i for stream in source.streams for i in stream["incidents"] if i["scored"]]
