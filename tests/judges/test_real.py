"""Streams from stamps: what is watched, what is usual, and where incidents go; and the small worlds of one hazard."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest

from tests.judges.asking import asker
from tests.judges.complaints import longest_run
from tests.judges.interface import Source
from tests.judges.local import Clock
from tests.judges.pointed import CASES, SERIES, compared, pair
from tests.judges.reviews import DAY_S, ZONE, Stamps, pane_of, sources
from tests.judges.shapes import DAY, WARM

START = 1_600_000_200


def _stamps(a_day: float, days: int, seed: int = 1) -> list[int]:
    rng = np.random.default_rng(seed)
    at = START + np.sort(rng.uniform(0, days * DAY_S, round(a_day * days)))
    return [int(each) for each in at]


@pytest.fixture(scope="module")
def stamps() -> Stamps:
    return {("app", "1"): _stamps(60, 60), ("app", "3"): _stamps(10, 40, 2), ("app", "5"): _stamps(10, 60, 3)}


def _named(found: list[Source]) -> dict[str, tuple[Source, dict]]:
    return {stream["name"]: (source, stream) for source in found for stream in source.streams}


def test_the_pane_goes_by_volume() -> None:
    assert [pane_of(_stamps(*each)) for each in ((60, 40), (10, 40), (0.5, 60), (60, 20))] == [900, 3600, None, None]


def test_no_event_is_lost_but_at_the_ends(stamps: Stamps) -> None:
    for source, stream in _named(sources(stamps, ZONE, 1, incidents=False)).values():
        have = len(stamps["app", stream["name"][-1]])
        assert have - 6 < np.nansum(stream["y"]) <= have
        assert source.start % source.pane_s == 0
        assert not stream["incidents"]


def test_what_was_not_watched_is_unknown_and_the_warm_up_begins_with_the_series(stamps: Stamps) -> None:
    _, short = _named(sources(stamps, ZONE, 1))["app 3"]
    known = np.flatnonzero(~np.isnan(short["y"]))
    assert np.isnan(short["y"][known[-1] + 1 :]).all()
    assert short["warm"] == known[0] + 14 * 24
    assert known[-1] < len(short["y"]) - 15 * 24


def test_usual_is_the_mean_where_nothing_varies(stamps: Stamps) -> None:
    _, stream = _named(sources(stamps, ZONE, 1, incidents=False))["app 1"]
    assert np.nanmedian(stream["mu"][stream["y"] >= 0]) == pytest.approx(60 / 96, rel=0.1)
    assert 1 <= stream["phi"] < 1.3


def test_incidents_start_by_day_after_the_warm_up_and_add_what_they_say(stamps: Stamps) -> None:
    plain, struck = (_named(sources(stamps, ZONE, 7, incidents=each)) for each in (False, True))
    for name, (source, stream) in struck.items():
        clock = Clock.of(ZONE, source.start, len(stream["y"]), source.pane_s)
        more = stream["y"] - plain[name][1]["y"]
        inside = np.zeros(len(more), bool)
        for each in stream["incidents"]:
            assert stream["warm"] <= each["start"] < each["end"] < stream["last"]
            assert 8 <= clock.hour[each["start"]] < 20
            inside[each["start"] : each["end"]] = True
        assert len(stream["incidents"]) == (stream["last"] - stream["warm"]) * source.pane_s // (7 * DAY_S)
        assert np.nansum(more[~inside]) == 0
        total = sum(each["excess"] for each in stream["incidents"])
        assert np.nansum(more[inside]) == pytest.approx(total, abs=5 * np.sqrt(total))
    assert struck.keys() == _named(sources(stamps, ZONE, 7)).keys()


def test_the_longest_run_of_days() -> None:
    first = date(2020, 1, 1)
    days = Counter({first + timedelta(days=day): 100 for day in (0, 1, 4, 5, 6, 9)})
    days[first + timedelta(days=7)] = 99
    assert longest_run(days) == (first + timedelta(days=4), 3)


@pytest.mark.parametrize(("world", "name"), [(world, name) for world, cases in CASES.items() for name in cases])
def test_a_hazard_touches_the_days_that_it_names_and_no_other_before(world: str, name: str) -> None:
    struck, calm, (begins, ends) = pair(3, CASES[world][name])
    assert WARM <= begins < ends
    with_it, without = (np.nan_to_num(source.counts, nan=-1.0) for source in (struck, calm))
    if world != "dst":
        assert np.abs(with_it[:begins].sum() / without[:begins].sum() - 1) < 0.2
        assert with_it[begins : begins + DAY].sum() < 0.97 * without[begins : begins + DAY].sum() or "backlog" in name
    assert np.isnan(struck.counts).any() == ("unknown" in name)


def test_a_silent_detector_passes_and_one_that_reads_an_outage_as_a_low_does_not() -> None:
    case = CASES["outage"]["zeros, then backlog"]
    told = compared(lambda sources, *_: [[[] for _ in source.streams] for source in sources], case, [1, 2], 0.1, {})
    assert (told["opened"], told["without"], told["series"]) == (0, 0, 2 * SERIES)
    told = compared(asker("seasonal-ewma"), case, [1, 2], 0.02, {})
    assert told["opened"] > 2 * (told["without"] + told["chance"])
