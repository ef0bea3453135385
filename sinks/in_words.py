"""What a signal says beside its reason, in one short paragraph and a row of bars. What is unknown is not said. Pure."""

from collections.abc import Callable
from datetime import datetime

from msgspec import UNSET

from schemas.signal import Forecast, Signal, Sparkline

_BARS = "▁▂▃▄▅▆▇█"
_UNKNOWN = " "


def more(signal: Signal, clock: Callable[[datetime], str] | None = None) -> str:
    """How unusual it is, what is to be borne in mind, and what may come; empty if nothing of it is known.

    Args:
        clock: how to write a moment of the forecast; by default a time of day in UTC, with the date on another day.
    """
    sentences = []
    known = "" if signal.baseline is UNSET else signal.baseline
    if signal.unusual is not UNSET:
        sentences.append(f"{signal.unusual} ({known})" if known else signal.unusual)
    elif known.startswith(("new", "young")):
        sentences.append(known)
    if signal.context is not UNSET:
        sentences += signal.context
    if signal.forecast is not UNSET:
        found = signal.forecast
        sentences.append(ahead(found, clock) if clock else ahead(found, _utc(signal.at), " UTC"))
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence)


def ahead(forecast: Forecast, clock: Callable[[datetime], str], zone: str = "") -> str:
    """A forecast, with its interval; ``zone`` follows the first moment.

    >>> at, early, late = (datetime.fromisoformat(f"2026-05-04T{each}:00Z") for each in ("09:40", "09:25", "10:10"))
    >>> from schemas.signal import Severity
    >>> found = Forecast(severity=Severity.HIGH, at=at, early=early, late=late, assumption="")
    >>> ahead(found, lambda moment: f"{moment:%H:%M}")
    'at this rate high around 09:40 (09:25 to 10:10)'
    """
    at, early, late = (clock(moment) for moment in (forecast.at, forecast.early, forecast.late))
    return f"at this rate {forecast.severity.value} around {at}{zone} ({early} to {late})"


def _utc(now: datetime) -> Callable[[datetime], str]:
    def said(moment: datetime) -> str:
        day = "" if moment.date() == now.date() else f"{moment.day} {moment:%b} "
        return f"{day}{moment:%H:%M}"

    return said


def bars(line: Sparkline, most: int = 24) -> str:
    """A sparkline as a row of bars, at most so many; neighbours are joined, the highest of them counts.

    >>> from datetime import UTC
    >>> bars(Sparkline(pane_s=60.0, end=datetime(2026, 5, 4, tzinfo=UTC), values=[0.0, 1.0, 0.0, 1.0, 3.0, None, 7.0]))
    '▁▂▁▂▄ █'
    """
    step = max(-(-len(line.values) // most), 1)
    # From the newest on, so that the last bar is a whole one.
    groups = [line.values[max(end - step, 0) : end] for end in range(len(line.values), 0, -step)]
    shown = [max((value for value in group if value is not None), default=None, key=abs) for group in groups[::-1]]
    found = [value for value in shown if value is not None]
    low, high = min([0.0, *found]), max([0.0, *found])
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_UNKNOWN if value is None else _BARS[round((value - low) * scale)] for value in shown)
