"""The local clock, against the arithmetic of Python's own time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.local_time import DAY_S, Local, LocalTime

ZONES = sorted(available_timezones())
# Half hours, quarters, a change of half an hour, a day left out, a change at midnight, a change for one month, none.
SPECIAL = [
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/Asuncion", "Africa/Casablanca",
    "Asia/Tokyo", "UTC",
]  # fmt: skip
CLOCKS: dict[str, LocalTime] = {}


def clock(name: str) -> LocalTime:
    return CLOCKS.setdefault(name, LocalTime(name))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def told(moment: float, name: str) -> Local:
    local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(name))
    return Local(local.weekday(), local.hour * 3600 + local.minute * 60 + local.second)


zones = st.sampled_from(ZONES) | st.sampled_from(SPECIAL)
moments = st.integers(0, 4_102_444_800)


@settings(deadline=None, max_examples=300)
@given(zones, moments)
def test_it_tells_what_the_time_zone_tells(name: str, moment: int) -> None:
    assert clock(name).at(moment) == told(moment, name)
    assert clock(name).day(moment) == (clock(name).wall(moment).date() - date(1970, 1, 1)).days


@settings(deadline=None, max_examples=100)
@given(zones, st.lists(moments, min_size=1, max_size=40))
def test_an_array_is_so_many_scalars(name: str, many: list[int]) -> None:
    weekdays, seconds = clock(name).arrays(np.array(many))
    assert list(zip(weekdays.tolist(), seconds.tolist(), strict=True)) == [told(moment, name) for moment in many]


@settings(deadline=None, max_examples=300)
@given(zones, moments, st.integers(0, 3 * DAY_S))
@example("Europe/Berlin", 1_792_890_000, 0)
@example("Europe/Berlin", 1_792_890_000 - DAY_S, DAY_S - 1)
@example("Europe/Berlin", 1_792_890_000 + DAY_S, DAY_S)
def test_a_change_is_near_where_the_offset_differs(name: str, moment: int, within: int) -> None:
    def offset(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(name)).utcoffset()

    # Since 1970 no two changes of a zone are less than 6 days apart.
    assert clock(name).near_change(moment, within) == (offset(moment - within - 1) != offset(moment + within))


@pytest.mark.parametrize(
    ("name", "before", "hours"),
    [
        # 23 hours: 02:00 to 03:00 does not happen. 25 hours: it happens twice.
        ("Europe/Berlin", "2026-03-29T00:30+01:00", [0.5, 1.5, 3.5, 4.5]),
        ("Europe/Berlin", "2026-10-25T00:30+02:00", [0.5, 1.5, 2.5, 2.5, 3.5]),
        ("America/New_York", "2026-03-08T01:30-05:00", [1.5, 3.5]),
        ("America/New_York", "2026-11-01T00:30-04:00", [0.5, 1.5, 1.5, 2.5]),
        # Half an hour, in the southern hemisphere.
        ("Australia/Lord_Howe", "2026-10-04T01:30+10:30", [1.5, 3.0, 4.0]),
        ("Asia/Kolkata", "2026-03-29T01:30+05:30", [1.5, 2.5, 3.5]),
    ],
)
def test_the_days_on_which_the_clock_changes(name: str, before: str, hours: list[float]) -> None:
    start, local = at(before), LocalTime(name)
    panes = start + 3600.0 * np.arange(len(hours))
    assert [local.at(pane).second / 3600 for pane in panes.tolist()] == hours
    weekdays, seconds = local.arrays(panes)
    assert (seconds / 3600).tolist() == hours
    assert set(weekdays.tolist()) == {date.fromisoformat(before[:10]).weekday()}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_a_day_has_as_many_panes_as_hours(day: str, hours: int) -> None:
    local, midnight = LocalTime("Europe/Berlin"), datetime.fromisoformat(day)
    start, end = local.moment(midnight), local.moment(midnight + timedelta(days=1))
    assert end - start == hours * 3600
    panes = np.arange(start, end, 300)
    _, seconds = local.arrays(panes)
    slots = np.bincount(seconds // 3600, minlength=24)
    assert slots.sum() == hours * 12
    assert slots[2] == {23: 0, 24: 12, 25: 24}[hours]
    assert len({local.day(pane) for pane in panes.tolist()}) == 1


def test_how_near_a_change_is() -> None:
    local, change = LocalTime("Europe/Berlin"), at("2026-10-25T01:00+00:00")
    assert local.near_change(change, 0.0)
    assert local.near_change(change - 3600, 3600.0)
    assert local.near_change(change + 3600, 3600.0)
    assert not local.near_change(change - 3601, 3600.0)
    assert not local.near_change(change + 3601, 3600.0)
    tokyo = LocalTime("Asia/Tokyo")
    assert not tokyo.near_change(change, 3 * 365.0 * DAY_S)


def test_the_edge_of_what_is_computed_at_a_time_is_no_change() -> None:
    local = LocalTime("Asia/Tokyo")
    assert not any(local.near_change(400.0 * DAY_S * number, 10.0) for number in range(50, 55))


@settings(deadline=None)
@given(zones, moments)
@example("Europe/Berlin", 1_792_890_000)
def test_a_wall_time_goes_back_to_its_moment(name: str, moment: int) -> None:
    back = clock(name).moment(clock(name).wall(moment))
    # The second time of an hour that happens twice goes back to the first.
    assert back == moment or (back < moment and clock(name).at(back) == clock(name).at(moment))


def test_times_skipped_and_repeated() -> None:
    berlin = LocalTime("Europe/Berlin")
    assert berlin.moment(datetime.fromisoformat("2026-03-29T02:30")) == at("2026-03-29T03:30+02:00")
    assert berlin.moment(datetime.fromisoformat("2026-10-25T02:30")) == at("2026-10-25T02:30+02:00")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Europe/Berln", '"Europe/Berln" is no time zone of the IANA database; did you mean Europe/Berlin'),
        ("berlin", "did you mean Europe/Berlin?"),
        ("Mars/Olympus_Mons", '"Mars/Olympus_Mons" is no time zone'),
        ("", '"" is no time zone'),
        ("America", '"America" is no time zone'),
        ("../zoneinfo/UTC", '"../zoneinfo/UTC" is no time zone'),
        ("W. Europe Standard Time", '"W. Europe Standard Time" is no time zone'),
    ],
)
def test_an_unknown_zone_is_named(name: str, message: str) -> None:
    with pytest.raises(ValueError, match="is no time zone") as caught:
        LocalTime(name)
    assert message in str(caught.value)


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), -1e30, 1e18])
def test_what_is_no_moment_is_refused(moment: float) -> None:
    local = LocalTime("Europe/Berlin")
    for ask in (local.at, local.day, local.wall, lambda at: local.near_change(at, 60.0)):
        with pytest.raises(ValueError, match="is no moment that has a date"):
            ask(moment)
    with pytest.raises(ValueError, match="is no moment that has a date"):
        local.arrays(np.array([0.0, moment]))


def test_empty_and_shaped_arrays() -> None:
    weekdays, seconds = LocalTime("UTC").arrays(np.zeros((2, 0)))
    assert weekdays.shape == seconds.shape == (2, 0)
    weekdays, seconds = LocalTime("UTC").arrays(np.array([[0.0, 0.9], [-0.5, -1.0]]))
    assert weekdays.tolist() == [[3, 3], [2, 2]]
    assert seconds.tolist() == [[0, 0], [86_399, 86_399]]
