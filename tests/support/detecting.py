"""Histories, updates and sample rules for the tests of the detectors."""

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from detectors.count import CountSpec
from detectors.drift import DriftSpec
from detectors.history import History
from detectors.merge import Merge
from detectors.metric import MetricSpec
from detectors.panes import PANE_S
from detectors.rules import Rule
from detectors.sentiment import SentimentSpec
from detectors.surge import SurgeSpec
from detectors.velocity import VelocitySpec
from schemas.panes import Cell, PaneUpdate, Sample
from schemas.signal import Severity

LOW, MEDIUM, HIGH, CRITICAL = Severity
START = 1_777_881_600.0
"""Monday, 4 May 2026, 08:00 UTC: the start of an hour, so of a pane and of a slice bucket."""

SAMPLE_SPECS: list[Rule] = [
    CountSpec(name="count", window_s=18_000, levels={LOW: 3, CRITICAL: 15}),
    CountSpec(name="count-quiet", window_s=3600, levels={MEDIUM: 5}, usual_below=2.0, usual_s=86_400, min_customers=2),
    VelocitySpec(name="velocity", window_s=3600, levels={MEDIUM: 2.0, HIGH: 4.0}, min_count=4, min_customers=0),
    VelocitySpec(name="velocity-margin", window_s=900, levels={LOW: 3.0}, min_count=2, min_customers=2, margin=2.0),
    SurgeSpec(name="surge", levels={LOW: 1.5, HIGH: 4.0}),
    SurgeSpec(name="surge-both", levels={MEDIUM: 2.0}, direction="both", min_customers=2, emerging=3, pane_s=900),
    DriftSpec(name="drift", window_s=21_600, min_baseline_s=14_400),
    DriftSpec(name="drift-both", metric="wait_s", direction="both", min_effect="20%", min_baseline_s=14_400),
    SentimentSpec(name="sentiment-below", window_s=3600, below={LOW: -0.2, HIGH: -0.6}, min_events=3),
    SentimentSpec(name="sentiment-drop", window_s=3600, drop={MEDIUM: 0.3, HIGH: 0.8}, min_events=3),
    SentimentSpec(name="sentiment-both", window_s=3600, below={CRITICAL: -0.9}, drop={LOW: 0.2}, min_events=2),
    MetricSpec(name="metric-high", of="wait_s", window_s=3600, bound={LOW: 300}, move={HIGH: 1.5}, min_events=3),
    MetricSpec(name="metric-low", of="wait_s", bad="low", window_s=3600, bound={LOW: 3, HIGH: 1}, min_events=3),
    MetricSpec(name="metric-fall", of="wait_s", bad="low", window_s=3600, move={MEDIUM: 0.5}, min_events=3),
]
"""Every detector in ``Rule`` in its main shapes; the conformance battery runs over them."""


class Mention(NamedTuple):
    """One event of a series, as the detectors see it."""

    at: float
    sentiment: float | None = None
    customer: int = 0
    wait_s: float | None = None
    slices: tuple[str, ...] = ()
    text: str = ""


def cells_of(mentions: Iterable[Mention]) -> list[Cell]:
    """What a chunk with these mentions says of their series."""
    panes: dict[int, list[Mention]] = {}
    for mention in mentions:
        panes.setdefault(int(mention.at) // PANE_S * PANE_S, []).append(mention)
    return [_cell(pane, held) for pane, held in panes.items()]


def _cell(pane: int, held: Sequence[Mention]) -> Cell:
    told = [mention.sentiment for mention in held if mention.sentiment is not None]
    waits = [mention.wait_s for mention in held if mention.wait_s is not None]
    slices: dict[str, int] = {}
    for mention in held:
        for name in mention.slices:
            slices[name] = slices.get(name, 0) + 1
    return Cell(
        pane,
        len(held),
        min(mention.at for mention in held),
        max(mention.at for mention in held),
        len(told),
        sum(told),
        array("Q", sorted({mention.customer for mention in held if mention.customer})).tobytes(),
        64,
        slices,
        {"wait_s": (len(waits), sum(waits), sum(wait * wait for wait in waits))} if waits else {},
        [
            Sample(f"e{mention.at:.3f}", mention.at, mention.text, mention.sentiment, "given", mention.customer)
            for mention in held
            if mention.text
        ],
    )


def update_of(mentions: Sequence[Mention], *, start: int = 0, source: int = 0, theme: str = "login") -> PaneUpdate:
    """One update of a chunk that begins at ``start`` and holds these mentions, one an offset."""
    return PaneUpdate("bank", theme, source, start, start + len(mentions) - 1, cells_of(mentions))


def history_of(
    mentions: Sequence[Mention], *, pieces: int = 1, since: float = START - 200_000, retention_s: float = 200_000
) -> History:
    """A history that was told of the mentions in so many cumulative updates."""
    history, merge = History(retention_s, since), Merge()
    length = max(1, -(-len(mentions) // pieces))
    for end in range(length, len(mentions) + length, length):
        merge.apply(update_of(mentions[:end]), history, closed=0.0)
    return history


def every(step_s: float, n: int, *, begin: float = START, sentiment: float | None = None) -> list[Mention]:
    """``n`` mentions, ``step_s`` apart, each by a customer of its own."""
    return [Mention(begin + i * step_s, sentiment, customer=(i + 1) << 20 | 1) for i in range(n)]
