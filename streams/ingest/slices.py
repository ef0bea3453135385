"""The slices an event belongs to, as a small number for each combination of them."""

from typing import Any

MAX_SLICE = 200
"""Characters of ``dimension=value``; a longer one is cut."""
_MAX_CACHED = 50_000
_MAX_CHARACTERS = 8_000_000


class SliceNames:
    """Turns an event's dimension values into a code that stands for its ``dimension=value`` names.

    Codes hold until :meth:`trim`.

    Args:
        dimensions: names, in the order of the values.

    Attributes:
        names: every slice by its number; 0 is none.
        known: values -> code, None for values not seen before.

    >>> names = SliceNames(("region", "tier"))
    >>> code = names.code(("eu", None))
    >>> names.slices_of(code), names.known(("eu", None)) == code, names.known(("us", "free"))
    (('region=eu',), True, None)
    """

    __slots__ = ("_characters", "_codes", "_ids", "_rows", "_table", "dimensions", "known", "names")

    def __init__(self, dimensions: tuple[str, ...]) -> None:
        self.dimensions = dimensions
        self._codes: dict[tuple[object, ...], int] = {}
        self.known = self._codes.get
        self._clear()

    def _clear(self) -> None:
        self._codes.clear()
        self._ids = {"": 0}
        self.names = [""]
        self._rows: list[list[int]] = []
        self._table: Any = None
        self._characters = 0

    def code(self, values: tuple[object, ...]) -> int:
        """The code of an event with these values."""
        code = self._codes.get(values)
        if code is not None:
            return code
        found = {
            f"{dimension}={value}"[:MAX_SLICE]
            for dimension, value in zip(self.dimensions, values, strict=False)
            if value not in (None, "")
        }
        row = [self._number(name) for name in sorted(found)]
        code = self._codes[values] = len(self._rows)
        self._rows.append(row + [0] * (len(self.dimensions) - len(row)))
        return code

    def _number(self, name: str) -> int:
        number = self._ids.get(name)
        if number is None:
            number = self._ids[name] = len(self.names)
            self.names.append(name)
            self._characters += len(name)
        return number

    def slices_of(self, code: int) -> tuple[str, ...]:
        """The slices a code stands for."""
        return tuple(self.names[number] for number in self._rows[code] if number)

    def table(self) -> Any:
        """(codes, dimensions) numbers of slices, filled up with 0."""
        import numpy as np

        if self._table is None or len(self._table) < len(self._rows):
            self._table = np.array(self._rows, dtype=np.int64).reshape(len(self._rows), len(self.dimensions))
        return self._table

    def trim(self) -> None:
        """Forget all of it if it has become too much; no code from before holds then."""
        if len(self._rows) >= _MAX_CACHED or self._characters > _MAX_CHARACTERS:
            self._clear()
