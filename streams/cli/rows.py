"""Reads a JSONL or CSV file into events; what makes none is said with its line."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from streams.cli.mapping import Columns, MappingError, check, plain_mapping
from streams.cli.to_events import Mapped, Refused, Row, as_events, to_events

_FIELD_LIMIT: Final = 2**31 - 1


def read(path: Path, mapping: Columns | None) -> Iterator[Mapped | Refused]:
    """The events of a file, gzipped or not; ``.csv`` and ``.tsv`` are tables, all else has one JSON object a line.

    Without a mapping the keys are those of an event, and so are the columns; others become attributes.

    Raises:
        MappingError: the mapping names a column that the table does not have; OSError if it cannot be read.
    """
    *_, kind = ["", *(suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz")]
    with _opened(path) as file:
        refused: list[Refused] = []
        if kind in (".csv", ".tsv"):
            csv.field_size_limit(_FIELD_LIMIT)
            reader = csv.DictReader(file, dialect="excel-tab" if kind == ".tsv" else "excel")
            header = list(reader.fieldnames or [])
            rows = _table(reader, refused)
            items = to_events(rows, _fitting(mapping or plain_mapping(header), header), path.name)
        else:
            rows = _objects(file, refused)
            items = to_events(rows, mapping, path.name) if mapping else as_events(rows, path.name)
        for item in items:
            yield from refused
            refused.clear()
            yield item
        yield from refused


def _opened(path: Path) -> IO[str]:
    # Surrogates stand for bytes that are no UTF-8, so that one bad line does not end the rest.
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _fitting(mapping: Columns, header: list[str]) -> Columns:
    for key, column in mapping.named():
        if column not in header:
            raise MappingError(f'{key}: the file has no column "{column}"; it has {", ".join(header) or "none"}')
    return check(mapping)


def _table(reader: csv.DictReader[str], refused: list[Refused]) -> Iterator[tuple[int, Row]]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refused.append(Refused(reader.line_num, f"not CSV: {error}"))
            continue
        if None in row:
            refused.append(Refused(reader.line_num, "has more fields than the header"))
        elif _broken(row):
            refused.append(Refused(reader.line_num, "not UTF-8"))
        else:
            yield reader.line_num, row


def _objects(file: Iterable[str], refused: list[Refused]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row: Any = msgspec.json.decode(line.encode())
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            why = "not UTF-8" if isinstance(error, UnicodeEncodeError) else f"not JSON: {error}"
            refused.append(Refused(number, why))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            refused.append(Refused(number, "not a JSON object"))


def _broken(row: Row) -> bool:
    return any(isinstance(value, str) and not _encodable(value) for value in row.values())


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
