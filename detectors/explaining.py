"""What a signal says of itself beside its numbers: how unusual, against which baseline, and what may come."""

from detectors.episode import Episode
from detectors.history import History
from detectors.outlook import outlook
from detectors.rarity import in_words, score
from detectors.sparkline import sparkline
from detectors.spec import Spec, Verdict
from schemas.duration import format_duration
from schemas.signal import Signal

_HOUR_S, _DAY_S, _WEEK_S = 3600.0, 86_400.0, 604_800.0
_LEAST_S = 900.0


def explain(signal: Signal, spec: Spec, verdict: Verdict, episode: Episode, history: History, at: float) -> None:
    """Fill in what is known from ``score`` on; numbers are floats, as they come back from a checkpoint."""
    signal.score = score(verdict)
    if episode.score is None:
        # An earlier build opened it, and kept no score.
        episode.score = signal.score
    signal.initial_score = episode.score
    if verdict.low is not None and verdict.high is not None:
        signal.expected_low, signal.expected_high = float(verdict.low), float(verdict.high)
    if verdict.severity is not None and verdict.rarity_s is not None:
        signal.unusual = in_words(verdict.rarity_s)
    if verdict.maturity:
        signal.baseline = _baseline(verdict.maturity, at - history.since)
    if verdict.context:
        signal.context = list(verdict.context)
    if verdict.emerging:
        signal.emerging = True
    window_s = spec.window_s if verdict.span_s is None else max(verdict.span_s, 1.0)
    line = sparkline(
        history,
        spec.metric,
        at,
        window_s=window_s,
        rising_s=max(at - episode.opened_at + window_s, _LEAST_S),
        usual=verdict.expected if verdict.compared else None,
    )
    if line is not None:
        signal.sparkline = line
    ahead = outlook(spec, verdict, episode.severity, history, at)
    if ahead is not None:
        signal.forecast = ahead


def _baseline(maturity: str, past_s: float) -> str:
    """How much is known of the usual.

    >>> _baseline("mature", 22 * 86_400.0), _baseline("young", 2.3 * 86_400.0), _baseline("new", 100.0)
    ('3 weeks of history', 'young: 2 days of history', 'new: no history to compare with yet')
    """
    if maturity == "new":
        return "new: no history to compare with yet"
    weeks = round(past_s / _WEEK_S)
    if weeks >= 2:
        known = f"{weeks} weeks"
    else:
        unit_s = _DAY_S if past_s >= 1.5 * _DAY_S else _HOUR_S
        known = format_duration(max(round(past_s / unit_s), 1) * unit_s)
    return f"{known} of history" if maturity == "mature" else f"{maturity}: {known} of history"
