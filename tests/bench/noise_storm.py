"""What a person hears in a storm, and in two noisy weeks: notifications counted, and incidents that nobody heard of.

python -m tests.bench.noise_storm [--only storm fortnight] [--seeds 1 2 3] [--factors 6 15 40] [--quick]

Events go through streams.pipeline.Pipeline, with time injected. Prints a table, and one JSON object as the last line.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from msgspec import UNSET

from schemas.signal import Attention, Severity, Signal, SignalState
from streams.config import parse_settings
from streams.pipeline import Pipeline, Told
from tests.bench.detection import write
from tests.bench.noise_world import DAY, MINUTE, START, Trouble, World

KINDS = ("storm", "fortnight")
BUDGET = 5
_DAY_MINUTES = DAY // MINUTE
_WARM_DAYS = 7
_STORM_MINUTES = 120
_CAUSE = "os_version=17.2"
_OWNERS = 4


SURGE: dict[str, Any] = {
    "name": "surge",
    "detector": "surge",
    "false_alerts_per_week": 0.1,
    "total_false_alerts_per_day": 5,
    "min_count": 5,
    "min_customers": 3,
    "levels": {"low": 1.5, "medium": 2.0, "high": 4.0, "critical": 10.0},
}


def settings(rule: dict[str, Any] = SURGE) -> Any:
    """One rule, by default on surges with a budget of false alerts; four owners; a budget of interruptions."""
    owners = [
        {
            "name": f"owner-{n}",
            "match": {"theme": f"theme-*[{n}{n + _OWNERS}]"},
            "role": f"owner-{n}",
            "accountable": "vp",
        }
        for n in range(1, _OWNERS)
    ]
    return parse_settings(
        {
            "rules": [rule],
            "ownership": {"default": {"role": "cx", "accountable": "head"}, "rules": owners},
            "triage": {"interruptions_per_day": BUDGET, "digest_at": ["09:00"]},
            "ingest": {"counting": {"dimensions": ["os_version", "region", "channel", "version", "tier"]}},
        },
        Path(),
    )


class Heard:
    """All that came out, in order, with the moment at which it did."""

    def __init__(self) -> None:
        self.signals: list[tuple[float, Signal]] = []
        self.candidates: list[tuple[float, Signal]] = []
        self.digests: list[tuple[str, set[str]]] = []
        self.events = 0

    def add(self, told: Told, at: float) -> None:
        """Take what came at a moment."""
        self.signals += [(at, signal) for signal in told.signals]
        self.candidates += [(at, signal) for signal in told.candidates]
        self.digests += [(digest.owner, {item.signal_id for item in digest.items}) for digest in told.digests]

    def interruptions(self) -> list[tuple[float, Signal]]:
        """What was told at once."""
        return [(at, signal) for at, signal in self.signals if signal.attention is Attention.NOW]

    def told_at(self, theme: str, begin: float, end: float, least: Severity) -> float | None:
        """When somebody was told at once of a theme, by itself or by name in an incident, as at least so severe."""
        for at, signal in self.interruptions():
            themes = {signal.theme} | (
                {each.theme for each in signal.members} if signal.members is not UNSET else set()
            )
            bad = signal.state is not SignalState.RESOLVED and signal.severity.rank >= least.rank
            if theme in themes and begin <= at <= end and bad:
                return at
        return None


def played(world: World, minutes: int) -> tuple[Heard, Pipeline]:
    """A world from its beginning, minute by minute; the clock has its turn in between."""
    pipeline, heard = Pipeline(settings()), Heard()
    for minute, events in world.minutes(minutes):
        at = float(START + (minute + 1) * MINUTE)
        heard.events += len(events)
        heard.add(pipeline.feed(events, at), at)
        heard.add(pipeline.turn(at + 5.0), at + 5.0)
    return heard, pipeline


def storm(seed: int, factor: float, *, quick: bool = False) -> dict[str, Any]:
    """One cause in 40 themes that shows in 5 slices for 2 hours, while 5 other things go wrong.

    Args:
        factor: how many times the usual the cause adds to each theme, and at least twice so many mentions an hour.
    """
    draw = np.random.default_rng([seed, 1])
    days = 2 if quick else _WARM_DAYS
    begin = days * _DAY_MINUTES + 11 * 60
    numbers = draw.permutation(100)
    hit, others = tuple(int(n) for n in numbers[:40]), [int(n) for n in numbers[40:45]]
    five = {
        "os_version": ("17.2", 0.95),
        "version": ("8.4", 0.7),
        "channel": ("chat", 0.6),
        "region": ("islands", 0.6),
        "tier": ("enterprise", 0.6),
    }
    own: list[dict[str, tuple[str, float]]] = [
        {},
        {"region": ("islands", 0.9)},
        {"tier": ("enterprise", 0.9)},
        {},
        {"os_version": ("16.4", 0.9)},
    ]
    troubles = [Trouble("storm", hit, begin, begin + _STORM_MINUTES, factor, 2.0 * factor, five)]
    for n, theme in enumerate(others):
        starts = begin + 10 + 20 * n
        troubles.append(Trouble(f"other-{n}", (theme,), starts, starts + 60, 8.0, 30.0, own[n]))
    rates = np.exp(draw.uniform(np.log(1.0), np.log(10.0), 100))
    heard, _ = played(World(list(rates), troubles, seed), begin + _STORM_MINUTES + 24 * 60)
    since, until = START + begin * MINUTE, START + (begin + _STORM_MINUTES) * MINUTE
    names = {f"theme-{n:03d}" for n in hit}
    about = [
        (at, signal)
        for at, signal in heard.interruptions()
        if at >= since
        and (signal.theme in names or (signal.members is not UNSET and any(m.theme in names for m in signal.members)))
    ]
    parents = [signal for _, signal in about if signal.rule == "incident"]
    detected = {signal.theme for at, signal in heard.candidates if at >= since and signal.theme in names}
    hidden = 0
    for trouble in troubles[1:]:
        theme = f"theme-{trouble.themes[0]:03d}"
        first = next(
            (at for at, each in heard.candidates if at >= START + trouble.begin * MINUTE and each.theme == theme), None
        )
        hidden += first is None or heard.told_at(theme, first, until + DAY, Severity.LOW) is None
    named = {
        member.theme
        for at, signal in heard.signals
        if at >= since and signal.rule == "incident"
        for member in signal.members or ()
    }
    return {
        "seed": seed,
        "factor": factor,
        "events": heard.events,
        "notifications": len(about),
        "states": [f"{signal.rule}:{signal.state.value}:{signal.severity.value}" for _, signal in about],
        "cause_named": bool(parents) and all(signal.cause == _CAUSE for signal in parents),
        "themes_detected": len(detected),
        "themes_named": len(named & names),
        "slices_named": max((len(signal.drivers) for signal in parents), default=0),
        "hidden": hidden,
        "other_interruptions": len([at for at, _ in heard.interruptions() if at >= since]) - len(about),
    }


def fortnight(seed: int, *, quick: bool = False) -> dict[str, Any]:
    """Fourteen days of 300 themes with 20 incidents, after a week in which they are learnt."""
    draw = np.random.default_rng([seed, 2])
    themes, days, incidents = (60, 3, 5) if quick else (300, 14, 20)
    warm = (1 if quick else _WARM_DAYS) * _DAY_MINUTES
    rates = np.exp(draw.uniform(np.log(0.2), np.log(5.0), themes))
    chosen = draw.permutation(themes)[:incidents]
    troubles = []
    for n, theme in enumerate(chosen):
        begin = warm + int((n + draw.random()) * days * _DAY_MINUTES / incidents)
        end = begin + int(draw.uniform(60, 300))
        slices = {"os_version": ("17.2", 0.9)} if n % 2 else {}
        troubles.append(
            Trouble(
                f"incident-{n}",
                (int(theme),),
                begin,
                end,
                float(draw.uniform(4, 12)),
                float(draw.uniform(15, 60)),
                slices,
            )
        )
    heard, pipeline = played(World(list(rates), troubles, seed), warm + days * _DAY_MINUTES + 6 * 60)
    since = START + warm * MINUTE
    spent: Counter[tuple[str, int]] = Counter()
    for at, signal in heard.interruptions():
        if at >= since:
            owner = pipeline.triage.policy.ownership.route(signal).raci.responsible
            spent[owner, int(at // DAY)] += 1
    severe, missed, found, delays = 0, 0, 0, []
    for trouble in troubles:
        theme = f"theme-{trouble.themes[0]:03d}"
        begin, end = START + trouble.begin * MINUTE, START + (trouble.end + 60) * MINUTE
        own = [(at, each) for at, each in heard.candidates if each.theme == theme and begin <= at <= end]
        found += bool(own)
        bad = [
            at
            for at, each in own
            if each.severity.rank >= Severity.HIGH.rank and each.state is not SignalState.RESOLVED
        ]
        if bad:
            severe += 1
            told = heard.told_at(theme, begin, bad[0] + 60.0, Severity.HIGH)
            missed += told is None
            delays += [told - bad[0]] if told is not None else []
    openings = [each for at, each in heard.candidates if at >= since and each.state is SignalState.OPENED]
    silent = {each.id for at, each in heard.candidates} - {
        each.id for _, each in heard.signals if each.attention is not Attention.NONE or each.incident
    }
    return {
        "seed": seed,
        "events": heard.events,
        "openings": len(openings),
        "interruptions": sum(spent.values()),
        "worst_day_of_an_owner": max(spent.values(), default=0),
        "incidents": len(troubles),
        "incidents_found": found,
        "severe": severe,
        "missed": missed,
        "longest_delay_s": max(delays, default=0.0),
        "digests": len(heard.digests),
        "neither_told_nor_in_a_digest": len(silent),
    }


def play(kinds: list[str], seeds: list[int], factors: list[float], *, quick: bool) -> dict[str, Any]:
    """Play them, print a table of each, and say what was heard at the worst."""
    found: dict[str, Any] = {}
    if "storm" in kinds:
        rows = [storm(seed, factor, quick=quick) for factor in factors for seed in seeds]
        named = {f"seed {row['seed']}, {row['factor']:g} times": row for row in rows}
        write("storm", {name: _shown(row, "seed", "factor", "states") for name, row in named.items()})
        found |= {
            "storm_notifications": max(row["notifications"] for row in rows),
            "storm_hidden": sum(row["hidden"] for row in rows),
            "storm_cause_named": all(row["cause_named"] for row in rows),
            "storm": rows,
        }
    if "fortnight" in kinds:
        rows = [fortnight(seed, quick=quick) for seed in seeds]
        write("fortnight", {f"seed {row['seed']}": _shown(row, "seed") for row in rows})
        found |= {
            "fortnight_interruptions": max(row["interruptions"] for row in rows),
            "fortnight_worst_day": max(row["worst_day_of_an_owner"] for row in rows),
            "fortnight_missed": sum(row["missed"] for row in rows),
            "fortnight": rows,
        }
    return found


def _shown(row: dict[str, Any], *without: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in without}


def main() -> None:
    """Play them, and say what was heard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--factors", nargs="+", type=float, default=[15.0], help="how violent the storm is")
    parser.add_argument("--quick", action="store_true", help="less of a past, fewer themes: does it run at all")
    args = parser.parse_args()
    found: dict[str, Any] = {"bench": "noise_storm", "seeds": args.seeds, "quick": args.quick}
    found |= play(args.only, args.seeds, args.factors, quick=args.quick)
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    main()
