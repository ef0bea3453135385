"""Seeded streams of levels for the drift bench: four metrics, what is ordinary in them, and injected moves.

A series is 28 days of 5-minute panes. Values come from a latent normal: sentiment is cut to nine lumpy
values, CSAT to 1-5, NPS to 0-10, handle time is log-normal with a profile of the day. Ordinary, and
so never to be told: volume by day and night, a profile of the day and of the week in the level, slow noise of hours,
a trend of weeks, customers whose messages resemble each other, and now and then one customer who writes a hundred.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PANE_S, PANES_A_DAY, DAYS = 300, 288, 28
HOUR = 12
WARM_DAYS = 8
START = 1_775_001_600.0
"""Wednesday, 1 April 2026, 00:00 UTC."""
KINDS = ("sentiment", "handle_s", "csat", "nps")

_LUMPS = np.array([-1.0, -0.8, -0.5, -0.3, 0.0, 0.2, 0.5, 0.8, 1.0])


class Move(NamedTuple):
    """An injected move: panes ``[start, end)``, size in standard deviations of one event, share of it that ramps up."""

    start: int
    end: int
    size: float
    ramp: float
    feasible: bool


class Stream(NamedTuple):
    """One series.

    Attributes:
        bad: -1.0 if low is bad, else 1.0.
        n, total: (panes,) events and sum of their values.
        customers: of each pane, the hashes of those heard.
        moves: what should be found.
    """

    kind: str
    bad: float
    rate: float
    n: Floats
    total: Floats
    customers: list[npt.NDArray[np.int64]]
    moves: list[Move]


def _walk(rng: np.random.Generator, panes: int, sd: float, memory: float) -> Floats:
    kept = np.exp(-1.0 / memory)
    steps = rng.normal(0.0, sd * np.sqrt(1.0 - kept * kept), panes)
    out = np.empty(panes)
    level = rng.normal(0.0, sd)
    for i, step in enumerate(steps.tolist()):
        level = kept * level + step
        out[i] = level
    return out


def _moves(rng: np.random.Generator, rate: float, noise: float, memory: float) -> list[Move]:
    found = []
    for week in range(3):
        length = round(HOUR * float(np.exp(rng.uniform(0.0, np.log(72.0)))))
        size = float(np.exp(rng.uniform(np.log(0.3), np.log(2.0))))
        ramp = float(rng.uniform(0.5, 1.0)) if rng.random() < 0.3 else 0.0
        first = (WARM_DAYS + week * 6 + 1) * PANES_A_DAY
        start = int(rng.integers(first, first + 3 * PANES_A_DAY - 6 * HOUR))
        events = rate * length / HOUR * (1.0 - ramp / 2.0)
        slow = noise * noise * min(2.0 * memory / length, 1.0)
        feasible = size * (1.0 - ramp / 3.0) >= 6.0 * np.sqrt(1.5 / max(events, 0.1) + slow)
        found.append(Move(start, start + length, size, ramp, bool(feasible)))
    return found


def _shape(move: Move) -> Floats:
    x = (np.arange(move.end - move.start) + 0.5) / (move.end - move.start)
    up = np.minimum(x / move.ramp, 1.0) if move.ramp else np.ones_like(x)
    return np.asarray(move.size * up)


def stream(seed: int, number: int, kind: str, rate: float, *, hard: float = 1.0) -> Stream:
    """The series ``number`` of a seed.

    Args:
        rate: mean events an hour.
        hard: scales slow noise, seasons and trend; the bench also reports on harder ones than it was tuned on.
    """
    rng = np.random.default_rng([seed, number])
    panes = DAYS * PANES_A_DAY
    t = np.arange(panes)
    day = 2 * np.pi * t / PANES_A_DAY
    bad = 1.0 if kind == "handle_s" else -1.0
    noise, memory = hard * rng.uniform(0.03, 0.15), rng.uniform(2.0, 12.0) * HOUR
    moves = _moves(rng, rate, noise, memory)
    ordinary = _walk(rng, panes, noise, memory)
    ordinary += hard * rng.uniform(0.0, 0.3) * np.cos(day - rng.uniform(0, 2 * np.pi))
    ordinary += hard * rng.uniform(-0.2, 0.2) * t / panes
    ordinary += hard * rng.normal(0.0, 0.05, 7)[t // PANES_A_DAY % 7]
    shift = np.zeros(panes)
    for move in moves:
        shift[move.start : move.end] += _shape(move)
    volume = np.exp(rng.uniform(0.2, 1.0) * np.cos(day - 3.8) + _walk(rng, panes, 0.2, 6.0 * HOUR))
    volume *= rate / HOUR / volume.mean() / 1.4
    wrote = rng.poisson(volume)
    who = np.repeat(t, wrote)
    # Who is angry writes more often, in some of the moves.
    more = np.full(panes, 0.4)
    for move in moves:
        more[move.start : move.end] += 0.4 * rng.random()
    repeats = 1 + rng.poisson(more[who])
    pane = np.repeat(who, repeats)
    own = np.repeat(rng.normal(0.0, 1.0, len(who)), repeats)
    latent = np.sqrt(0.4) * own + np.sqrt(0.6) * rng.normal(0.0, 1.0, len(pane))
    pool = rng.integers(1, 2**63, max(int(rate * 24), 8))
    fresh = rng.integers(1, 2**63, len(who))
    hashes = np.where(rng.random(len(who)) < 0.2, pool[rng.integers(0, len(pool), len(who))], fresh)
    starts = np.searchsorted(who, np.arange(panes + 1))
    customers = [hashes[a:b] for a, b in pairwise(starts)]
    pane, latent, customers = _chatty(rng, pane, latent, customers, moves, bad)
    n = np.bincount(pane, minlength=panes).astype(np.float64)
    values = _values(rng, kind, latent, ordinary[pane], bad * shift[pane])
    total = np.bincount(pane, values, minlength=panes).astype(np.float64)
    return Stream(kind, bad, rate, n, total, customers, moves)


def _chatty(
    rng: np.random.Generator, pane: npt.NDArray[np.int64], latent: Floats, customers: list[npt.NDArray[np.int64]],
    moves: list[Move], bad: float,
) -> tuple[npt.NDArray[np.int64], Floats, list[npt.NDArray[np.int64]]]:  # fmt: skip
    """Two customers who write 30 to 200 times within hours, outside the moves."""
    for _ in range(2):
        length = int(rng.integers(6, 36))
        start = int(rng.integers(WARM_DAYS * PANES_A_DAY, (DAYS - 1) * PANES_A_DAY))
        messages = int(rng.integers(30, 200))
        name = int(rng.integers(1, 2**63))
        if any(move.start - PANES_A_DAY < start < move.end + PANES_A_DAY for move in moves):
            continue
        where = rng.integers(start, start + length, messages)
        for each in set(where.tolist()):
            customers[each] = np.append(customers[each], name)
        pane = np.concatenate([pane, where])
        latent = np.concatenate([latent, rng.normal(bad * 2.0, 0.5, messages)])
    return pane, latent, customers


def _values(rng: np.random.Generator, kind: str, latent: Floats, ordinary: Floats, shift: Floats) -> Floats:
    """From latent normals to what the metric may hold."""
    if kind == "handle_s":
        width = rng.uniform(0.4, 0.8)
        scatter = np.sqrt(np.expm1(width**2))
        usual = rng.uniform(120.0, 600.0) * np.exp(width * latent - width**2 / 2)
        return np.asarray(usual * (1.0 + scatter * ordinary) * (1.0 + scatter * np.maximum(shift, -1.0)))
    moved = latent + ordinary + shift
    if kind == "sentiment":
        cuts = np.sort(rng.normal(0.0, 0.9, len(_LUMPS) - 1)) + 0.2
        return np.asarray(_LUMPS[np.searchsorted(cuts, moved)])
    if kind == "csat":
        cuts = np.array([-1.6, -1.2, -0.8, -0.2]) + rng.uniform(-0.3, 0.5)
        return np.searchsorted(cuts, moved).astype(np.float64) + 1.0
    cuts = np.array([-1.9, -1.8, -1.7, -1.5, -1.4, -1.0, -0.7, -0.3, 0.1, 0.5]) + rng.uniform(-0.3, 0.3)
    return np.searchsorted(cuts, moved).astype(np.float64)


def streams(seed: int, count: int, *, hard: float = 1.0) -> list[Stream]:
    """``count`` series: the four metrics in turn, rates from 3 to 3,000 an hour."""
    rates = np.exp(np.linspace(np.log(3.0), np.log(3000.0), max(count // len(KINDS), 1)))
    return [
        stream(seed, number, KINDS[number % len(KINDS)], float(rates[number // len(KINDS) % len(rates)]), hard=hard)
        for number in range(count)
    ]
