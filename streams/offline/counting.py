"""A table of counts, judged: rows into panes, panes into the backtest, lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isnan, nan
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from detectors.rules import RuleSet
from detectors.surroundings import Surroundings
from schemas.duration import format_duration
from streams.offline.backtest import Backtest
from streams.offline.table import InputError, Row, Table, open_table

_LONGEST_GAP_S = 90 * 86_400.0
_ROWS_LOOKED_AT = 12


class Counted(NamedTuple):
    """What was gone through: rows, panes, those of them that the table leaves out, and signals opened."""

    rows: int
    panes: int
    missing: int
    signals: int


def backtest(
    source: Path,
    out: IO[str],
    rules: RuleSet,
    pane_s: int,
    around: Surroundings,
    progress: Callable[[int], None] | None = None,
) -> Counted:
    """Write a line of JSON for each signal, in the order of their opening; what is still open comes last.

    Args:
        source: a CSV file with a header, the timestamp (start of the pane, or any moment in it) in the first
            column, and the counts of one theme in each other.
        rules: what judges them.
        pane_s: length of a pane; finer rows are added up.

    Raises:
        InputError: the file cannot be used. OSError: ``out`` cannot be written.
    """
    rows = panes = missing = signals = 0
    with open_table(source, progress=progress) as table:
        test: Backtest | None = None
        for pane, counts, taken in _panes(source, table, pane_s):
            rows += taken
            panes += 1
            missing += taken == 0
            if test is None:
                test = Backtest(table.columns, rules, pane_s, pane, around)
            for line in test.feed(pane, counts):
                signals += 1
                _write(out, line)
        if test is not None:
            for line in test.finish():
                signals += 1
                _write(out, line)
    return Counted(rows, panes, missing, signals)


def _write(out: IO[str], line: dict[str, Any]) -> None:
    out.write(orjson.dumps(line).decode() + "\n")


def _panes(source: Path, table: Table, pane_s: int) -> Iterator[tuple[float, Sequence[float], int]]:
    """(start, counts, rows) of each pane from the first row to the last; what the table leaves out is unknown."""
    unknown = (nan,) * len(table.columns)
    start, held, rows = 0.0, [nan], 0
    spacing = _Spacing(source, pane_s)
    for row in table:
        spacing.check(row)
        _check(source, table, row)
        pane = row.at // pane_s * pane_s
        if rows and pane == start:
            held = [_sum(one, other) for one, other in zip(held, row.values, strict=True)]
            rows += 1
            continue
        if rows:
            yield start, held, rows
            gap = round((pane - start) / pane_s) - 1
            if gap > _LONGEST_GAP_S / pane_s:
                lost = format_duration(gap * pane_s)
                raise InputError(f"{source}:{row.line}: {lost} are missing before this row; split the file there")
            for n in range(1, gap + 1):
                yield start + n * pane_s, unknown, 0
        start, held, rows = pane, list(row.values), 1
    if rows:
        yield start, held, rows


class _Spacing:
    """Rows that are always farther apart than a pane would make most panes unknown: that is a slip."""

    def __init__(self, source: Path, pane_s: int) -> None:
        self._source, self._pane_s = source, pane_s
        self._rows, self._closest, self._last = 0, inf, -inf

    def check(self, row: Row) -> None:
        """Take note of a row."""
        self._rows += 1
        if self._rows > _ROWS_LOOKED_AT:
            return
        self._closest = min(self._closest, row.at - self._last)
        self._last = row.at
        if self._rows == _ROWS_LOOKED_AT and self._closest > self._pane_s:
            apart, pane = format_duration(self._closest), format_duration(self._pane_s)
            raise InputError(f"{self._source}: rows are {apart} apart, and a pane of {pane} is shorter; see --pane")


def _sum(one: float, other: float) -> float:
    """Unknown only if both are: a row without a value within a pane says nothing of the others."""
    if isnan(one):
        return other
    return one if isnan(other) else one + other


def _check(source: Path, table: Table, row: Row) -> None:
    if min(row.values, default=0.0) < 0 or any(value < 0 for value in row.values):
        place = next(n for n, value in enumerate(row.values) if value < 0)
        name, value = table.columns[place], row.values[place]
        raise InputError(f'{source}:{row.line}: column "{name}": {value:g} is no count; counts are 0 or more')
