"""Files and configuration become calendars; what cannot be understood is named by key, file, line and field."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from detectors.calendar import Calendars, Guidance
from streams.calendars import CalendarError, in_words, read_files
from streams.config import ConfigError, load_settings, parse_settings, read_calendars
from streams.declaring.section import CalendarSection, EventFile

REPO = Path(__file__).resolve().parents[2]
OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n'


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def built(directory: Path, calendar: str, **files: str) -> Calendars:
    config = directory / "groundswell.toml"
    config.write_text(f"{OWNER}[calendar]\n{calendar}")
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)
    return read_calendars(load_settings(config))


def test_the_configuration_becomes_calendars(tmp_path: Path) -> None:
    found = built(
        tmp_path,
        'zone = "Europe/Berlin"\nholidays = ["DE-BY", "US"]\nfiles = ["events.toml"]\n'
        '[calendar.tenants."acme-*"]\nzone = "America/New_York"\nholidays = ["US"]\nholiday_as = "saturday"\n',
        events_toml='[[event]]\nname = "web 4.2"\nkind = "deploy"\nstart = 2026-12-25T09:00:00\nthemes = ["login-*"]\n',
    )
    christmas = "public holiday: Christmas Day"
    for tenant, theme, when, expected in [
        ("bank", "pay", "2026-12-25T09:20+01:00", Guidance(False, 1.0, False, 6, (f"{christmas} (DE-BY, US)",))),
        ("acme-1", "pay", "2026-12-25T09:20-05:00", Guidance(False, 1.0, False, 5, (f"{christmas} (US)",))),
        # Epiphany is a holiday in Bavaria only, and a local time means each tenant's.
        ("acme-1", "pay", "2026-01-06T12:00-05:00", Guidance(False, 1.0, True, 1, ())),
        (
            "bank",
            "pay",
            "2026-01-06T12:00+01:00",
            Guidance(False, 1.0, False, 6, ("public holiday: Epiphany (DE-BY)",)),
        ),
    ]:
        assert found.guidance(at(when), tenant, theme) == expected
    told = found.guidance(at("2026-12-25T09:20-05:00"), "acme-1", "login-failure").context
    assert told == (f"{christmas} (US)", "deploy web 4.2 20 minutes earlier")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zon = 'UTC'", "calendar.zon: unknown key"),
        ("zone = 3", "calendar.zone: expected `str`, got `int`"),
        (
            "zone = 'Europe/Berln'",
            'calendar.zone: "Europe/Berln" is no time zone of the IANA database; did you mean Eu',
        ),
        ("holidays = 'US'", "calendar.holidays: expected `array`, got `str`"),
        (
            "holidays = ['US', 'DE-BX']",
            'calendar.holidays[1]: "DE-BX" is no part of DE whose holidays are known; there',
        ),
        (
            "holidays = ['Germny']",
            'calendar.holidays[0]: "Germny" is no country or market whose holidays are known; did',
        ),
        ("holidays = ['']", 'calendar.holidays[0]: "" is no country'),
        ("holidays = ['HolidayBase']", 'calendar.holidays[0]: "HolidayBase" is no country'),
        ("holiday_as = 'sundy'", "calendar.holiday_as: invalid enum value 'sundy'"),
        ("weekend = ['friday', 'sat']", "calendar.weekend[1]: invalid enum value 'sat'"),
        ("files = [3]", "calendar.files[0]: expected `str | object`, got `int`"),
        ("files = ['a.txt']", 'calendar.files[0]: expected a file .toml, .csv, .ics, got "a.txt"'),
        ("files = [{ file = 'a.ics', knd = 'deploy' }]", "calendar.files[0].knd: unknown key"),
        ("files = [{ file = 'a.ics', kind = 'deploi' }]", "calendar.files[0].kind: invalid enum value 'deploi'"),
        ("files = [{ file = 'a.ics', multiplier = -1 }]", "calendar.files[0].multiplier: expected more than 0"),
        ("files = [{ file = 'a.ics', themes = ['!'] }]", "calendar.files[0].themes: expected patterns"),
        ("tenants.acme = 3", "calendar.tenants.acme: expected a table, got 3"),
        ("tenants.acme.zon = 'UTC'", "calendar.tenants.acme.zon: unknown key"),
        ("tenants.window.zone = 3", "calendar.tenants.window.zone: expected `str | null`, got `int`"),
        ("tenants.'a-*'.zone = 'Mars'", 'calendar.tenants.a-*.zone: "Mars" is no time zone'),
        ("tenants.acme.holidays = ['XX']", 'calendar.tenants.acme.holidays[0]: "XX" is no country'),
    ],
)
def test_a_mistake_in_the_section_is_told_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(tomllib.loads(f"{OWNER}[calendar]\n{text}"), Path())
    assert str(caught.value).startswith(message)


def test_the_calendar_is_part_of_what_a_signal_was_decided_by() -> None:
    plain, other = (
        parse_settings(tomllib.loads(OWNER + text), Path()).digest for text in ("", "[calendar]\nzone = 'Asia/Tokyo'")
    )
    assert plain != other


def test_what_is_not_declared_costs_no_time_to_load() -> None:
    program = "import sys, streams.config; print([name for name in ('numpy', 'holidays') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPO)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.toml", None, ": cannot be read: No such file"),
        ("e.toml", b"[[event]]\nname = 'a'\nstart = 'soon'", ":3: start: expected a date or a time"),
        ("e.toml", b"event = [{}]", ": event[0].name: is missing"),
        ("e.csv", b"start,name\nsoon,a", ":2: start: expected"),
        ("e.csv", b"start,name\n\xff", ": not UTF-8: "),
        ("e.ICS", b"BEGIN:VCALENDAR\nX", ':2: expected NAME:VALUE, got "X"'),
    ],
)
def test_a_mistake_in_a_file_is_told_by_key_file_line_and_field(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    section = CalendarSection(files=(EventFile(file=name, kind="campaign"),))
    with pytest.raises(CalendarError) as caught:
        read_files(section, tmp_path)
    assert str(caught.value).startswith(f"calendar.files[0]: {tmp_path / name}{message}")


def test_a_byte_order_mark_and_the_line_ends_of_windows_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_bytes("\ufeffstart,name\r\n2026-07-01,Straße\r\n".encode())
    (found,) = read_files(CalendarSection(files=(EventFile(file="e.csv", kind="closure"),)), tmp_path)["e.csv"]
    assert found.name == "Straße"


def test_commands_name_the_line_and_end_with_2(tmp_path: Path) -> None:
    (tmp_path / "events.toml").write_text("[[event]]\nname = 'sale'\nkind = 'campain'\nstart = 2026-07-01\n")
    (tmp_path / "groundswell.toml").write_text(OWNER + "[calendar]\nfiles = ['events.toml']\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("GROUNDSWELL_")}
    for command in ("check-config", "worker"):
        done = subprocess.run(
            [sys.executable, "-m", "streams.cli.main", command], cwd=tmp_path, env={**env, "PYTHONPATH": str(REPO)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("groundswell: groundswell.toml: calendar.files[0]: events.toml:3: kind: ")
        assert done.stderr.endswith("; did you mean campaign?\n")


def test_the_example_can_be_used_and_is_told_in_words() -> None:
    example = (REPO / "deploy/calendar.example.toml").read_text()
    settings = parse_settings(tomllib.loads(OWNER + example), REPO / "deploy")
    calendars = read_calendars(settings)
    sale = calendars.guidance(at("2026-11-28T12:00+01:00"), "bank", "delivery-late")
    assert (sale.mute, sale.multiplier, sale.learn) == (False, 3.0, False)
    assert calendars.guidance(at("2026-11-22T03:00+01:00"), "bank", "transfer-failed").mute
    assert list(in_words(settings.calendar, read_files(settings.calendar, settings.directory))) == [
        "calendar   Europe/Berlin, public holidays of DE-BY count as a sunday",
        "           of acme-us: America/New_York, public holidays of US count as a sunday",
        "           of *-gulf: Asia/Riyadh, public holidays of SA count as a sunday",
        "           4 declared in events.example.toml: campaign, deploy, holiday, maintenance",
    ]
    assert calendars.of("acme-us").local.name == "America/New_York"
    assert calendars.of("bank-gulf").day_kind(at("2026-11-27T12:00+03:00")) == "weekend"
