"""The worlds of counts in 5-minute panes: what each asks of a detector, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.judges import complaints, pointed, reviews
from tests.judges import outbreaks as weeks
from tests.judges.asking import Ask, all_judged
from tests.judges.interface import Source, changed
from tests.judges.scoring import BANDS, band, by_incident, causes, grouped, spent, summary
from tests.judges.shapes import shaped
from tests.judges.shared import shared_file, simulated
from tests.judges.weekly import weekly


class Plan(NamedTuple):
    """How much is asked: ``per_rate`` and ``per_shape`` series; ``options`` are handed to the detector."""

    seeds: list[int]
    budgets: list[float]
    per_rate: int = 10
    per_shape: int = 1
    incidents: bool = True
    options: dict[str, Any] = {}  # noqa: RUF012
    quick: bool = False
    detector: str = "groundswell"
    copies: int = 20


Table = dict[str, dict[str, Any]]
World = Callable[[Ask, Plan], dict[str, Table]]


def _quality(asked: Ask, sources: list[Source], plan: Plan, groups: bool) -> dict[str, Table]:
    """Recall and false alerts by budget; of streams without incidents what was spent of the budget, by rate."""
    tables: dict[str, Table] = {}
    for budget in plan.budgets:
        told = all_judged(asked, sources, budget, **plan.options)
        if plan.incidents:
            tables.setdefault("all", {})[f"{budget:g}"] = summary(told)
        by_rate = grouped(told, lambda stream: band(stream["rate"]))
        rows = {"all": spent(told, budget)} | {name: spent(by_rate[name], budget) for name in BANDS if name in by_rate}
        tables[f"spent of {budget:g}"] = rows
        if groups:
            tables |= _groups(told, budget, plan.incidents)
        elif plan.incidents:
            tables[f"incidents at {budget:g}"] = {f"x{low}-{high}": row for (low, high), row in _by_size(told).items()}
    return tables


def _by_size(told: Any) -> dict[tuple[int, int], dict[str, Any]]:
    edges = ((2, 3), (3, 5), (5, 10))
    found = {}
    for low, high in edges:
        some = type(told)([each for each in told.outcomes if low <= each.incident["mult"] < high], [], told.weeks)
        told_of = summary(some)
        found[low, high] = {key: told_of[key] for key in ("feasible", "recall_feasible", "median_minutes")}
    return found


def _groups(told: Any, budget: float, incidents: bool) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for name in ("shape", "hazard"):
        rows = {}
        for group, some in grouped(told, lambda stream, name=name: stream[name]).items():  # type: ignore[misc]
            row = spent(some, budget)
            if incidents:
                of_all = summary(some)
                row |= {key: of_all[key] for key in ("feasible", "recall_feasible", "median_minutes")}
            rows[group] = row
        tables[f"by {name} at {budget:g}"] = rows
    if incidents:
        tables[f"by incident at {budget:g}"] = by_incident(told)
    tables[f"false alerts by cause at {budget:g}"] = {name: {"alerts": n} for name, n in causes(told).items()}
    return tables


def sim(asked: Ask, plan: Plan) -> dict[str, Table]:
    """The shared simulator."""
    sources = [simulated(seed, plan.per_rate, plan.incidents) for seed in plan.seeds]
    return _quality(asked, sources, plan, groups=False)


def shapes(asked: Ask, plan: Plan) -> dict[str, Table]:
    """Streams of other shapes, under other hazards."""
    sources = [source for seed in plan.seeds for source in shaped(seed, plan.per_shape, plan.incidents)]
    if plan.quick:
        sources = [source._replace(streams=source.streams[::5]) for source in sources]
    return _quality(asked, sources, plan, groups=True)


def outbreaks(asked: Ask, plan: Plan) -> dict[str, Table]:
    """Weekly counts against one who knows their mean. The first seed is the one drawn."""
    table = weeks.scenarios(shared_file("quality", "noufaily2013_scenarios.csv"))
    name, scores = weekly(plan.detector)
    rows = {}
    for k in (5.0, 10.0):
        for past in (None, 5.0, 10.0):
            drawn = weeks.drawn(table, plan.seeds[0], 1 if plan.quick else plan.copies, k, past)
            rows[f"k={k:g}, " + ("clean" if past is None else f"past outbreaks of {past:g}")] = weeks.compared(
                scores, drawn
            )
    return {f"outbreaks, {name}, seed {plan.seeds[0]}": rows}


def app_reviews(asked: Ask, plan: Plan) -> dict[str, Table]:
    """Real reviews with incidents put in."""
    found = reviews.read(shared_file("data", "app_reviews", "app_reviews.csv.gz"))
    return _real(asked, plan, found, reviews.ZONE)


def nyc311(asked: Ask, plan: Plan) -> dict[str, Table]:
    """Complaints to the city with incidents put in, if the file holds weeks enough."""
    found = complaints.read(shared_file("data", "nyc311", "311_2020.csv"), kind=3, header=False)
    return _real(asked, plan, found, complaints.ZONE)


def _real(asked: Ask, plan: Plan, stamps: reviews.Stamps, zone: str) -> dict[str, Table]:
    # The background is the same whatever the seed.
    seeds = plan.seeds if plan.incidents else plan.seeds[:1]
    sources = [source for seed in seeds for source in reviews.sources(stamps, zone, seed, plan.incidents)]
    if plan.quick:
        sources = sources[:2]
    tables: dict[str, Table] = {}
    for budget in plan.budgets:
        told = all_judged(asked, sources, budget, **plan.options)
        row = summary(told)
        row |= {
            "series": len({stream["name"] for stream, _ in told.weeks}),
            "background_weeks": round(row["theme_weeks"] / len(seeds), 1),
        }
        tables.setdefault("real", {})[f"{budget:g}"] = row
        for key in ("pane", "name"):
            rows = {}
            for name, some in grouped(told, lambda stream, key=key: stream[key]).items():  # type: ignore[misc]
                of_all = summary(some)
                rows[name] = {column: of_all[column] for column in _REAL_COLUMNS}
            tables[f"by {key} at {budget:g}"] = rows
    return tables


_REAL_COLUMNS = (
    "theme_weeks",
    "false_alerts_per_theme_week",
    "incidents",
    "feasible",
    "recall",
    "recall_feasible",
    "median_minutes",
)


def _pointed(name: str) -> World:
    def world(asked: Ask, plan: Plan) -> dict[str, Table]:
        cases = pointed.CASES[name]
        return {
            f"{name} at {budget:g}": {
                case: pointed.compared(asked, what, plan.seeds, budget, plan.options) for case, what in cases.items()
            }
            for budget in plan.budgets
        }

    return world


def causal(asked: Ask, plan: Plan) -> dict[str, Table]:
    """Openings that change when later panes are withheld: none may."""
    budget = max(plan.budgets)
    whole = [each._replace(streams=each.streams[:: 5 if plan.quick else 1]) for each in shaped(plan.seeds[0])]
    part = [each.until(0.75) for each in whole]
    pairs = zip(part, asked(whole, budget, **plan.options), asked(part, budget, **plan.options), strict=True)
    rows = {source.name: {"changed": changed(source, early, late)} for source, late, early in pairs}
    return {"openings changed by what came later": rows}


WORLDS: dict[str, World] = {
    "sim": sim,
    "shapes": shapes,
    "outbreaks": outbreaks,
    "reviews": app_reviews,
    "nyc311": nyc311,
    "causal": causal,
    **{name: _pointed(name) for name in pointed.CASES},
}
