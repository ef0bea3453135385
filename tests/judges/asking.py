"""Puts sources before a detector, in this process or in several, and gathers what was judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.judges.interface import Detect, Source, ask
from tests.judges.rivals import RIVALS
from tests.judges.scoring import Judged, judge

Opened = list[list[float]]
# (sources, budget, options) -> openings of each source, in panes.
Ask = Callable[..., list[Opened]]


def detector(name: str) -> Detect:
    """A detector by its name; the project's own is only imported when it is asked for."""
    if name in RIVALS:
        return RIVALS[name]
    from streams.offline.backtest import detect_matrix

    return detect_matrix


def _one(task: tuple[str, Source, float, dict[str, Any]]) -> Opened:
    name, source, budget, options = task
    return ask(detector(name), source, budget, **options)


def asker(name: str, jobs: int = 1) -> Ask:
    """Asks a detector about sources one by one, ``jobs`` at a time."""

    def opened(sources: Sequence[Source], budget: float, **options: Any) -> list[Opened]:
        tasks = [(name, source, budget, options) for source in sources]
        if jobs <= 1:
            return [_one(task) for task in tasks]
        with ProcessPoolExecutor(jobs) as pool:
            return list(pool.map(_one, tasks))

    return opened


def all_judged(asked: Ask, sources: Sequence[Source], budget: float, **options: Any) -> Judged:
    """The sources judged as one."""
    told = Judged()
    for source, opened in zip(sources, asked(sources, budget, **options), strict=True):
        told.add(judge(source, opened))
    return told
