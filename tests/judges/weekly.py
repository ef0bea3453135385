"""Who scores weekly counts: by the name of the detector."""

from __future__ import annotations

import numpy as np

from tests.judges.asking import detector
from tests.judges.farrington import farrington
from tests.judges.interface import Detect, Floats, Weekly

WEEK_S = 604_800


def by_openings(detect: Detect) -> Weekly:
    """Scores of a detector that only opens signals: 3 in the weeks that open one, for a budget of 0.01 a week."""

    def scores(counts: Floats, first: int) -> Floats:
        stamps = 4 * 86_400 + WEEK_S * np.arange(len(counts), dtype=np.int64)
        found = np.zeros((len(counts) - first, counts.shape[1]))
        opened = detect(stamps, counts, 0.01, {"zone": "UTC", "pane_s": WEEK_S})
        for series, instants in enumerate(opened):
            weeks = ((np.array(instants) - stamps[0]) / WEEK_S).astype(int) - 1 - first
            found[weeks[weeks >= 0], series] = 3.0
        return found

    return scores


def weekly(name: str) -> tuple[str, Weekly]:
    """(what it is called, how it scores) of a detector; the project's own scores weeks where it offers to."""
    if name == "groundswell":
        from streams.offline import backtest

        offered: Weekly | None = getattr(backtest, "weekly_scores", None)
        return (name, offered) if offered else (f"{name}, openings only", by_openings(detector(name)))
    return "farrington", farrington
