"""Tables of declared events: times as people write them, and every mistake by its line and field."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.declared import Entry
from streams.declaring.section import EventFile
from streams.declaring.tables import FileError, read_csv, read_toml

ANY = EventFile(file="", kind="campaign")
A = "[[event]]\nname = 'a'\n"


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def one(text: str, defaults: EventFile = ANY) -> Entry:
    (found,) = read_toml(f"[[event]]\nname = 'it'\n{text}", defaults)
    return found


@pytest.mark.parametrize(
    ("text", "start", "end", "zone"),
    [
        ("start = 2026-07-01", "2026-07-01", "2026-07-02", ""),
        ("start = 2026-07-01\nend = 2026-07-03", "2026-07-01", "2026-07-04", ""),
        ("start = '2026-07-01'\nend = '2026-07-01'", "2026-07-01", "2026-07-02", ""),
        ("start = 2026-07-01T09:00:00\nend = 2026-07-01T10:30:00", "2026-07-01 09:00", "2026-07-01 10:30", ""),
        ("start = '2026-07-01 09:00'\nfor = '2h'", "2026-07-01 09:00", "2026-07-01 11:00", ""),
        ("start = 2026-07-01\nfor = '36h'", "2026-07-01", "2026-07-02 12:00", ""),
        ("start = 2026-07-01T09:00:00+02:00\nfor = '1h'", "2026-07-01 07:00", "2026-07-01 08:00", "UTC"),
        ("start = '2026-07-01T09:00Z'\nfor = '1h'", "2026-07-01 09:00", "2026-07-01 10:00", "UTC"),
        (
            "start = '2026-07-01 09:00'\nfor = '1h'\nzone = 'Asia/Tokyo'",
            "2026-07-01 09:00", "2026-07-01 10:00", "Asia/Tokyo",
        ),
        ("start = 2026-07-01T09:00:00\nkind = 'deploy'", "2026-07-01 09:00", "2026-07-01 09:00", ""),
    ],
)  # fmt: skip
def test_times_as_people_write_them(text: str, start: str, end: str, zone: str) -> None:
    found = one(text)
    assert (found.start, found.end, found.zone) == (wall(start), wall(end), zone)


def test_a_file_has_defaults_and_a_row_its_own() -> None:
    defaults = EventFile(file="", kind="campaign", themes=("a",), tenants=("t",), multiplier=2.0)
    header = "start,end,name,kind,themes,tenants,effect,multiplier\n"
    rows = [
        "2026-07-01,2026-07-02,plain,,,,,",
        '2026-07-01,,"own, one",deploy,login-*; !login-ok,acme,,',
        "2026-07-01,,three,,,,,3",
        "2026-07-01,,noted,,,,note,",
        "2026-07-01,,expected,,,,expect,",
    ]
    found = read_csv(header + "\r\n".join(rows), defaults)
    assert [(one.name, one.kind, one.effect, one.multiplier) for one in found] == [
        ("plain", "campaign", None, 2.0),
        ("own, one", "deploy", None, 2.0),
        ("three", "campaign", None, 3.0),
        ("noted", "campaign", "note", None),
        ("expected", "campaign", "expect", 2.0),
    ]
    assert [one.scope for one in found[:2]] == [(("a",), ("t",)), (("login-*", "!login-ok"), ("acme",))]
    assert found[0].end == wall("2026-07-03")


def test_every_field_arrives() -> None:
    found = one(
        "start = 2026-07-01T09:00:00\nfor = '1h'\nkind = 'maintenance'\neffect = 'note'\nlearn = true\nafter = '3h'\n"
        "repeats = 'weekly'\nuntil = 2026-12-31\nthemes = ['a', 'b']\ntenants = 't'\nzone = 'Asia/Tokyo'"
    )
    assert (found.kind, found.effect, found.learn, found.after_s) == ("maintenance", "note", True, 10_800.0)
    assert (found.repeats, found.until, found.scope) == ("weekly", date(2026, 12, 31), (("a", "b"), ("t",)))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (A + "\nstart = 'soon'", 4, 'start: expected a date or a time, such as 2026-07-04'),
        (A + "start = '2026-02-30'", 3, 'start: "2026-02-30": '),
        (A + "start = 1_782_864_000", 3, "start: expected a date or a time"),
        (A + "start = 09:00:00", 3, "start: expected a date or a time"),
        ("# x\n\n[[event]]\nname = 'a'", 3, "start: is missing"),
        ("[[event]]\nstart = 2026-07-01", 1, "name: is missing"),
        ("[[event]]\nname = 3\nstart = 2026-07-01", 2, "name: expected text, got 3"),
        (A + "start = 2026-07-01T09:00:00", 1, "end: is missing; write when it ends"),
        (A + "start = 2026-07-02\nend = 2026-07-01", 4, "end: 2026-07-01 is before the start, 2026-07-02"),
        (A + "start = 2026-07-01\nend = 2026-07-01T09:00:00", 4, "end: is a time, but the start is"),
        (A + "start = 2026-07-01T09:00:00\nend = 2026-07-01", 4, "end: is a date, but the start is"),
        (A + "start = 2026-07-01T09:00:00Z\nend = 2026-07-01T10:00:00", 4, "end: has an offset where"),
        (A + "start = 2026-07-01T09:00:00Z\nfor = '1h'\nzone = 'UTC'", 5, "zone: is of no use with"),
        (A + "start = 2026-07-01\nfor = 3", 4, 'for: expected a duration, such as "2h", got 3'),
        (A + "start = 2026-07-01\nfor = '9999999w'", 4, "for: is too long"),
        (A + "start = 2026-07-01\nend = 2026-07-01\nfor = '1h'", 5, "for: is of no use with an end"),
        (A + "start = 2026-07-01\nzone = 'Mars'", 4, 'zone: "Mars" is no time zone'),
        (A + "start = 2026-07-01\nkind = 'deploi'", 4, 'kind: "deploi" is none of holiday, deploy'),
        (A + "start = 2026-07-01\neffect = 'expect'", 1, "multiplier: is missing"),
        (A + "start = 2026-07-01\nmultiplier = true", 4, "multiplier: expected a number"),
        (A + "start = 2026-07-01\nmultiplier = nan", 4, "multiplier: expected more than 0"),
        (A + "start = 2026-07-01\nlearn = 'no'", 4, 'learn: expected true or false, got "no"'),
        (A + "start = 2026-07-01\nthemes = []", 4, "themes: expected patterns, such as login-*, got"),
        (A + "start = 2026-07-01\nthemes = [3]", 4, "themes: expected patterns"),
        (A + "start = 2026-07-01\ntheme = 'x'", 4, "theme: unknown field; did you mean themes?"),
        (A + "start = 2026-07-01\nrepeats = 'daily'", 4, 'repeats: "daily" is none of weekly, yearly'),
        (A + "start = 2026-07-01T09:00:00Z\nfor = '1h'\nrepeats = 'weekly'", 5, "repeats: needs a local"),
        (A + "start = 2026-07-01\nuntil = 2026-07-02", 4, "until: is of no use without repeats"),
        (A + "start = 2026-07-01\n[[event]]\nname = 'b'\nstart = 3", 6, "start: expected a date"),
        ("event = [{ name = 'a' }]", 0, "event[0].start: is missing"),
        ("event = 3", 1, "event: expected tables [[event]]"),
        ("[event]\nname = 'a'", 1, "event: expected tables [[event]]"),
        (A + "start = 2026-07-01\n[other]\n", 4, "other: unknown key; expected tables [[event]]"),
        ("[[event]]\nname = ", 2, "not TOML: "),
        (A + "name = 'b'", 3, "not TOML: "),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_is_told_by_line_and_field(text: str, line: int, message: str) -> None:
    with pytest.raises(FileError) as caught:
        read_toml(text, ANY)
    assert (str(caught.value)[: len(message)], caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty; expected a header"),
        ("start;end;name", 1, '"start;end;name" in the header is no field; there are start'),
        ("start,name,start", 1, "start: stands twice in the header"),
        ("name,kind", 1, "start: is missing in the header"),
        ("start,name\n2026-07-01,a,b", 2, "3 cells, but the header has 2"),
        ("start,name\n2026-07-01", 2, "1 cells, but the header has 2"),
        ("start,name\n\n2026-07-01,a\nsoon,b", 4, 'start: expected a date or a time'),
        ('start,name\n2026-07-01,"a\nb"\nsoon,b', 4, "start: expected"),
        ('start,name\n2026-07-01,"a\n', 2, "not CSV: "),
        ("start,name,multiplier\n2026-07-01,a,many", 2, 'multiplier: expected a number, such as 2.5, got "many"'),
        ("start,name,themes\n2026-07-01,a,b;;c", 2, "themes: expected patterns"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_row_is_told_by_line_and_field(text: str, line: int, message: str) -> None:
    with pytest.raises(FileError) as caught:
        read_csv(text, ANY)
    assert (str(caught.value)[: len(message)], caught.value.line) == (message, line)


@given(st.sampled_from([A, "start,name\n", ""]), st.text(max_size=80))
def test_rubbish_is_refused_or_read_but_never_trips(start: str, text: str) -> None:
    for read in (read_toml, read_csv):
        try:
            found = read(start + text, ANY)
        except FileError:
            continue
        assert all(isinstance(entry, Entry) for entry in found)
