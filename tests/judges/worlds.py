"""The worlds of counts in 5-minute panes: what each asks of a detector, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.judges.asking import Ask, all_judged
from tests.judges.interface import Source
from tests.judges.scoring import BANDS, band, by_incident, causes, grouped, spent, summary
from tests.judges.shapes import shaped
from tests.judges.shared import simulated


class Plan(NamedTuple):
    """How much is asked: ``per_rate`` and ``per_shape`` series; ``options`` are handed to the detector."""

    seeds: list[int]
    budgets: list[float]
    per_rate: int = 10
    per_shape: int = 1
    incidents: bool = True
    options: dict[str, Any] = {}  # noqa: RUF012
    quick: bool = False


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


WORLDS: dict[str, World] = {"sim": sim, "shapes": shapes}
