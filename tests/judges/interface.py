"""What a detector of counts looks like to its judges, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# (starts of regular panes, epoch seconds, (T,); counts (T, S), NaN is unknown; false alerts per week and series;
#  options with "zone" and "pane_s") -> for each series its openings: epoch seconds, end of the pane that tripped.
Detect = Callable[[NDArray[np.int64], Floats, float, dict[str, Any]], list[list[float]]]

# (weekly counts (T, S), first judged week) -> scores (T - first, S): -log10 of the upper tail
# probability of each week, given the weeks before it; above 2 is an alarm.
Weekly = Callable[[Floats, int], Floats]

# y, mu: (T,) floats; phi, rate: floats; warm: panes never judged; incidents: dicts of start, end, scored, excess, base.
# From our own generators also: shape, and events [(name, start, end)] that explain a false alert.
Stream = dict[str, Any]


class JudgeError(Exception):
    """A detector broke the rules of its interface."""


class Source(NamedTuple):
    """Series that share a table, a clock and an ingest: ``start`` in epoch seconds, ``zone`` an IANA name."""

    name: str
    start: int
    zone: str
    streams: list[Stream]
    pane_s: int = 300

    @property
    def stamps(self) -> NDArray[np.int64]:
        """(T,) starts of the panes, epoch seconds."""
        return self.start + self.pane_s * np.arange(len(self.streams[0]["y"]), dtype=np.int64)

    @property
    def counts(self) -> Floats:
        """(T, S) counts, NaN where unknown."""
        return np.stack([stream["y"] for stream in self.streams], 1).astype(float)

    def until(self, share: float) -> Source:
        """Its first ``share``."""
        panes = int(len(self.stamps) * share)
        return self._replace(streams=[stream | {"y": stream["y"][:panes]} for stream in self.streams])


def ask(detect: Detect, source: Source, budget: float, **options: Any) -> list[list[float]]:
    """Openings of each series in panes since the start of the source, sorted.

    Raises:
        JudgeError: an opening is no end of a pane of the table, or series are missing.
    """
    stamps, counts = source.stamps, source.counts
    told = detect(stamps, counts.copy(), budget, {"zone": source.zone, "pane_s": source.pane_s, **options})
    if len(told) != counts.shape[1]:
        raise JudgeError(f"{source.name}: {counts.shape[1]} series, openings of {len(told)}")
    found = [sorted((at - source.start) / source.pane_s for at in series) for series in told]
    for number, series in enumerate(found):
        for at in series:
            if not isfinite(at) or not 0 < at <= len(stamps):
                raise JudgeError(f"{source.name}: series {number} opened at pane {at} of {len(stamps)}")
    return found


def changed(part: Source, early: list[list[float]], whole: list[list[float]]) -> int:
    """How many openings within a table differ from those of the longer table that it begins; 0 if causal."""
    panes = len(part.stamps)
    pairs = zip(early, whole, strict=True)
    return sum(len(set(some) ^ {at for at in all_ if at <= panes}) for some, all_ in pairs)
