"""The slices events belong to, as small numbers."""

from collections.abc import Sequence

MAX_SLICE = 200
"""Characters of ``dimension=value``; a longer one is cut."""
_MAX_NAMES = 100_000
_MAX_CHARACTERS = 8_000_000


class SliceNames:
    """Turns the values of a dimension into numbers that stand for ``dimension=value``.

    Numbers hold until :meth:`trim`.

    Args:
        dimensions: names, in the order of the values; one that comes twice is read from two places.

    Attributes:
        names: every slice by its number; 0 is none.
        again: (place, earlier place) of the dimensions that come twice.

    >>> names = SliceNames(("region", "tier"))
    >>> names.numbers(0, ["eu", None, "us", "eu"]), names.names
    ([1, 0, 2, 1], ['', 'region=eu', 'region=us'])
    """

    __slots__ = ("_characters", "_ids", "_values", "again", "dimensions", "names")

    def __init__(self, dimensions: tuple[str, ...]) -> None:
        self.dimensions = dimensions
        places = list(enumerate(dimensions))
        self.again = [(place, dimensions.index(name)) for place, name in places if dimensions.index(name) < place]
        self._clear()

    def _clear(self) -> None:
        self._values: list[dict[object, int]] = [{None: 0, "": 0} for _ in self.dimensions]
        self._ids = {"": 0}
        self.names = [""]
        self._characters = 0

    def numbers(self, place: int, values: Sequence[object]) -> list[int]:
        """The number of each value of the dimension at ``place``."""
        found = list(map(self._values[place].get, values))
        if None in found:
            return [self.number(place, value) if one is None else one for one, value in zip(found, values, strict=True)]
        return found  # type: ignore[return-value]

    def number(self, place: int, value: object) -> int:
        """The number of a value of the dimension at ``place``."""
        known = self._values[place]
        number = known.get(value)
        if number is None:
            number = known[value] = self._of(f"{self.dimensions[place]}={value}"[:MAX_SLICE])
        return number

    def _of(self, name: str) -> int:
        number = self._ids.get(name)
        if number is None:
            number = self._ids[name] = len(self.names)
            self.names.append(name)
            self._characters += len(name)
        return number

    def trim(self) -> None:
        """Forget all of it if it has become too much; no number from before holds then."""
        if len(self.names) > _MAX_NAMES or self._characters > _MAX_CHARACTERS:
            self._clear()
