"""Files of declared events that are tables: TOML with ``[[event]]``, and CSV with a header."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from typing import Any

from detectors.declared import Entry
from streams.declaring.fields import FIELDS, FieldError, entry
from streams.declaring.section import EventFile

_TABLE = re.compile(r"\s*\[\[\s*event\s*\]\]")
_OTHER_TABLE = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*\"?([A-Za-z_-]+)\"?\s*=")
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


class FileError(ValueError):
    """A file of events that cannot be used.

    Attributes:
        line: where, from 1; 0 if that cannot be told.
    """

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


def read_toml(text: str, defaults: EventFile) -> list[Entry]:
    """The events of a TOML file.

    Raises:
        FileError: with the line, and the field.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.fullmatch(str(error))
        what, line = found.groups() if found else (str(error), None)
        raise FileError(int(line or text.count("\n") + 1), f"not TOML: {what}") from None
    events: Any = raw.pop("event", [])
    lines = _lines(text)
    if raw:
        other = next(iter(raw))
        raise FileError(_line_of(text, other), f"{other}: unknown key; expected tables [[event]]")
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        raise FileError(_line_of(text, "event"), "event: expected tables [[event]]")
    found_all: list[Entry] = []
    for index, fields in enumerate(events):
        try:
            found_all.append(entry(fields, defaults))
        except FieldError as error:
            # Events written inline, or a header within a text, cannot be told from lines.
            if len(lines) != len(events):
                raise FileError(0, f"event[{index}].{error}") from None
            raise FileError(lines[index].get(error.field, lines[index][""]), str(error)) from None
    return found_all


def read_csv(text: str, defaults: EventFile) -> list[Entry]:
    """The events of a CSV file: a header, commas, and nothing in a cell that is left out.

    Raises:
        FileError: with the line, and the field.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    found: list[Entry] = []
    before = 0
    try:
        for row in rows:
            line, before = before + 1, rows.line_num
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if header is None:
                header = _header(cells, line)
                continue
            if len(cells) != len(header):
                raise FileError(line, f"{len(cells)} cells, but the header has {len(header)}")
            try:
                found.append(entry({key: cell for key, cell in zip(header, cells, strict=True) if cell}, defaults))
            except FieldError as error:
                raise FileError(line, str(error)) from None
    except csv.Error as error:
        raise FileError(before + 1, f"not CSV: {error}") from None
    if header is None:
        raise FileError(1, f"is empty; expected a header, such as {','.join(FIELDS[:2])},name,kind")
    return found


def _header(cells: list[str], line: int) -> list[str]:
    for index, cell in enumerate(cells):
        if cell not in FIELDS:
            raise FileError(line, f'"{cell}" in the header is no field; there are {", ".join(FIELDS)}')
        if cell in cells[:index]:
            raise FileError(line, f"{cell}: stands twice in the header")
    for field in ("start", "name"):
        if field not in cells:
            raise FileError(line, f"{field}: is missing in the header")
    return cells


def _lines(text: str) -> list[dict[str, int]]:
    """Of each table ``[[event]]``: the line of its header, under "", and of each key."""
    found: list[dict[str, int]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if _TABLE.match(line):
            found.append({"": number})
            inside = True
        elif _OTHER_TABLE.match(line) and "=" not in line:
            inside = inside and not line.strip().endswith("]")
        elif inside and (key := _KEY.match(line)):
            found[-1].setdefault(key[1], number)
    return found


def _line_of(text: str, key: str) -> int:
    """The first line that mentions a key of the whole file."""
    pattern = re.compile(rf'\s*\[*\s*"?{re.escape(key)}\b')
    return next((number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)), 0)
