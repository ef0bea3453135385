"""iCalendar: what is read means what it says, and what would change its meaning is refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.declared import Entry
from streams.declaring.ics import read_ics
from streams.declaring.section import EventFile
from streams.declaring.tables import FileError

ANY = EventFile(file="", kind="campaign")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ics(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def event(*lines: str) -> str:
    return ics("BEGIN:VEVENT", "SUMMARY:it", *lines, "END:VEVENT")


@pytest.mark.parametrize(
    ("lines", "start", "end", "zone"),
    [
        (["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260703"], "2026-07-01", "2026-07-03", ""),
        (["DTSTART;VALUE=DATE:20260701"], "2026-07-01", "2026-07-02", ""),
        (["DTSTART:20260701T090000Z", "DTEND:20260701T100000Z"], "2026-07-01 09:00", "2026-07-01 10:00", "UTC"),
        (["DTSTART:20260701T090000", "DTEND:20260701T100000"], "2026-07-01 09:00", "2026-07-01 10:00", ""),
        (
            ['dtstart;tzid="Asia/Tokyo":20260701T090000', "DTEND;TZID=Europe/Berlin:20260701T033000"],
            "2026-07-01 09:00", "2026-07-01 10:30", "Asia/Tokyo",
        ),
        (["DTSTART:20260701T09", " 0000", "DTEND:2026", "\t0701T100000"], "2026-07-01 09:00", "2026-07-01 10:00", ""),
    ],
)  # fmt: skip
def test_times_of_icalendar(lines: list[str], start: str, end: str, zone: str) -> None:
    (found,) = read_ics(event(*lines), ANY)
    assert (found.start, found.end, found.zone, found.repeats) == (wall(start), wall(end), zone, "")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY", [("2026-07-01", "weekly", None)]),
        ("FREQ=WEEKLY;INTERVAL=1;WKST=SU;BYDAY=WE", [("2026-07-01", "weekly", None)]),
        ("FREQ=WEEKLY;BYDAY=MO,WE", [("2026-07-06", "weekly", None), ("2026-07-01", "weekly", None)]),
        ("FREQ=WEEKLY;COUNT=3", [("2026-07-01", "weekly", "2026-07-15")]),
        ("FREQ=WEEKLY;UNTIL=20260715", [("2026-07-01", "weekly", "2026-07-15")]),
        # 09:00 in Berlin is 07:00 UTC: the one of the 15th is still among them, or just not.
        ("FREQ=WEEKLY;UNTIL=20260715T070000Z", [("2026-07-01", "weekly", "2026-07-15")]),
        ("FREQ=WEEKLY;UNTIL=20260715T065959Z", [("2026-07-01", "weekly", "2026-07-14")]),
        ("FREQ=WEEKLY;BYDAY=TU,WE;UNTIL=20260703", [("2026-07-01", "weekly", "2026-07-03")]),
        ("FREQ=YEARLY", [("2026-07-01", "yearly", None)]),
        ("freq=yearly;bymonth=7;bymonthday=1;count=2", [("2026-07-01", "yearly", "2027-07-01")]),
    ],
)
def test_repetitions_of_icalendar(rule: str, expected: list[tuple[str, str, str | None]]) -> None:
    text = event(
        "DTSTART;TZID=Europe/Berlin:20260701T090000", "DTEND;TZID=Europe/Berlin:20260701T100000", f"RRULE:{rule}"
    )
    assert [
        (f"{one.start:%Y-%m-%d}", one.repeats, one.until and str(one.until)) for one in read_ics(text, ANY)
    ] == expected


def test_a_calendar_as_programs_write_it() -> None:
    text = ics(
        "PRODID:-//Example//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "X-WR-CALNAME:team",
        "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:DAYLIGHT", "DTSTART:19700329T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE",
        "BEGIN:VEVENT", "UID:1@example", "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Europe/Berlin:20260701T090000",
        "DTEND;TZID=Europe/Berlin:20260701T100000", r"SUMMARY:Release 4\, part\; one \\ two\nend", "CATEGORIES:TEAM",
        "CATEGORIES:Deploy,Important", 'ATTENDEE;CN="Doe; Jane: ops";ROLE=CHAIR:mailto:jane@example.org',
        "DESCRIPTION:long", "  and folded: with a colon", "BEGIN:VALARM", "TRIGGER:-PT15M", "ACTION:DISPLAY",
        "DURATION:PT5M", "END:VALARM", "END:VEVENT",
        "BEGIN:VEVENT", "STATUS:CANCELLED", "SUMMARY:never", "DTSTART:20260701T090000Z", "END:VEVENT",
    )  # fmt: skip
    (found,) = read_ics(text, ANY)
    assert (found.name, found.kind) == (r"Release 4, part; one \ two end", "deploy")
    # What stands for the file stands for its events.
    given = EventFile(file="", kind="closure", themes=("a",), tenants=("t",), effect="note")
    (found,) = read_ics(event("DTSTART;VALUE=DATE:20260701"), given)
    assert (found.kind, found.scope, found.effect) == ("closure", (("a",), ("t",)), "note")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty; expected BEGIN:VCALENDAR"),
        ("hello", 1, 'expected NAME:VALUE, got "hello"'),
        ("SUMMARY:x", 1, "expected BEGIN:VCALENDAR, got SUMMARY"),
        ("BEGIN:VEVENT", 1, "BEGIN:VEVENT at the start is not supported"),
        (ics("BEGIN:VTODO", "END:VTODO"), 3, "BEGIN:VTODO within VCALENDAR is not supported"),
        (ics("CALSCALE:HEBREW"), 3, "CALSCALE: expected GREGORIAN, got HEBREW"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", 3, "expected END:VEVENT, got END:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1", 3, "ends within VEVENT, begun in line 2"),
        (ics("BEGIN:VEVENT", "SUMMARY:a", "END:VEVENT"), 3, "DTSTART: is missing in the event that begins here"),
        (ics("BEGIN:VEVENT", "DTSTART:20260701T090000Z", "END:VEVENT"), 3, "SUMMARY: is missing"),
        (ics("BEGIN:VEVENT", "SUMMARY:", "DTSTART;VALUE=DATE:20260701", "END:VEVENT"), 4, "SUMMARY: is empty"),
        (event("DTSTART:20260701"), 5, "DTSTART: expected a time, such as 20260704T093000Z; got 20260701"),
        (event("DTSTART;VALUE=DATE:20260732"), 5, "DTSTART: "),
        (event("DTSTART;VALUE=DATE:2026-07-01"), 5, "DTSTART: expected a date, such as 20260704"),
        (event("DTSTART;VALUE=PERIOD:20260701T090000Z/PT1H"), 5, "DTSTART: VALUE=PERIOD is not supported"),
        (event("DTSTART;TZID=W. Europe Standard Time:20260701T090000"), 5, 'DTSTART: "W. Europe Standard Time" is no'),
        (event("DTSTART;TZID=UTC:20260701T090000Z"), 5, "DTSTART: has both Z and TZID"),
        (event("DTSTART;TZID=UTC;VALUE=DATE:20260701"), 5, "DTSTART: TZID is of no use with a date"),
        (event("DTSTART;RANGE=THIS:20260701T090000Z"), 5, "DTSTART: RANGE is not supported"),
        (event("DTSTART:20260701T090000Z", "DTEND;VALUE=DATE:20260701"), 6, "DTEND: expected a date if DTSTART is one"),
        (event("DTSTART:20260701T090000Z", "DTEND:20260701T100000"), 6, "DTEND: expected a zone if DTSTART has one"),
        (event("DTSTART:20260701T090000Z", "DTEND:20260701T080000Z"), 6, "DTEND: 2026-07-01 08:00:00 is before"),
        (event("DTSTART:20260701T090000Z"), 3, "DTEND: is the start; only a deploy may take no time"),
        (event("DTSTART:15000701T090000Z", "DTEND:20260701T080000Z"), 5, "DTSTART: expected a year from 1970"),
        (event("DTSTART:20260701T090000Z", "DTSTART:20260701T090000Z"), 6, "DTSTART: stands twice in one event"),
        (event("DTSTART:20260701T090000Z", "DURATION:PT1H"), 6, "DURATION: is not supported"),
        (event("DTSTART:20260701T090000Z", "X-A:1", "EXDATE:20260708T090000Z"), 7, "EXDATE: is not supported"),
        (event("DTSTART:20260701T090000Z", "RDATE:20260708T090000Z"), 6, "RDATE: is not supported"),
        (event("DTSTART:20260701T090000Z", "RECURRENCE-ID:20260708T090000Z"), 6, "RECURRENCE-ID: is not supported"),
        (event("DTSTART;VALUE=DATE:20260701", "DESCRIPTION:a", " b", "RRULE:FREQ=DAILY"), 8, "RRULE: FREQ=DAILY is"),
    ],
)  # fmt: skip
def test_what_is_not_read_of_icalendar_is_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(FileError) as caught:
        read_ics(text, ANY)
    assert (str(caught.value)[: len(message)], caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("COUNT=3", "without FREQ is not supported"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY is not supported; expected FREQ=WEEKLY or FREQ=YEARLY"),
        ("FREQ=WEEKLY;INTERVAL=2", "INTERVAL=2 is not supported; expected INTERVAL=1"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY=1MO is not supported"),
        ("FREQ=WEEKLY;BYDAY=MO", "BYDAY=MO without the day of DTSTART, WE is not supported"),
        ("FREQ=WEEKLY;BYHOUR=9", "BYHOUR=9 is not supported"),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "COUNT with several days is not supported; expected UNTIL"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT=0 is not supported; expected 1 to 999"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20260801", "UNTIL with COUNT is not supported"),
        ("FREQ=WEEKLY;UNTIL=soon", "UNTIL: expected a date, such as 20260704; got SOON"),
        ("FREQ=WEEKLY;UNTIL=20250101", "UNTIL is before DTSTART"),
        ("FREQ=YEARLY;UNTIL=20250101", "2025-01-01 is before the start"),
        ("FREQ=YEARLY;BYMONTH=8", "BYMONTH=8 is not supported; expected that of DTSTART, 7"),
        ("FREQ=YEARLY;BYDAY=2MO", "BYDAY=2MO is not supported"),
        ("FREQ=YEARLY;FREQ=YEARLY", "expected NAME=VALUE, each once"),
        ("FREQ", "expected NAME=VALUE, each once"),
    ],
)
def test_repetitions_that_are_not_read_are_refused(rule: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        read_ics(event("DTSTART;VALUE=DATE:20260701", f"RRULE:{rule}"), ANY)
    assert str(caught.value).startswith(f"RRULE: {message}")
    assert caught.value.line == 6


def test_an_event_without_a_kind_is_refused() -> None:
    with pytest.raises(FileError, match=r"CATEGORIES: name none of holiday, deploy"):
        read_ics(event("DTSTART;VALUE=DATE:20260701"), EventFile(file="team.ics"))


BEGUN = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\n"
STARTS = ["", BEGUN, f"{BEGUN}DTSTART", f"{BEGUN}DTSTART:2026", f"{BEGUN}RRULE:FREQ=WEEKLY"]


@given(st.sampled_from(STARTS), st.text(max_size=40))
def test_rubbish_is_refused_or_read_but_never_trips(start: str, text: str) -> None:
    try:
        found = read_ics(f"{start}{text}\nEND:VEVENT\nEND:VCALENDAR", ANY)
    except FileError:
        return
    assert all(isinstance(entry, Entry) for entry in found)
