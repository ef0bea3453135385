"""A file of one number a timestamp, scored row by row: how much each row surprises, given the rows before it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from detectors.surprise import Surprise
from streams.offline.table import InputError, open_table

HEADER = ("timestamp", "value", "anomaly_score")


class Scored(NamedTuple):
    """What was gone through: so many rows, of which ``disordered`` repeat a stamp or step back in time."""

    rows: int
    disordered: int


def score(
    source: Path,
    out: IO[str],
    *,
    column: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Scored:
    """Write timestamp, value and anomaly score in [0, 1] of every row, in the order of the file.

    A row is written before the next one is read. Stamps and values are written as they stand in the file; a row
    without a value gets 0 and leaves no trace in the scores after it.

    Args:
        source: a CSV file with a header, the timestamp in the first column.
        out: where to.
        column: name of the value column, if there are several.
        progress: told the bytes read.

    Raises:
        InputError: the file cannot be used. OSError: ``out`` cannot be written.
    """
    with open_table(source, progress=progress, tolerate_disorder=True, only=column) as table:
        if len(table.columns) > 1:
            names = ", ".join(table.columns)
            raise InputError(f"{source}: has several value columns ({names}); name one with --column")
        place = 1 if column is None else table.header.index(column, 1)
        write = csv.writer(out, lineterminator="\n").writerow
        write(HEADER)
        surprise, rows = Surprise(), 0
        for at, (value,), _ in table:
            write((table.fields[0], table.fields[place], f"{surprise.update(at, value):.6f}"))
            rows += 1
        return Scored(rows, table.disordered)
