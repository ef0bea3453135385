"""How results are told: a table for people, and one JSON object as the last line."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

_WIDTH = 120
_BAR = 40


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers stand on the right."""
    shown = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        shown.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        shown.add_row(*map(in_words, row))
    Console(file=sys.stdout, width=_WIDTH).print(shown)


def chart(title: str, points: Mapping[str, float], unit: str) -> None:
    """Print a bar for each point, the longest of them 40 characters."""
    most = max([*points.values(), 1e-9])
    label = max(map(len, points))
    sys.stdout.write(f"{title}\n")
    for name, value in points.items():
        sys.stdout.write(f"  {name:>{label}} {'#' * max(1, round(_BAR * value / most))} {in_words(value)} {unit}\n")


def in_words(value: Any) -> str:
    """A number with three digits or more that count, and thousands apart.

    >>> in_words(109_123.4), in_words(0.98765), in_words(12.345), in_words(None), in_words("x")
    ('109,123', '0.988', '12.3', '-', 'x')
    """
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if abs(value) >= 100 or isinstance(value, int):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def result(found: Mapping[str, Any]) -> None:
    """The last line."""
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """How far it is, for who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
