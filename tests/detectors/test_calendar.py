"""The calendar: what a detector is told about a pane, and that it is told the same however it is looked up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detectors.in_force
from detectors.calendar import Calendar, Calendars
from detectors.declared import EFFECTS, KINDS, Declared, Entry, Kind, Scope
from detectors.local_time import LocalTime

BERLIN = LocalTime("Europe/Berlin")
HOLIDAYS = {
    date(2026, 5, 14): "Ascension Day (DE)",  # a Thursday
    date(2026, 10, 3): "German Unity Day (DE)",  # a Saturday
    date(2026, 10, 25): "Clock Day",  # 25 hours
    date(2026, 12, 31): "Old Year's Day",  # a Thursday, and so is the next week's
    date(2027, 1, 1): "New Year's Day",
    date(2027, 3, 28): "Spring Day",  # 23 hours
    date(2028, 2, 29): "Leap Day",  # a Tuesday
}


def public(year: int) -> dict[date, str]:
    return {day: name for day, name in HOLIDAYS.items() if day.year == year}


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def local(text: str) -> float:
    return float(BERLIN.moment(datetime.fromisoformat(text)))


def entry(
    kind: Kind = "campaign", start: str = "2026-07-01 09:00", end: str = "2026-07-01 17:00", **more: Any
) -> Entry:
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return Entry(**{"name": "it", "kind": kind, "start": first, "end": last, **more})


def calendar(*entries: Entry) -> Calendar:
    return Calendar(BERLIN, entries, public)


@pytest.mark.parametrize(
    ("when", "kind"),
    [
        ("2026-05-13 12:00", "workday"),
        ("2026-05-13 23:59", "workday"),
        ("2026-05-14 00:00", "holiday"),
        ("2026-05-14 23:59", "holiday"),
        ("2026-05-15 00:00", "bridge"),
        ("2026-05-16 00:00", "weekend"),
        ("2026-10-03 12:00", "holiday"),
        ("2026-10-02 12:00", "workday"),
        ("2026-10-05 12:00", "workday"),
        # The clock changes on these; the day before and after belong to others.
        ("2026-10-25 00:00", "holiday"),
        ("2026-10-25 23:59", "holiday"),
        ("2026-10-26 00:00", "workday"),
        ("2027-03-27 23:59", "weekend"),
        ("2027-03-28 00:00", "holiday"),
        ("2027-03-28 23:59", "holiday"),
        ("2027-03-29 00:00", "workday"),
        # Monday before a holiday on Tuesday, and across the year.
        ("2028-02-28 12:00", "bridge"),
        ("2026-12-31 12:00", "holiday"),
        ("2027-01-01 12:00", "holiday"),
    ],
)
def test_kinds_of_day(when: str, kind: str) -> None:
    assert calendar().day_kind(local(when)) == kind


def test_the_weekend_is_where_it_is_said_to_be() -> None:
    gulf = Calendar(LocalTime("Asia/Riyadh"), weekend=frozenset({4, 5}))
    kinds = [gulf.day_kind(at(f"2026-07-0{day}T12:00+03:00")) for day in (2, 3, 4, 5)]
    assert kinds == ["workday", "weekend", "weekend", "workday"]
    # A day between two of the weekend's is no bridge: it is so each week.
    split = Calendar(BERLIN, weekend=frozenset({4, 6}))
    assert split.day_kind(local("2026-07-04 12:00")) == "workday"


def test_a_holiday_counts_as_another_weekday_and_teaches_nothing() -> None:
    found = calendar().guidance(local("2026-05-14 12:00"), "bank", "login")
    assert found == (False, 1.0, False, 6, ("public holiday: Ascension Day (DE)",))
    as_saturday = Calendar(BERLIN, (), public, holiday_as=5)
    assert as_saturday.guidance(local("2026-05-14 12:00"), "bank", "login").day_as == 5


def test_a_bridge_keeps_its_weekday_and_teaches_nothing() -> None:
    found = calendar().guidance(local("2026-05-15 12:00"), "bank", "login")
    assert found == (False, 1.0, False, 4, ("bridge day between Ascension Day (DE) and the weekend",))
    # A holiday between a holiday and the weekend is a holiday.
    assert calendar().guidance(local("2027-01-01 12:00"), "b", "t").context == ("public holiday: New Year's Day",)


def test_an_ordinary_day_says_nothing() -> None:
    assert calendar().guidance(local("2026-07-01 12:00"), "bank", "login") == (False, 1.0, True, 2, ())


def test_a_deploy_is_a_likely_cause_and_never_mutes() -> None:
    deploys = calendar(entry("deploy", "2026-07-01 09:00", "2026-07-01 09:00", name="web 4.2"))
    for when, context in [
        ("2026-07-01 08:58", ()),
        ("2026-07-01 09:00", ("deploy web 4.2 just now",)),
        ("2026-07-01 09:20", ("deploy web 4.2 20 minutes earlier",)),
        ("2026-07-01 10:59", ("deploy web 4.2 1 hour 59 minutes earlier",)),
        ("2026-07-01 11:00", ()),
    ]:
        assert deploys.guidance(local(when), "bank", "login") == (False, 1.0, True, 2, context)
    lasting = calendar(entry("deploy", "2026-07-01 09:00", "2026-07-01 09:30", name="Deploy 7", after_s=0.0))
    assert lasting.guidance(local("2026-07-01 09:29"), "b", "l").context == ("Deploy 7 29 minutes earlier",)
    assert lasting.guidance(local("2026-07-01 09:30"), "b", "l").context == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # mute, multiplier, learn and context while it lasts.
        ({"kind": "campaign"}, (False, 1.0, False, "campaign it")),
        ({"kind": "campaign", "multiplier": 3.0}, (False, 3.0, False, "campaign it: 3 times the usual is expected")),
        ({"kind": "campaign", "effect": "ignore"}, (False, 1.0, False, "campaign it")),
        ({"kind": "campaign", "learn": True}, (False, 1.0, True, "campaign it")),
        ({"kind": "outage"}, (True, 1.0, False, "outage it: no alarms")),
        ({"kind": "closure"}, (True, 1.0, False, "closure it: no alarms")),
        ({"kind": "maintenance"}, (True, 1.0, False, "maintenance it: no alarms")),
        ({"kind": "maintenance", "effect": "note"}, (False, 1.0, False, "maintenance it")),
        ({"kind": "deploy"}, (False, 1.0, True, "deploy it 3 hours earlier")),
        ({"kind": "deploy", "effect": "mute"}, (True, 1.0, False, "deploy it 3 hours earlier")),
        ({"kind": "deploy", "learn": False}, (False, 1.0, False, "deploy it 3 hours earlier")),
        ({"kind": "outage", "multiplier": 0.5}, (False, 0.5, False, "outage it: 0.5 times the usual is expected")),
    ],
)
def test_what_follows_from_the_kind(given: dict[str, Any], expected: tuple[bool, float, bool, str]) -> None:
    found = calendar(entry(**given)).guidance(local("2026-07-01 12:00"), "bank", "login")
    assert (found.mute, found.multiplier, found.learn, *found.context) == expected
    assert found.day_as == 2


def test_after_an_outage_all_is_judged_and_its_end_is_told() -> None:
    ended = calendar(entry("outage", name="core banking")).guidance(local("2026-07-01 17:20"), "bank", "login")
    assert ended == (False, 1.0, True, 2, ("outage core banking ended 20 minutes earlier",))


def test_a_declared_holiday_may_be_of_some_and_for_hours() -> None:
    eve = entry("holiday", "2026-12-24 14:00", "2026-12-25 00:00", name="Eve", scope=Scope(("*",), ("acme",)))
    days = calendar(eve)
    assert days.guidance(local("2026-12-24 14:00"), "acme", "x") == (False, 1.0, False, 6, ("holiday: Eve",))
    assert days.guidance(local("2026-12-24 13:59"), "acme", "x").day_as == 3
    assert days.guidance(local("2026-12-24 14:00"), "bank", "x").day_as == 3
    # It is a holiday of one tenant's, and the kind of a day is everybody's.
    assert days.day_kind(local("2026-12-24 15:00")) == "workday"


def test_several_at_a_time() -> None:
    sale, push = entry(multiplier=3.0), entry(name="push", start="2026-07-01 11:00", multiplier=2.0)
    together = calendar(sale, push, sale, entry("deploy", "2026-07-01 11:30", name="v2"))
    found = together.guidance(local("2026-07-01 12:00"), "bank", "login")
    assert (found.mute, found.multiplier, found.learn) == (False, 6.0, False)
    assert found.context == (
        "campaign it: 3 times the usual is expected",
        "campaign push: 2 times the usual is expected",
        "deploy v2 30 minutes earlier",
    )


def test_a_pane_that_is_touched_is_meant_as_a_whole() -> None:
    short = calendar(entry("outage", "2026-07-01 09:02", "2026-07-01 09:03"))
    muted = [short.guidance(local(f"2026-07-01 {when}"), "b", "t", pane_s=300.0).mute for when in ("08:55", "09:00")]
    assert muted == [False, True]
    assert not short.guidance(local("2026-07-01 09:00"), "b", "t", pane_s=60.0).mute
    # But a pane that begins on the eve belongs to the eve.
    assert calendar().guidance(local("2026-05-13 23:30"), "b", "t", pane_s=3600.0).day_as == 2


def test_a_pane_at_the_end_of_a_week_of_epoch_time_sees_what_begins_in_the_next() -> None:
    edge = 2950 * 604_800.0
    start = BERLIN.wall(edge + 60.0)
    outage = Entry(name="o", kind="outage", start=start, end=start + timedelta(minutes=1))
    assert calendar(outage).guidance(edge - 60.0, "b", "t", pane_s=300.0).mute


def test_only_who_is_meant_is_concerned() -> None:
    muted = calendar(entry("outage", scope=Scope(("login-*", "!login-ok"), ("acme*", "bank"))))
    for tenant, theme, mute in [
        ("acme-eu", "login-failure", True),
        ("bank", "login-slow", True),
        ("bank", "login-ok", False),
        ("bank", "logout", False),
        ("other", "login-failure", False),
    ]:
        assert muted.guidance(local("2026-07-01 12:00"), tenant, theme).mute is mute
        assert [one.name for one in muted.events(local("2026-07-01 12:00"), tenant, theme)] == ["it"] * mute


@pytest.mark.parametrize(
    ("given", "inside", "outside"),
    [
        # Weekly at night, through both changes of the clock: by the wall clock, not every 168 hours.
        (
            {"start": "2026-01-04 04:00", "end": "2026-01-04 05:00", "repeats": "weekly"},
            ["2026-03-22 04:00", "2026-03-29 04:00", "2026-03-29 04:59", "2026-10-25 04:00", "2030-01-06 04:30"],
            ["2026-03-29 03:59", "2026-03-29 05:00", "2026-10-25 03:30", "2026-01-03 04:30", "2025-12-28 04:30"],
        ),
        (
            {"start": "2026-01-04 04:00", "end": "2026-01-04 05:00", "repeats": "weekly", "until": date(2026, 1, 18)},
            ["2026-01-18 04:30"],
            ["2026-01-25 04:30"],
        ),
        # Across midnight, from Saturday evening to Monday.
        (
            {"start": "2026-01-03 20:00", "end": "2026-01-05 02:00", "repeats": "weekly"},
            ["2026-06-13 20:00", "2026-06-15 01:59", "2026-03-29 12:00"],
            ["2026-06-13 19:59", "2026-06-15 02:00"],
        ),
        (
            {"start": "2024-12-31 18:00", "end": "2025-01-01 06:00", "repeats": "yearly", "until": date(2027, 12, 31)},
            ["2025-01-01 05:59", "2026-12-31 18:00", "2028-01-01 05:59"],
            ["2028-12-31 18:00", "2026-12-31 17:59", "2024-01-01 01:00"],
        ),
        (
            {"start": "2024-02-29 00:00", "end": "2024-03-01 00:00", "repeats": "yearly"},
            ["2024-02-29 12:00", "2028-02-29 23:59"],
            ["2025-02-28 12:00", "2025-03-01 12:00", "2028-03-01 00:00"],
        ),
        # Begun in the year before, and long before.
        (
            {"start": "2024-12-20 00:00", "end": "2025-01-20 00:00", "repeats": "yearly"},
            ["2026-01-15 12:00", "2026-12-20 00:00", "2027-01-19 23:59"],
            ["2024-01-15 12:00", "2026-01-20 00:00", "2026-12-19 23:59"],
        ),
        # All of a day of 25 hours.
        (
            {"start": "2020-10-25 00:00", "end": "2020-10-26 00:00", "repeats": "yearly"},
            ["2026-10-25 00:00", "2026-10-25 23:59"],
            ["2026-10-24 23:59", "2026-10-26 00:00"],
        ),
    ],
)
def test_repetitions_go_by_the_wall_clock(given: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    found = calendar(entry("closure", **given))
    assert {when: found.guidance(local(when), "b", "t").mute for when in inside + outside} == {
        **dict.fromkeys(inside, True),
        **dict.fromkeys(outside, False),
    }


def test_what_repeats_is_told_after_its_end_into_the_next_year() -> None:
    found = calendar(entry("outage", "2024-12-25 10:00", "2024-12-25 11:00", repeats="yearly", after_s=20 * 86_400.0))
    assert found.guidance(local("2026-01-13 11:00"), "b", "t").context == ("outage it ended 19 days earlier",)
    assert found.guidance(local("2026-01-14 12:00"), "b", "t").context == ()


def test_an_entry_may_have_a_clock_of_its_own() -> None:
    found = calendar(entry("outage", "2026-07-01 09:00", "2026-07-01 10:00", zone="America/New_York"))
    assert found.guidance(at("2026-07-01T09:30-04:00"), "b", "t").mute
    assert not found.guidance(at("2026-07-01T09:30+02:00"), "b", "t").mute
    with pytest.raises(ValueError, match='"Nowhere" is no time zone'):
        calendar(entry(zone="Nowhere"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": " "}, "name: is empty"),
        ({"end": "2026-06-30 09:00"}, "end: 2026-06-30 09:00:00 is before the start"),
        ({"end": "2026-07-01 09:00"}, "end: is the start; only a deploy may take no time"),
        ({"start": "1969-12-31 09:00"}, "start: expected a year from 1970 to 2199, got 1969"),
        ({"end": "9999-01-01 09:00"}, "end: expected a year from 1970 to 2199, got 9999"),
        ({"scope": Scope(())}, "themes: expected patterns"),
        ({"scope": Scope(("*",), ("!",))}, "tenants: expected patterns"),
        ({"effect": "expect"}, "multiplier: is missing"),
        ({"effect": "mute", "multiplier": 2.0}, "multiplier: is of no use with effect mute"),
        ({"multiplier": 0.0}, "multiplier: expected more than 0, at most 1000, got 0"),
        ({"multiplier": float("nan")}, "multiplier: expected more than 0"),
        ({"effect": "ignore", "learn": True}, "learn: is true, but effect ignore"),
        ({"after_s": -1.0}, "after: expected 0 or more, got -1"),
        ({"until": date(2026, 8, 1)}, "until: is of no use without repeats"),
        ({"until": date(2026, 6, 1), "repeats": "weekly"}, "until: 2026-06-01 is before the start"),
        ({"end": "2026-07-09 09:00", "repeats": "weekly"}, "end: weekly repetitions would overlap"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        entry(**given)
    assert str(caught.value).startswith(message)


def test_a_pane_must_have_a_length_and_a_date() -> None:
    for pane_s in (0.0, -60.0, 86_401.0, float("nan")):
        with pytest.raises(ValueError, match="pane_s: expected more than 0"):
            calendar().guidance(0.0, "b", "t", pane_s)
    with pytest.raises(ValueError, match="no moment that has a date"):
        calendar().guidance(float("nan"), "b", "t")


def test_the_last_pattern_of_a_tenant_wins() -> None:
    one, two, other = calendar(), calendar(), calendar(entry("outage"))
    found = Calendars(one, [("acme*", two), ("*-eu", other)])
    assert [found.of(tenant) for tenant in ("bank", "acme", "acme-eu", "acme")] == [one, two, other, two]
    assert found.guidance(local("2026-07-01 12:00"), "acme-eu", "x").mute


def test_public_holidays_are_asked_for_once_a_year() -> None:
    asked: list[int] = []

    def of_year(year: int) -> dict[date, str]:
        asked.append(year)
        return {}

    found = Calendar(BERLIN, (), of_year)
    for day in range(400):
        found.guidance(at("2026-01-15T12:00+01:00") + 86_400.0 * day, "b", "t")
    assert asked == [2026, 2027]


def test_a_name_is_tested_once_against_what_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    tests, matcher = [0], detectors.in_force._matcher

    def counting(patterns: tuple[str, ...]) -> Callable[[str], object]:
        matches = matcher(patterns)

        def test(name: str) -> object:
            tests[0] += 1
            return matches(name)

        return test

    monkeypatch.setattr(detectors.in_force, "_matcher", counting)
    # 500 deploys of 4 scopes, an hour apart: each is told of again and again, 3 at a time.
    start = datetime.fromisoformat("2026-07-01")
    deploys = [
        Entry(
            name=f"v{number}",
            kind="deploy",
            start=start + timedelta(hours=number),
            end=start + timedelta(hours=number),
            scope=Scope((f"theme-{number % 4}*",)),
        )
        for number in range(500)
    ]
    found = calendar(*deploys)
    for minute in range(0, 720, 15):
        for series in range(200):
            found.guidance(local("2026-07-02 12:00") + 60.0 * minute, f"tenant-{series % 4}", f"theme-{series // 4}")
    assert tests[0] == 4 * 50


def _fits(patterns: tuple[str, ...], name: str) -> bool:
    if any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)


names = st.sampled_from(["a", "ab", "b", "ba", "c[1]"])
patterns = st.lists(st.sampled_from(["*", "a", "ab", "a*", "?", "!b", "!a*", "[ab]", "c[1]"]), min_size=1, max_size=3)
begin = st.datetimes(datetime.fromisoformat("2026-03-20"), datetime.fromisoformat("2026-04-10"))


SPRINGS = st.datetimes(datetime.fromisoformat("2026-03-01"), datetime.fromisoformat("2027-04-15"))


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(KINDS))
    start = draw(begin).replace(second=0, microsecond=0)
    minutes = draw(st.integers(0 if kind == "deploy" else 1, 3 * 1440))
    effect = draw(st.sampled_from([None, *EFFECTS]))
    return Entry(
        name=draw(names),
        kind=kind,
        start=start,
        end=start + timedelta(minutes=minutes),
        zone=draw(st.sampled_from(["", "UTC", "America/New_York", "Asia/Kolkata"])),
        scope=Scope(tuple(draw(patterns)), tuple(draw(patterns))),
        effect=effect,
        multiplier=draw(st.sampled_from([0.5, 2.0])) if effect == "expect" else None,
        repeats=draw(st.sampled_from(["", "weekly", "yearly"])),
    )


@cache
def _spans(entry: Entry) -> list[tuple[int, int]]:
    """Every repetition that there can be within the springs."""
    clock = LocalTime(entry.zone) if entry.zone else BERLIN
    starts = [entry.start]
    if entry.repeats == "weekly":
        starts += [entry.start + timedelta(weeks=week) for week in range(1, 60)]
    if entry.repeats == "yearly":
        starts += [entry.start.replace(year=2027)]
    return [(clock.moment(start), clock.moment(start + (entry.end - entry.start))) for start in starts]


def _in_force(entry: Entry, pane: float, pane_s: float) -> bool:
    return any(
        first < pane + pane_s and (end > pane or first >= pane) and not (entry.kind == "holiday" and first > pane)
        for first, end in _spans(entry)
    )


@settings(deadline=None, max_examples=80)
@given(
    st.lists(entries(), max_size=8),
    st.lists(SPRINGS, min_size=1, max_size=8),
    st.sampled_from([60.0, 300.0, 3600.0]),
)
def test_the_index_says_what_going_through_everything_says(
    declared: list[Entry], moments: list[datetime], pane_s: float
) -> None:
    days = Calendar(BERLIN, declared)
    for moment in [*moments, *(one.start for one in declared), *(one.end for one in declared)]:
        pane = moment.replace(tzinfo=UTC).timestamp() // pane_s * pane_s
        for tenant, theme in (("a", "ab"), ("b", "a"), ("ba", "c[1]"), ("a", "ab")):
            expected = {
                one.name + one.kind
                for one in declared
                if _fits(one.scope.themes, theme) and _fits(one.scope.tenants, tenant) and _in_force(one, pane, pane_s)
            }
            found = days.events(pane, tenant, theme, pane_s)
            assert {one.name + one.kind for one in found} == expected
            assert [one.start for one in found] == sorted(one.start for one in found)
            _agrees(days, pane, tenant, theme, pane_s, found)


def _agrees(days: Calendar, pane: float, tenant: str, theme: str, pane_s: float, found: tuple[Declared, ...]) -> None:
    told = days.guidance(pane, tenant, theme, pane_s)
    assert told.mute == any(one.effect == "mute" for one in found)
    if any(one.kind == "holiday" for one in found):
        assert told.day_as == 6
    if not all(one.learn for one in found):
        assert not told.learn
    assert len(told.context) >= len(found)
