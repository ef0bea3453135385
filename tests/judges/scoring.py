"""Holds what a detector opened against the incidents, by the rules of the shared evaluation, alert by alert.

Openings of a series at most 6 h apart are one alert, which begins with its first. Detected: an alert begins within an
incident. False: it begins outside every incident and later than 6 h after its end. Nothing before the warm-up's end
counts. Feasible: the incident adds at least 5 events and 5 standard deviations of the counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.judges.interface import Source, Stream

GAP_S = GRACE_S = 6 * 3600
WEEK_S = 7 * 86_400
BANDS = ("<0.3", "0.3-3", ">3")


@dataclass
class Outcome:
    """An incident and the minutes until it was found, None if it was not."""

    stream: Stream
    incident: dict[str, Any]
    minutes: float | None


@dataclass
class Judged:
    """What is known after judging: outcomes, false alerts as (stream, pane), weeks watched as (stream, weeks)."""

    outcomes: list[Outcome] = field(default_factory=list)
    false: list[tuple[Stream, float]] = field(default_factory=list)
    weeks: list[tuple[Stream, float]] = field(default_factory=list)

    def add(self, other: Judged) -> None:
        """Take in another source's or seed's outcome."""
        self.outcomes += other.outcomes
        self.false += other.false
        self.weeks += other.weeks


def band(rate: float) -> str:
    """The band of a mean rate a 5-minute bucket."""
    return BANDS[0] if rate < 0.3 else BANDS[1] if rate < 3 else BANDS[2]


def feasible(stream: Stream, incident: dict[str, Any]) -> bool:
    """Whether the incident stands out of the counts at all."""
    noise = np.sqrt(max(incident["base"] * stream["phi"], 1e-9))
    return bool(incident["excess"] >= 5 and incident["excess"] / noise >= 5)


def alerts(opened: Iterable[float], warm: int, gap: float) -> list[float]:
    """The first openings of alerts after the warm-up."""
    starts: list[float] = []
    last = -1e9
    for at in opened:
        if at - last > gap and at > warm:
            starts.append(at)
        last = at
    return starts


def judge(source: Source, opened: list[list[float]]) -> Judged:
    """Judge the openings of a source, in panes since its start."""
    told, gap, grace = Judged(), GAP_S / source.pane_s, GRACE_S / source.pane_s
    for stream, series in zip(source.streams, opened, strict=True):
        starts = alerts(series, stream["warm"], gap)
        excused: set[float] = set()
        for incident in stream["incidents"]:
            excused.update(at for at in starts if incident["start"] < at <= incident["end"] + grace)
            if incident["scored"]:
                hits = [at for at in starts if incident["start"] < at <= incident["end"]]
                minutes = (hits[0] - incident["start"]) * source.pane_s / 60 if hits else None
                told.outcomes.append(Outcome(stream, incident, minutes))
        told.false += [(stream, at) for at in starts if at not in excused]
        told.weeks.append((stream, (len(stream["y"]) - stream["warm"]) * source.pane_s / WEEK_S))
    return told


def _share(outcomes: list[Outcome]) -> float | None:
    return round(sum(each.minutes is not None for each in outcomes) / len(outcomes), 3) if outcomes else None


def _quantile(values: list[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 1) if values else None


def summary(told: Judged) -> dict[str, Any]:
    """The figures of the shared evaluation, over everything judged."""
    minutes = [each.minutes for each in told.outcomes if each.minutes is not None]
    weeks = sum(weeks for _, weeks in told.weeks)
    worth = [each for each in told.outcomes if feasible(each.stream, each.incident)]
    return {
        "incidents": len(told.outcomes),
        "feasible": len(worth),
        "recall": _share(told.outcomes),
        "recall_feasible": _share(worth),
        "median_minutes": _quantile(minutes, 0.5),
        "p90_minutes": _quantile(minutes, 0.9),
        "false_alerts": len(told.false),
        "theme_weeks": round(weeks, 1),
        "false_alerts_per_theme_week": round(len(told.false) / max(weeks, 1e-9), 4),
        "recall_by_rate": {
            name: _share([each for each in told.outcomes if band(each.stream["rate"]) == name]) for name in BANDS
        },
    }


def spent(told: Judged, budget: float) -> dict[str, Any]:
    """Realised false alerts over the budget, with the 95 % range that so few alerts leave open."""
    weeks = max(sum(weeks for _, weeks in told.weeks), 1e-9)
    low, high = poisson_range(len(told.false))
    return {
        "theme_weeks": round(weeks, 1),
        "false_alerts": len(told.false),
        "ratio": round(len(told.false) / weeks / budget, 3),
        "ratio_95": [round(low / weeks / budget, 3), round(high / weeks / budget, 3)],
    }


def poisson_range(count: int) -> tuple[float, float]:
    """95 % confidence limits of a Poisson mean (Garwood 1936, by the Wilson-Hilferty approximation of chi-square)."""

    def limit(degrees: float, z: float) -> float:
        return float(degrees * (1 - 2 / (9 * degrees) + z * np.sqrt(2 / (9 * degrees))) ** 3 / 2)

    return (limit(2 * count, -1.96) if count else 0.0), limit(2 * count + 2, 1.96)


def grouped(told: Judged, key: Callable[[Stream], str]) -> dict[str, Judged]:
    """The same by a property of the stream, in order of first sight."""
    groups: dict[str, Judged] = {}
    for stream, weeks in told.weeks:
        groups.setdefault(key(stream), Judged()).weeks.append((stream, weeks))
    for outcome in told.outcomes:
        groups[key(outcome.stream)].outcomes.append(outcome)
    for stream, at in told.false:
        groups[key(stream)].false.append((stream, at))
    return groups


def by_incident(told: Judged) -> dict[str, dict[str, Any]]:
    """Recall of the feasible, and minutes, by kind of incident."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in told.outcomes:
        if feasible(outcome.stream, outcome.incident):
            kinds.setdefault(outcome.incident.get("kind", "ramp"), []).append(outcome)
    return {
        kind: {
            "feasible": len(found),
            "recall_feasible": _share(found),
            "median_minutes": _quantile([each.minutes for each in found if each.minutes is not None], 0.5),
        }
        for kind, found in sorted(kinds.items())
    }


def causes(told: Judged) -> dict[str, int]:
    """False alerts by the event of the stream in whose span they began; "none" is by chance or by its shape."""
    found: dict[str, int] = {}
    for stream, at in told.false:
        spans = [name for name, start, end in stream.get("events", ()) if start < at <= end]
        name = spans[0] if spans else "none"
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))
