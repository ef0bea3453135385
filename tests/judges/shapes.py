"""Seeded theme counts with the shapes that customers' streams have and the shared simulator lacks.

A source is a table of series with one clock and one hazard: nothing, a change of the clock, a public holiday, or
outages. Every source holds every shape, so that false alerts can be told by shape and by hazard. 28 days of 5-minute
panes from a Monday 00:00 UTC, the last 14 judged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.signal import lfilter

from tests.judges import hazards
from tests.judges.incidents import inject
from tests.judges.interface import Floats, Source, Stream
from tests.judges.local import Clock

DAY, DAYS, WARM_DAYS = 288, 28, 14
PANES, WARM = DAYS * DAY, WARM_DAYS * DAY

# Where the clock changes, it does so on day 20.
SOURCES = {
    "plain": ("UTC", datetime(2026, 1, 12, tzinfo=UTC)),
    "dst-spring": ("America/New_York", datetime(2026, 2, 16, tzinfo=UTC)),
    "dst-autumn": ("Europe/Berlin", datetime(2026, 10, 5, tzinfo=UTC)),
    "holiday": ("America/Chicago", datetime(2026, 5, 11, tzinfo=UTC)),
    "outage": ("Asia/Kolkata", datetime(2026, 6, 1, tzinfo=UTC)),
}
SHAPES = (
    "smooth", "business", "two-peak", "weekend-only", "lumpy", "overdispersed", "batch", "growth", "sparse", "busy",
    "born", "dies", "level-up", "level-down", "dip",
)  # fmt: skip
_RATES = {"sparse": (0.005, 0.05), "busy": (200.0, 500.0), "lumpy": (0.05, 5.0), "batch": (0.3, 20.0)}


def smooth_day(rng: np.random.Generator, clock: Clock) -> Floats:
    """Two harmonics in log and a weekend factor, by the local clock."""
    angle = clock.hour / 24 * 2 * np.pi
    log = rng.uniform(0.3, 1.0) * np.cos(angle - rng.normal(np.pi * 1.2, 0.4))
    log += rng.uniform(0, 0.35) * np.cos(2 * angle - rng.uniform(0, 2 * np.pi))
    return np.asarray(np.exp(log) * np.where(clock.weekday >= 5, rng.uniform(0.4, 1.1), 1.0))


def business_day(rng: np.random.Generator, clock: Clock) -> Floats:
    """Open within minutes, shut within minutes, nothing at night and little or nothing at weekends."""
    opens, shuts, edge = rng.uniform(7.5, 9.5), rng.uniform(16.5, 19.5), rng.uniform(0.05, 0.3)
    day = np.clip((clock.hour - opens) / edge, 0, 1) * np.clip((shuts - clock.hour) / edge, 0, 1)
    lunch = 1 - rng.uniform(0, 0.5) * ((clock.hour >= 12) & (clock.hour < 13))
    return np.asarray(day * lunch * np.where(clock.weekday >= 5, rng.choice([0.0, 0.3]), 1.0))


def two_peaks(rng: np.random.Generator, clock: Clock) -> Floats:
    """A morning and an evening peak above a low floor."""
    first, second = rng.normal(8.5, 0.7), rng.normal(20, 0.7)
    tops = [np.exp(-0.5 * ((clock.hour - at) / rng.uniform(0.7, 1.5)) ** 2) for at in (first, second)]
    return np.asarray(0.08 + tops[0] + rng.uniform(0.5, 1.2) * tops[1])


def weekend(rng: np.random.Generator, clock: Clock) -> Floats:
    """Saturday and Sunday, and almost nothing in between."""
    return np.asarray(smooth_day(rng, clock) * np.where(clock.weekday >= 5, 1.0, 0.02))


_PROFILES = {"business": business_day, "batch": business_day, "two-peak": two_peaks, "weekend-only": weekend}


def slow_noise(rng: np.random.Generator, panes: int, spread: float, correlation: float = 36.0) -> Floats:
    """AR(1) in log: what no season explains. ``correlation`` in panes."""
    rho = np.exp(-1 / correlation)
    start = np.array([rho * rng.normal(0, spread)])
    drive = rng.normal(0, spread * np.sqrt(1 - rho * rho), panes)
    return np.asarray(lfilter([1.0], [1.0, -rho], drive, zi=start)[0])


def _course(rng: np.random.Generator, shape: str, stream: Stream) -> Floats:
    """The factor of what the shape does over weeks; notes it in the stream's events."""
    factor, events = np.ones(PANES), stream["events"]
    if shape == "growth":
        factor = np.exp(np.log(2.0) * np.arange(PANES) / PANES)
    elif shape == "born":
        at = int(rng.uniform(9, 20) * DAY)
        factor[:at] = 0.0
        # A new theme is news: for half a day an opening is no fault, and no merit either.
        stream["incidents"].append(_unscored(at, at + 72))
        events.append(("young", at, at + 7 * DAY))
        stream["born"] = at
    elif shape == "dies":
        factor[int(rng.uniform(12, 24) * DAY) :] = 0.0
    elif shape in ("level-up", "level-down"):
        at = int(rng.uniform(8, 25) * DAY)
        factor[at:] = rng.uniform(1.2, 1.4) if shape == "level-up" else rng.uniform(0.4, 0.8)
        events.append((shape, at, at + 2 * DAY))
    elif shape == "dip":
        at, end = (int(x) for x in np.cumsum([rng.uniform(12, 23) * DAY, rng.uniform(0.5, 3) * DAY]))
        factor[at:end] = rng.uniform(0.2, 0.5)
        events.append(("after a dip", end, end + 2 * DAY))
    return factor


def _unscored(start: int, end: int) -> dict[str, Any]:
    return {"start": start, "end": end, "scored": False, "excess": 0.0, "base": 0.0, "kind": "excused"}


def _benign(rng: np.random.Generator, shape: str, stream: Stream, clock: Clock) -> tuple[Floats, Floats]:
    """Mentions beside the theme's own, drawn and expected: single posts that bring a dozen, and a weekly job."""
    extra, mean = np.zeros(PANES), np.zeros(PANES)
    if shape == "lumpy":
        a_pane = rng.uniform(1, 6) / DAY
        at = np.flatnonzero(rng.random(PANES - 1) < a_pane)
        size = rng.integers(5, 21, len(at))
        first = rng.binomial(size, 0.5)
        np.add.at(extra, at, first)
        np.add.at(extra, at + 1, size - first)
        mean += 12.5 * a_pane
        sizes = np.arange(5, 21)
        stream["phi"] = float(
            (stream["rate"] * stream["phi"] + a_pane * np.mean(sizes**2)) / (stream["rate"] + mean[0])
        )
        stream["rate"] = float(stream["rate"] + mean[0])
    elif shape == "batch":
        on = (clock.weekday == 0) & (clock.hour >= 9) & (clock.hour < 9.5)
        mean += on * stream["rate"] * rng.uniform(8, 15)
        extra += rng.poisson(mean)
        starts = np.flatnonzero(on & ~np.r_[False, on[:-1]])
        stream["events"] += [("weekly job", int(at), int(at) + 24) for at in starts]
    return extra, mean


def theme(rng: np.random.Generator, shape: str, clock: Clock, hazard: hazards.Hazard, incidents: bool) -> Stream:
    """A series of a shape under a hazard, in the format of the shared simulator."""
    low, high = _RATES.get(shape, (0.05, 50.0))
    rate = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    phi = float(rng.uniform(3, 6) if shape == "overdispersed" else 1 + rng.gamma(1.5, 0.5) * min(1.0, 0.3 + rate))
    stream: Stream = {"shape": shape, "rate": rate, "phi": phi, "warm": WARM, "incidents": [], "events": []}
    profile = _PROFILES.get(shape, smooth_day)(rng, clock)
    profile *= np.exp(rng.normal(0, 0.05, 7))[clock.weekday]
    log = slow_noise(rng, PANES, rng.uniform(0.02, 0.05) if shape == "busy" else rng.uniform(0.03, 0.15))
    log += rng.uniform(-0.2, 0.2) * np.arange(PANES) / PANES
    mu = rate * profile / profile.mean() * np.exp(log) * _course(rng, shape, stream)
    extra, extra_mean = _benign(rng, shape, stream, clock)
    mu = mu * hazard.volume
    quiet = shape == "business" and bool(rng.random() < 0.5)
    added = inject(rng, stream, mu + extra_mean, hazard.seen, clock, quiet) if incidents else np.zeros(PANES)
    y = extra + counts(rng, mu + added, phi)
    stream["mu"] = mu + extra_mean
    stream["y"] = hazards.cut(rng, y, hazard)
    stream["events"] += hazard.events
    if "born" in stream and rng.random() < 0.5:
        stream["y"][: stream["born"]] = np.nan
    return stream


def counts(rng: np.random.Generator, mean: Floats, phi: float) -> Floats:
    """Negative binomial with variance ``phi * mean``; Poisson where phi is 1."""
    if phi <= 1.0001:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(np.maximum(mean, 1e-12) / (phi - 1), 1 / phi).astype(float)


def shaped(seed: int, per_shape: int = 1, incidents: bool = True) -> list[Source]:
    """The sources of a seed, each with ``per_shape`` series of every shape."""
    found = []
    for number, (name, (zone, start)) in enumerate(SOURCES.items()):
        clock = Clock.of(zone, int(start.timestamp()), PANES)
        hazard = hazards.of(name, np.random.default_rng([seed, 7, number]), clock)
        streams = [
            theme(np.random.default_rng([seed, 8, number, kind, copy]), shape, clock, hazard, incidents)
            | {"hazard": name}
            for kind, shape in enumerate(SHAPES)
            for copy in range(per_shape)
        ]
        found.append(Source(f"{name}-{seed}", int(start.timestamp()), zone, streams))
    return found
