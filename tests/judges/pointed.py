"""Small worlds with one hazard and no incident, in which a sound detector opens no more than without the hazard.

The same series are judged with and without it, in the days that it touches; what a budget buys there by chance is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tests.judges import hazards
from tests.judges.asking import Ask
from tests.judges.hazards import Hazard, Outage
from tests.judges.interface import Source, Stream
from tests.judges.local import Clock
from tests.judges.scoring import GAP_S, alerts
from tests.judges.shapes import DAY, PANES, WARM, business_day, counts, slow_noise, smooth_day, two_peaks

PROFILES = (business_day, business_day, two_peaks, smooth_day)
SERIES = 12
# name -> (zone, start, hazard of a clock)
Case = tuple[str, datetime, Callable[[np.random.Generator, Clock], Hazard]]


def _outage(unknown: bool, late: int) -> Callable[[np.random.Generator, Clock], Hazard]:
    def made(rng: np.random.Generator, clock: Clock) -> Hazard:
        # During the working day, as an outage of the night is hardly one.
        start = (17 + int(rng.integers(0, 3))) * DAY + int(rng.integers(8, 12)) * 12
        end = start + int(rng.integers(12, 73))
        out = Outage(start, end, unknown, late)
        return hazards.none(clock)._replace(outages=[out], events=[("outage", start, end + late + DAY)])

    return made


def _holiday(rng: np.random.Generator, clock: Clock) -> Hazard:
    return hazards.holiday(rng, clock, warm_too=False)


_NEW_YORK = ("America/New_York", datetime(2026, 2, 16, tzinfo=UTC))
_BERLIN = ("Europe/Berlin", datetime(2026, 10, 5, tzinfo=UTC))
_UTC = ("UTC", datetime(2026, 6, 1, tzinfo=UTC))
CASES: dict[str, dict[str, Case]] = {
    "dst": {
        "spring": (*_NEW_YORK, lambda _, clock: hazards.dst(clock)),
        "autumn": (*_BERLIN, lambda _, clock: hazards.dst(clock)),
    },
    "holiday": {"weekday": ("America/Chicago", datetime(2026, 5, 11, tzinfo=UTC), _holiday)},
    "outage": {
        "zeros": (*_UTC, _outage(False, 0)),
        "unknown": (*_UTC, _outage(True, 0)),
        "zeros, then backlog": (*_UTC, _outage(False, 3)),
        "unknown, then backlog": (*_UTC, _outage(True, 3)),
    },
}


def quiet(seed: int, clock: Clock, hazard: Hazard) -> list[Stream]:
    """Well-behaved series under a hazard: hardly any slow noise, no drift, hardly overdispersed."""
    found: list[Stream] = []
    for number in range(SERIES):
        rng = np.random.default_rng([seed, 9, number])
        rate = float(np.exp(rng.uniform(np.log(0.3), np.log(50))))
        profile = PROFILES[number % len(PROFILES)](rng, clock)
        mu = rate * profile / profile.mean() * np.exp(slow_noise(rng, PANES, 0.03)) * hazard.volume
        phi = float(rng.uniform(1, 1.3))
        y = hazards.cut(rng, counts(rng, mu, phi), hazard)
        found.append({"y": y, "mu": mu, "phi": phi, "rate": rate, "warm": WARM, "incidents": [], "events": []})
    return found


def pair(seed: int, case: Case) -> tuple[Source, Source, tuple[int, int]]:
    """(with the hazard, without it, the judged panes that it touches)."""
    zone, start, made = case
    at = int(start.timestamp())
    clock, flat = Clock.of(zone, at, PANES), Clock.of("UTC", at, PANES)
    hazard = made(np.random.default_rng([seed, 10]), clock)
    (_, begins, ends) = next(event for event in hazard.events if event[1] >= WARM)
    struck = Source("struck", at, zone, quiet(seed, clock, hazard))
    calm = Source("calm", at, "UTC", quiet(seed, flat, hazards.none(flat)))
    return struck, calm, (begins, min(ends, PANES))


def compared(asked: Ask, case: Case, seeds: list[int], budget: float, options: dict[str, Any]) -> dict[str, Any]:
    """Alerts in the days that the hazard touches, with it and without, and what chance allows at the budget."""
    pairs = [pair(seed, case) for seed in seeds]
    row: dict[str, Any] = {"opened": 0, "without": 0, "chance": 0.0}
    for at, key in ((0, "opened"), (1, "without")):
        sources = [each[at] for each in pairs]
        for source, each, (_, _, (begins, ends)) in zip(sources, asked(sources, budget, **options), pairs, strict=True):
            starts = [start for series in each for start in alerts(series, WARM, GAP_S / source.pane_s)]
            row[key] += sum(begins < start <= ends for start in starts)
    weeks = sum((ends - begins) / (7 * DAY) for _, _, (begins, ends) in pairs)
    row["chance"] = round(budget * SERIES * weeks, 2)
    return row | {"series": SERIES * len(seeds)}
