"""Who scores weekly counts: by the name of the detector."""

from __future__ import annotations

from tests.judges.farrington import farrington
from tests.judges.interface import Weekly
from tests.judges.shared import MissingData


def weekly(name: str) -> tuple[str, Weekly]:
    """(what it is called, how it scores); the references have one rival between them.

    Raises:
        MissingData: the project offers no scores of weekly counts.
    """
    if name != "groundswell":
        return "farrington", farrington
    from streams.offline import backtest

    offered: Weekly | None = getattr(backtest, "weekly_scores", None)
    if offered is None:
        raise MissingData("streams.offline.backtest has no weekly_scores(counts, first)")
    return name, offered
