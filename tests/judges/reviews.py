"""Real app reviews, each star of an app a series of its own, with incidents put in at local daytimes.

What else happened in those weeks nobody wrote down: a false alert may be a real one.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from tests.judges.incidents import trapeze
from tests.judges.interface import Floats, Source, Stream
from tests.judges.local import Clock

# The stamps are naive, and quietest at three at night: local time.
ZONE = "Asia/Kolkata"
DAY_S, WARM_DAYS, LEAST_DAYS, MOST_DAYS = 86_400, 14, 28, 210
LEAST_A_DAY, FINE_A_DAY = 1.0, 40.0

# Sorted stamps, epoch seconds, by source and series.
Stamps = dict[tuple[str, str], list[int]]


def read(path: Path) -> Stamps:
    """Reviews by app and star."""
    zone = ZoneInfo(ZONE)
    found: Stamps = defaultdict(list)
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["at"]).replace(tzinfo=zone)
            found[row["app"], row["score"]].append(int(at.timestamp()))
    return {key: sorted(stamps) for key, stamps in sorted(found.items())}


def pane_of(stamps: list[int]) -> int | None:
    """Length of a pane for a series of this volume; None if it is too short or too sparse to judge."""
    end = stamps[-1]
    recent = [at for at in stamps if at > end - MOST_DAYS * DAY_S]
    days = (end - recent[0]) / DAY_S
    if days < LEAST_DAYS or len(recent) / days < LEAST_A_DAY:
        return None
    return 900 if len(recent) / days >= FINE_A_DAY else 3600


def usual(y: Floats, hour: Floats, pane_s: int) -> Floats:
    """Expected counts: the level of the week around, spread by the hour of day."""
    seen = ~np.isnan(y)
    flat = np.where(seen, y, 0.0)
    window = np.ones(7 * DAY_S // pane_s + 1)
    level = np.convolve(flat, window, "same") / np.maximum(np.convolve(seen, window, "same"), 1)
    hours = hour.astype(int)
    by_hour = np.array([flat[hours == h].sum() / max(level[(hours == h) & seen].sum(), 1e-9) for h in range(24)])
    return np.asarray(np.where(seen, level * by_hour[hours], 0.0))


def spread(y: Floats, mean: Floats, panes: int) -> float:
    """Variance over mean of the counts in windows of some panes; at least 1."""
    y, mean = y[~np.isnan(y)], mean[~np.isnan(y)]
    rows = len(y) // panes
    error = (y - mean)[: rows * panes].reshape(rows, panes).sum(axis=1)
    return max(float((error**2).sum() / mean[: rows * panes].sum()), 1.0)


def with_incidents(rng: np.random.Generator, stream: Stream, hour: Floats, pane_s: int) -> None:
    """One incident a judged week, begun between 8 and 20 local, of 2 to 10 times the usual for 1 to 12 hours."""
    week, mu = 7 * DAY_S // pane_s, stream["mu"]
    stream["y"] = stream["y"].copy()
    for low in range(stream["warm"], stream["last"] - week + 1, week):
        factor = float(np.exp(rng.uniform(np.log(2), np.log(10))))
        panes = max(round(np.exp(rng.uniform(0, np.log(12))) * 3600 / pane_s), 1)
        # 8 h free before the next, as two openings within 6 h are one alert.
        days = np.arange(low, low + week - panes - 8 * 3600 // pane_s)
        start = int(rng.choice(days[(hour[days] >= 8) & (hour[days] < 20)]))
        span = slice(start, start + panes)
        excess = mu[span] * (factor - 1) * trapeze(panes, rng.uniform(0.1, 0.5))
        stream["y"][span] += rng.poisson(excess)
        stream["incidents"].append(
            {
                "kind": "ramp",
                "start": start,
                "end": start + panes,
                "mult": factor,
                "scored": True,
                "excess": float(excess.sum()),
                "base": float(mu[span].sum()),
            }
        )


def sources(series: Stamps, zone: str, seed: int, incidents: bool = True) -> list[Source]:
    """A source's series of one length of pane; unknown before a series' first event and after its last."""
    groups: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(dict)
    for (group, name), stamps in series.items():
        pane = pane_of(stamps)
        if pane:
            groups[group, pane][name] = stamps
    return [_source(group, pane, some, zone, seed, incidents) for (group, pane), some in groups.items()]


def _source(group: str, pane_s: int, series: dict[str, list[int]], zone: str, seed: int, incidents: bool) -> Source:
    end = max(stamps[-1] for stamps in series.values())
    first = max(min(stamps[0] for stamps in series.values()), end - MOST_DAYS * DAY_S)
    start = first // pane_s * pane_s
    panes = (end - start) // pane_s
    clock = Clock.of(zone, start, panes, pane_s)
    streams: list[Stream] = []
    for name, stamps in series.items():
        at = (np.array(stamps) - start) // pane_s
        y = np.bincount(at[(at >= 0) & (at < panes)], minlength=panes).astype(float)
        # The panes of the first and the last event were not watched from end to end.
        born, last = max(int(at[0]) + 1, 0), min(int(at[-1]), panes)
        y[:born] = y[last:] = np.nan
        mu = usual(y, clock.hour, pane_s)
        stream: Stream = {"name": f"{group} {name}", "pane": f"{pane_s // 60}m", "y": y, "mu": mu, "incidents": []}
        stream["phi"] = spread(y, mu, 3 * 3600 // pane_s)
        stream["rate"] = float(np.nanmean(y)) * 300 / pane_s
        stream["warm"], stream["last"] = born + WARM_DAYS * DAY_S // pane_s, last
        if incidents:
            rng = np.random.default_rng([seed, *group.encode(), *name.encode()])
            with_incidents(rng, stream, clock.hour, pane_s)
        streams.append(stream)
    return Source(f"{group}-{pane_s // 60}m", start, zone, streams, pane_s)
