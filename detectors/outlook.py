"""When an open signal would reach its next severity: what a rule's levels ask for, and the forecast of it.

For rules on counts; customers that a rule asks for as well are taken to come with the mentions.
"""

from datetime import datetime

from detectors.count import CountSpec
from detectors.forecast import PANES, Goal, reach
from detectors.history import History
from detectors.panes import PANE_S
from detectors.sparkline import binned
from detectors.spec import Spec, Verdict
from detectors.surge import SurgeSpec
from detectors.velocity import VelocitySpec
from schemas.duration import format_duration
from schemas.signal import Forecast, Severity
from schemas.times import instant

_MOST_S = 43_200.0
_MINUTE_S = 60.0


def outlook(spec: Spec, verdict: Verdict, severity: Severity, history: History, at: float) -> Forecast | None:
    """The forecast of the next severity above ``severity``; None if there is none, or it is too vague to be of use.

    >>> spec = CountSpec(name="few", window_s=3600, levels={Severity.LOW: 3, Severity.HIGH: 20})
    >>> history = History(retention_s=86_400, since=0.0)
    >>> for minute in (180, 190, 196, 200, 204, 207, 209, 211, 213, 214, 215):
    ...     history.mentions.add(minute * 60, 1, 0, 0.0)
    >>> verdict = spec.build().judge(history, at=12_930.0)
    >>> found = outlook(spec, verdict, Severity.LOW, history, at=12_930.0)
    >>> found.severity.value, *(f"{each:%H:%M}" for each in (found.early, found.at, found.late))
    ('high', '03:41', '03:46', '04:01')
    """
    goal_of = _next(spec, verdict, severity)
    if goal_of is None:
        return None
    worse, goal = goal_of
    span_s = spec.window_s if verdict.span_s is None else verdict.span_s
    panes = min(PANES, int(span_s // PANE_S))
    if panes < 2 or verdict.observed >= goal.need:
        return None
    known = panes + min(panes, int(max(at - span_s - history.since, 0.0) / span_s * panes))
    counts = [row[0] for row in binned(history.mentions, span_s / panes, known, at)]
    found = reach(counts, panes, goal)
    if found is None or found.late * span_s > _MOST_S:
        return None
    early, central, late = (_minute(at + windows * span_s) for windows in found)
    shown = max(round(span_s / _MINUTE_S), 1) * _MINUTE_S
    assumption = f"mentions go on as in the last {format_duration(shown).removeprefix('1 ')}"
    return Forecast(severity=worse, at=central, early=early, late=late, assumption=assumption)


def _next(spec: Spec, verdict: Verdict, severity: Severity) -> tuple[Severity, Goal] | None:
    """The next severity of a rule, and what it asks for."""
    if not isinstance(spec, CountSpec | VelocitySpec | SurgeSpec) or verdict.severity is None or verdict.emerging:
        return None
    worse = min((each for each in spec.levels if each.rank > severity.rank), key=lambda each: each.rank, default=None)
    if worse is None:
        return None
    level = spec.levels[worse]
    if isinstance(spec, CountSpec):
        return worse, Goal(level)
    if isinstance(spec, VelocitySpec):
        usual = max(verdict.expected, spec.window_s / spec.baseline_s)
        return worse, Goal(max(level * usual, float(spec.min_count)))
    if verdict.span_s is None or verdict.observed < verdict.expected:
        return None
    # As surge counts them, half a mention more on either side.
    return worse, Goal(level * (verdict.expected + 0.5) - 0.5, more=level * verdict.expected, slides=False)


def _minute(seconds: float) -> datetime:
    return instant(round(seconds / _MINUTE_S) * _MINUTE_S)
