"""Public holidays, as the library knows them."""

from __future__ import annotations

from datetime import date

import pytest

from streams.declaring.public import public_holidays


def test_public_holidays_are_merged_by_day_and_name() -> None:
    found = public_holidays(["DE-BY", "GB-ENG", "US"])(2026)
    assert found[date(2026, 12, 25)] == "Christmas Day (DE-BY, GB-ENG, US)"
    assert found[date(2026, 5, 25)] == "Pentecost Monday (DE-BY) and Spring Bank Holiday (GB-ENG) and Memorial Day (US)"
    assert {day.year for day in found} == {2026}


def test_a_new_year_observed_in_the_old_one_is_a_holiday_there() -> None:
    assert date(2021, 12, 31) in public_holidays(["US"])(2021)


def test_markets_have_holidays_too() -> None:
    assert date(2026, 4, 3) in public_holidays(["XNYS"])(2026)


@pytest.mark.parametrize("language", ["de", "th", ""])
def test_the_names_do_not_hang_on_the_machine(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("LANGUAGE", language)
    monkeypatch.setenv("LC_ALL", language)
    assert public_holidays(["DE"])(2026)[date(2026, 10, 3)] == "German Unity Day (DE)"
