"""Reads a table of numbers over time from a CSV file, row by row; what is wrong with it is said with file and line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from math import isfinite, isinf, nan
from pathlib import Path
from typing import IO, Final, NamedTuple

_ROWS_A_REPORT: Final = 4096
_SHOWN: Final = 40


class InputError(ValueError):
    """The file cannot be used; one line that names the file and, where there is one, line and column."""


class Row(NamedTuple):
    """A row: ``at`` in epoch seconds, ``values`` one a column and NaN where there is none, ``line`` counted from 1."""

    at: float
    values: tuple[float, ...]
    line: int


class Table:
    """The rows of an open file, to be gone through once.

    Attributes:
        header: names of all columns of the file.
        columns: names of the value columns, as many as a row has values.
        fields: text of the row last given, the stamp first, all columns.
        disordered: rows so far whose stamp is not after the one before (with ``tolerate_disorder``).
    """

    def __init__(
        self,
        path: Path,
        text: IO[str],
        report: Callable[[], None],
        tolerate_disorder: bool,
        only: str | None,
    ) -> None:
        self._path, self._report, self._tolerate = path, report, tolerate_disorder
        self._reader = csv.reader(text, strict=True)
        self._records = self._numbered()
        header, first = next(self._records, None), next(self._records, None)
        if header is None:
            raise InputError(f"{path}: is empty")
        names = [name.strip() for name in header[1]]
        self._check_header(names, header[0])
        if first is None:
            raise InputError(f"{path}: has a header and no row below it")
        self._rest = chain([first], self._records)
        self._width = len(names)
        self._picked = range(1, self._width) if only is None else [self._place(names, only)]
        self.header = self.fields = names
        self.columns = [names[place] for place in self._picked]
        self.disordered = 0

    def __iter__(self) -> Iterator[Row]:
        """The rows in the order of the file.

        Raises:
            InputError: a row cannot be read, or its stamp is not after the one before.
        """
        last, last_text, last_line = float("-inf"), "", 0
        picked, width = self._picked, self._width
        every = len(picked) == width - 1
        for line, fields in self._rest:
            if len(fields) != width:
                count = len(fields)
                raise InputError(f"{self._path}:{line}: has {count} field{'s' * (count != 1)}, the header has {width}")
            at = parse_stamp(fields[0])
            if at is None:
                raise InputError(f"{self._path}:{line}: column 1: {self._no_stamp(fields[0])}")
            values = self._numbers(fields[1:] if every else [fields[place] for place in picked], line)
            if at <= last:
                if not self._tolerate:
                    raise InputError(self._disorder(line, fields[0], at == last, last_line, last_text))
                self.disordered += 1
            last, last_text, last_line = at, fields[0], line
            self.fields = fields
            yield Row(at, values, line)
        self._report()

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """(line, fields) of each record that is not blank."""
        reader, done = self._reader, 0
        try:
            for fields in reader:
                line, done = done + 1, reader.line_num
                if not done % _ROWS_A_REPORT:
                    self._report()
                if len(fields) > 1 or (fields and fields[0].strip()):
                    yield line, fields
        except csv.Error as error:
            raise InputError(f"{self._path}:{reader.line_num}: not CSV: {error}") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{self._path}: not a whole gzip file: {error}") from None
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read: {error.strerror or error}") from None

    def _check_header(self, names: list[str], line: int) -> None:
        where = f"{self._path}:{line}"
        if any(_broken(name) for name in names):
            raise InputError(f"{where}: is not UTF-8")
        if parse_stamp(names[0]) is not None:
            raise InputError(f"{where}: starts with data; a header such as timestamp,value is expected")
        if len(names) == 1:
            other = "".join(mark for mark in ";\t|" if mark in names[0])
            hint = "; fields are separated by commas" if other else ""
            raise InputError(f"{where}: has one column only; a timestamp and at least one column of values{hint}")
        for place, name in enumerate(names[1:], 2):
            if not name:
                raise InputError(f"{where}: column {place} has no name")
            if name in names[1 : place - 1]:
                raise InputError(f'{where}: column "{name}" is there twice')

    def _place(self, names: list[str], only: str) -> int:
        if only not in names[1:]:
            raise InputError(f'{self._path}: has no column "{only}"; it has {", ".join(names[1:])}')
        return names.index(only, 1)

    def _numbers(self, texts: Sequence[str], line: int) -> tuple[float, ...]:
        try:
            values = tuple(map(float, texts))
            if isfinite(sum(values)) and not any("_" in text for text in texts):
                return values
        except ValueError:
            pass
        return tuple(self._number(text, name, line) for text, name in zip(texts, self.columns, strict=True))

    def _number(self, text: str, name: str, line: int) -> float:
        if not text.strip():
            return nan
        where = f'{self._path}:{line}: column "{name}"'
        if _broken(text):
            raise InputError(f"{where}: is not UTF-8")
        try:
            # Python reads 1_000 as a number; in a table it is a slip.
            value = float("" if "_" in text else text)
        except ValueError:
            raise InputError(f"{where}: {_quoted(text)} is not a number") from None
        if isinf(value):
            raise InputError(f"{where}: {_quoted(text)} is not finite")
        return value

    def _no_stamp(self, text: str) -> str:
        if _broken(text):
            return "is not UTF-8"
        if not text.strip():
            return "the timestamp is missing"
        return f"{_quoted(text)} is not a timestamp such as 2024-05-01 13:00:00 or 2024-05-01T13:00:00Z"

    def _disorder(self, line: int, stamp: str, same: bool, last_line: int, last_stamp: str) -> str:
        how = "repeats" if same else "is before"
        rule = "stamps must rise from row to row"
        return f"{self._path}:{line}: {stamp.strip()} {how} {last_stamp.strip()} of line {last_line}; {rule}"


@contextmanager
def open_table(
    path: Path | str,
    *,
    progress: Callable[[int], None] | None = None,
    tolerate_disorder: bool = False,
    only: str | None = None,
) -> Iterator[Table]:
    """A CSV file, gzipped if its name ends in .gz: a header, then a timestamp and numbers in each row.

    Rows are read as they are asked for. Bytes that are no UTF-8 matter only where they are read.

    Args:
        path: of the file.
        progress: told, now and then, how many bytes of the file have been read.
        tolerate_disorder: let stamps repeat and step back, and count such rows.
        only: read this value column and leave the others alone.

    Raises:
        InputError: the file cannot be used; while going through the rows, too.
    """
    path = Path(path)
    try:
        raw = path.open("rb")
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    with raw:
        packed = path.suffix.lower() == ".gz"
        plain = io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 16) if packed else raw
        with io.TextIOWrapper(plain, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:

            def report() -> None:
                if progress is not None:
                    progress(raw.tell())

            yield Table(path, text, report, tolerate_disorder, only)


def parse_stamp(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 time, of the same without a zone (UTC) or of a date (its midnight); None if neither.

    >>> parse_stamp("1970-01-01 00:01:00"), parse_stamp("1970-01-01T02:00:00.5+02:00"), parse_stamp("19700101")
    (60.0, 0.5, None)
    """
    # fromisoformat takes week dates and stamps without dashes as well, which are no longer plain to the eye.
    if text[4:5] != "-" or text[7:8] != "-" or text[10:11] not in _SEPARATORS:
        text = text.strip()
        if text[4:5] != "-" or text[7:8] != "-" or text[10:11] not in _SEPARATORS:
            return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(text.strip().upper())
        except ValueError:
            return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except OverflowError:
        return None


_SEPARATORS: Final = frozenset({"", " ", "T", "t"})


def _broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _quoted(text: str) -> str:
    text = text.strip()
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return f'"{shown}"' if shown.isprintable() else ascii(shown)
