"""Public holidays by country, part of a country, or market, from the library ``holidays``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

    from detectors.calendar import PublicHolidays

_CODE = re.compile(r"([A-Z]{2,4})(?:-(.+))?")
_LANGUAGE = "en_US"
_MOST_LISTED = 20


def check_code(code: str) -> None:
    """Refuse what is no country, part or market whose holidays are known.

    Raises:
        ValueError: with what is spelled alike.
    """
    _source(code)


def public_holidays(codes: Sequence[str]) -> PublicHolidays:
    """The holidays of all the codes together, year by year.

    The names are English where the library has them, whatever the language of the machine.

    Raises:
        ValueError: as :func:`check_code`.
    """
    sources = [(code, _source(code)) for code in dict.fromkeys(codes)]

    def of_year(year: int) -> Mapping[date, str]:
        found: dict[date, dict[str, list[str]]] = {}
        for code, source in sources:
            for day, name in source(year).items():
                found.setdefault(day, {}).setdefault(name, []).append(code)
        return {
            day: " and ".join(f"{name} ({', '.join(where)})" for name, where in names.items())
            for day, names in sorted(found.items())
        }

    return of_year


def _source(code: str) -> Callable[[int], HolidayBase]:
    # Takes longer to load than most commands to run.
    import holidays

    parts = _CODE.fullmatch(code)
    if parts is None:
        raise ValueError(_unknown(code))
    country, part = parts.groups()
    make: Callable[..., HolidayBase] = holidays.country_holidays
    try:
        known = make(country)
    except NotImplementedError:
        make = holidays.financial_holidays
        try:
            known = make(country)
        except NotImplementedError:
            raise ValueError(_unknown(code)) from None
    # Left to itself the library asks the environment.
    language = _LANGUAGE if _LANGUAGE in known.supported_languages else known.default_language
    more = {"subdiv": part} if part is not None else {}
    try:
        make(country, language=language, **more)
    except NotImplementedError:
        raise ValueError(_unknown_part(code, country, known)) from None
    return lambda year: make(country, years=year, language=language, **more)


def _unknown(code: str) -> str:
    from holidays.registry import COUNTRIES, FINANCIAL

    names: dict[str, str] = {}
    for classes in (*COUNTRIES.values(), *FINANCIAL.values()):
        for name in classes:
            names.setdefault(name.lower(), classes[1])
    near = [names[name] for name in get_close_matches(code.lower(), names, n=3)]
    asked = f"; did you mean {' or '.join(dict.fromkeys(near))}?" if near else ", such as US, DE-BY or XNYS"
    return f'"{code}" is no country or market whose holidays are known{asked}'


def _unknown_part(code: str, country: str, known: HolidayBase) -> str:
    there = [*known.subdivisions]
    if not there:
        return f'"{code}": the holidays of {country} are not known by its parts; expected {country}'
    near = get_close_matches(code.partition("-")[2].upper(), there, n=5, cutoff=0.5) or there
    more = f" and {len(near) - _MOST_LISTED} more" if len(near) > _MOST_LISTED else ""
    listed = ", ".join(f"{country}-{part}" for part in near[:_MOST_LISTED])
    return f'"{code}" is no part of {country} whose holidays are known; there are {listed}{more}'
