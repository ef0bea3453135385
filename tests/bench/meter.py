"""Counts what a contender reads, and how fast. It needs nothing but orjson: it also runs in a rival's environment."""

import sys
import time

import orjson

WARM = 0.05
"""Share of the events read before the clock starts."""


class Meter:
    """Events a second from the first few percent to the last event.

    Args:
        count: how many events there are.
    """

    def __init__(self, count: int) -> None:
        self.count, self.seen, self._began, self._from = count, 0, 0.0, 0
        self.themes: dict[str, int] = {}

    def add(self, values: list[bytes]) -> bool:
        """Parse and count; True once all events are read."""
        themes = self.themes
        for value in values:
            theme = orjson.loads(value)["theme"]
            themes[theme] = themes.get(theme, 0) + 1
        return self.note(len(values))

    def note(self, events: int) -> bool:
        """So many more have been counted, by whatever counts them; True once all events are read."""
        self.seen += events
        if not self._began and self.seen >= WARM * self.count:
            self._began, self._from = time.monotonic(), self.seen
        return self.seen >= self.count

    @property
    def rate(self) -> float:
        """Events a second."""
        return (self.seen - self._from) / (time.monotonic() - self._began)


def tell(rate: float) -> None:
    """Print the line that the bench looks for."""
    sys.stdout.write(f"\nRATE {rate:.0f}\n")
    sys.stdout.flush()
