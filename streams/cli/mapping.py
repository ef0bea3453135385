"""The mapping from the columns of somebody's file to the fields of an event."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schemas.event import Event, Scalar

_LISTS: Final = frozenset({"themes", "metrics", "attributes"})
_PLAIN: Final = frozenset(Event.__struct_fields__) - _LISTS - {"time"}


class MappingError(ValueError):
    """A mapping that cannot be used; the message begins with the key."""


class TimeColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the time is, and how it is written.

    Attributes:
        format: ``iso``, ``epoch`` (seconds), ``epoch_ms``, or a strptime pattern such as ``%d.%m.%Y %H:%M``.
        zone: of times that do not name theirs.
    """

    column: str = "time"
    format: str = "iso"
    zone: str = "UTC"


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a row becomes an event.

    Attributes:
        columns: event field -> column.
        values: event field -> what stands in the column -> what it means; what is not listed stays.
        metrics, attributes: name -> column.
        constants: event field -> value, for every event.
    """

    columns: dict[str, str] = {}
    time: TimeColumn = TimeColumn()
    values: dict[str, dict[str, Scalar]] = {}
    metrics: dict[str, str] = {}
    attributes: dict[str, str] = {}
    constants: dict[str, Scalar] = {}

    def named(self) -> Iterator[tuple[str, str]]:
        """(key path, column) of every column the mapping names."""
        yield "time.column", self.time.column
        for table in ("columns", "metrics", "attributes"):
            for name, column in getattr(self, table).items():
                yield f"{table}.{name}", column


def load_mapping(path: Path) -> Columns:
    """The mapping in a TOML file.

    Raises:
        MappingError: with the file and the key path.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return check(msgspec.convert(raw, Columns))
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise MappingError(f"{path}: {error}") from None
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from None


def check(mapping: Columns) -> Columns:
    """The mapping itself.

    Raises:
        MappingError: it names a field that events do not have, or a zone that is none.
    """
    for table in ("columns", "values", "constants"):
        for name in getattr(mapping, table):
            if name not in _PLAIN:
                raise MappingError(f"{table}.{name}: no field of an event; there are {', '.join(sorted(_PLAIN))}")
    try:
        ZoneInfo(mapping.time.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise MappingError(f'time.zone: "{mapping.time.zone}" is no time zone, such as Europe/Berlin') from None
    return mapping


def plain_mapping(header: Iterable[str]) -> Columns:
    """The mapping of a table whose columns are called like the fields of an event; the others become attributes.

    >>> mapping = plain_mapping(["id", "time", "text", "os_version"])
    >>> sorted(mapping.columns), mapping.attributes
    (['id', 'text'], {'os_version': 'os_version'})
    """
    names = set(header)
    more = names - _PLAIN - _LISTS - {"time"}
    return Columns(columns={name: name for name in names & _PLAIN}, attributes={name: name for name in more})
