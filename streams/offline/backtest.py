"""A table of counts judged as the live worker would have judged it, pane by pane, in one pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isnan
from typing import Any

from detectors.evidence import NO_TRAFFIC
from detectors.local_time import LocalTime
from detectors.outage import OutageWatch
from detectors.rules import RuleSet
from detectors.series import Series
from detectors.surge import SurgeSpec
from detectors.surroundings import Surroundings
from schemas.signal import Severity, Signal, SignalState
from streams.offline.total import Total

TENANT = "backtest"
DAY_S = 86_400.0


def default_rule(pane_s: int, false_alerts_per_week: float, direction: str = "rise") -> SurgeSpec:
    """The rule of a backtest without a configuration."""
    return SurgeSpec(
        name="surge",
        levels={Severity.LOW: 1.0, Severity.MEDIUM: 2.0, Severity.HIGH: 4.0, Severity.CRITICAL: 10.0},
        false_alerts_per_week=false_alerts_per_week,
        direction=direction,  # type: ignore[arg-type]
        pane_s=pane_s,
        settle_s=0.0,
    )


_BEGINNINGS = (SignalState.OPENED, SignalState.REGRESSED)


class Opened:
    """A signal from its opening on, or from when it came back; ``line`` is what is written of it."""

    __slots__ = ("line", "resolved")

    def __init__(self, signal: Signal) -> None:
        self.line: dict[str, Any] = {
            "theme": signal.theme,
            "opened_at": _text(signal.at),
            "resolved_at": None,
            "rule": signal.rule,
            "severity": signal.severity.value,
            "score": signal.score,
            "observed": round(signal.observed, 3),
            "expected": round(signal.expected, 3),
            "reason": signal.reason,
            "id": signal.id,
        }
        self.resolved = False

    def resolve(self, signal: Signal) -> None:
        """Note the end."""
        self.line["resolved_at"] = _text(signal.at)
        self.line["severity"] = signal.severity.value
        self.resolved = True


class Backtest:
    """Feeds panes to series, and hands on what they signalled in the order in which it was opened.

    Args:
        columns: theme of each column.
        rules: what judges them.
        pane_s: length of a pane.
        start: of the first pane, epoch seconds.
        around: clock of the customers.
    """

    def __init__(
        self, columns: Sequence[str], rules: RuleSet, pane_s: int, start: float, around: Surroundings | None = None
    ) -> None:
        self.pane_s, self._around = pane_s, around or Surroundings()
        self._around.series = len(columns)
        self._series = [Series(TENANT, column, rules, start, 1.0, self._around) for column in columns]
        self._falls = any(spec.hears_silence for spec in rules.specs)
        # A single theme that falls silent cannot be told from a source that does.
        watched = len(columns) > 1 or not self._falls
        self._watch = OutageWatch(pane_s, start, self._around) if watched else None
        self._total = Total(len(columns), pane_s)
        self._open: dict[str, Opened] = {}
        self._waiting: deque[Opened] = deque()
        self._tidied = start

    def feed(self, pane: float, counts: Sequence[float]) -> Iterator[dict[str, Any]]:
        """Take in a pane: a count for each column, NaN where it is unknown. Panes come in order, each once."""
        at = pane + self.pane_s
        if self._watch is not None and self._watch.observe(pane, self._total.of(counts)):
            yield from self._ready()
            return
        for series, count in zip(self._series, counts, strict=True):
            if isnan(count):
                series.unknown(pane)
            elif count:
                history = series.history
                history.mentions.add(int(pane), count, 0, 0.0)
                history.total += int(count)
                history.latest = at - 1.0
                self._told(series.judge(at, NO_TRAFFIC))
            elif series.episodes or self._falls:
                self._told(series.judge(at, NO_TRAFFIC))
        if at - self._tidied >= DAY_S:
            self._tidied = at
            for series in self._series:
                series.history.tidy(at)
        yield from self._ready()

    def finish(self) -> Iterator[dict[str, Any]]:
        """What is still open at the end of the table."""
        for opened in self._waiting:
            yield opened.line

    def _told(self, signals: list[Signal]) -> None:
        for signal in signals:
            if signal.state in _BEGINNINGS:
                opened = self._open[signal.id] = Opened(signal)
                self._waiting.append(opened)
            elif signal.state is SignalState.RESOLVED and signal.id in self._open:
                # What has flapped since it was last over has no line of its own.
                self._open.pop(signal.id).resolve(signal)

    def _ready(self) -> Iterator[dict[str, Any]]:
        while self._waiting and self._waiting[0].resolved:
            yield self._waiting.popleft().line


def _text(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def detect_matrix(
    stamps: Sequence[float], counts: Any, false_alerts_per_week: float, options: dict[str, Any] | None = None
) -> list[list[float]]:
    """Openings of each column of a matrix, in memory: the way in for judges.

    Args:
        stamps: (T,) starts of regular panes, epoch seconds.
        counts: (T, S); NaN is unknown.
        options: ``pane_s``, default the distance of the first two stamps; ``zone``.

    Returns:
        For each column the ends of the panes that opened a signal, epoch seconds.
    """
    options = options or {}
    pane_s = int(options.get("pane_s") or round(float(stamps[1]) - float(stamps[0])))
    names = [str(number) for number in range(len(counts[0]))]
    rules = RuleSet([default_rule(pane_s, false_alerts_per_week)])
    around = Surroundings(LocalTime(options.get("zone", "UTC")).offset)
    test = Backtest(names, rules, pane_s, float(stamps[0]), around)
    lines = [line for stamp, row in zip(stamps, counts, strict=True) for line in test.feed(float(stamp), row.tolist())]
    found: list[list[float]] = [[] for _ in names]
    for line in [*lines, *test.finish()]:
        found[int(line["theme"])].append(datetime.fromisoformat(line["opened_at"]).timestamp())
    return found


def weekly_scores(counts: Any, first: int) -> Any:
    """How unusual weekly counts are, each by the weeks before it: the way in for judges.

    Args:
        counts: (T, S); NaN is unknown.
        first: the first week that is judged.

    Returns:
        (T - first, S): -log10 of the upper tail probability, so an alarm at 1 % is anything above 2.
    """
    import numpy as np

    from detectors.yearly import yearly_p_values
    from detectors.yearly_fit import Calendar

    p = yearly_p_values(np.asarray(counts, float), first, Calendar(52.0))
    return -np.log10(np.maximum(p, 1e-300))
