"""A bank with many themes: seeded events by the minute, with incidents and storms put in, for the noise benches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import orjson

from schemas.times import instant

MINUTE, HOUR, DAY = 60, 3600, 86_400
START = 1_777_852_800
"""Monday, 4 May 2026, 00:00 UTC."""

SLICES: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "os_version": (("16.4", "16.7", "17.0", "17.1", "17.2", "14", "13"), (0.1, 0.15, 0.2, 0.16, 0.05, 0.24, 0.1)),
    "region": (("north", "south", "east", "west", "islands"), (0.3, 0.3, 0.2, 0.15, 0.05)),
    "channel": (("app", "web", "phone", "chat"), (0.4, 0.3, 0.2, 0.1)),
    "version": (("8.1", "8.2", "8.3", "8.4"), (0.2, 0.4, 0.34, 0.06)),
    "tier": (("basic", "plus", "enterprise"), (0.7, 0.22, 0.08)),
}
"""dimension -> values, and the shares of traffic that they have."""


class Trouble(NamedTuple):
    """Something that goes wrong.

    Attributes:
        themes: numbers of the themes that it shows in.
        begin, end: minutes since the start.
        factor: how many times the usual it adds, and at least ``least`` mentions an hour.
        slices: dimension -> (value, share): where its mentions are.
    """

    name: str
    themes: tuple[int, ...]
    begin: int
    end: int
    factor: float
    least: float
    slices: dict[str, tuple[str, float]]


class World:
    """Themes with a daily rhythm, and troubles.

    Args:
        rates: mentions an hour of each theme, on average.
    """

    def __init__(self, rates: Sequence[float], troubles: Sequence[Trouble], seed: int) -> None:
        self.rates, self.troubles = np.asarray(rates), troubles
        self._draw = np.random.default_rng(seed)
        self._number = 0

    def minutes(self, count: int) -> Iterator[tuple[int, list[bytes]]]:
        """(minute, the events of it as records, in order of time)."""
        for minute in range(count):
            hour = minute % (24 * 60) / 60
            # Busy from eight to eight, with soft edges; the mean over a day is one.
            rhythm = 0.3 + 1.4 * float(np.clip(1.5 - abs(hour - 14.0) / 5.0, 0.0, 1.0))
            counts = self._draw.poisson(self.rates * rhythm / 60)
            rows = [(int(theme), None) for theme in np.repeat(np.arange(len(counts)), counts)]
            for trouble in self.troubles:
                if trouble.begin <= minute < trouble.end:
                    for theme in trouble.themes:
                        extra = max(trouble.factor * self.rates[theme] * rhythm, trouble.least) / 60
                        rows += [(theme, trouble)] * int(self._draw.poisson(extra))
            yield minute, self._events(minute, rows)

    def _events(self, minute: int, rows: list[tuple[int, Trouble | None]]) -> list[bytes]:
        stamps = np.sort(self._draw.random(len(rows))) * MINUTE
        order = self._draw.permutation(len(rows))
        chosen = {
            name: self._draw.choice(len(values), len(rows), p=shares) for name, (values, shares) in SLICES.items()
        }
        events = []
        for place, stamp in zip(order, stamps, strict=True):
            theme, trouble = rows[place]
            self._number += 1
            event = {
                "id": f"e{self._number}",
                "time": instant(START + minute * MINUTE + float(stamp)).isoformat(),
                "tenant": "bank",
                "theme": f"theme-{theme:03d}",
                "customer": f"c{self._draw.integers(10**6)}",
            }
            attributes = {name: values[chosen[name][place]] for name, (values, _) in SLICES.items()}
            if trouble is not None:
                for name, (value, share) in trouble.slices.items():
                    if self._draw.random() < share:
                        attributes[name] = value
            for name in ("region", "channel", "version", "tier"):
                event[name] = attributes.pop(name)
            event["attributes"] = attributes
            events.append(orjson.dumps(event))
        return events
