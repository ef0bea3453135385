"""Deadlines: by when an assignment is to be acknowledged and fixed, by severity."""

from datetime import datetime, timedelta

from msgspec import Struct

from schemas.duration import format_duration, parse_duration
from schemas.signal import Severity

_LONGEST_S = 3_650 * 86_400.0


class DeadlineConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One severity's deadlines, as durations such as ``15m`` or ``3d``.

    Attributes:
        acknowledge: until the owner says "I have it".
        fix: until it is fixed, no shorter than ``acknowledge``.
    """

    acknowledge: str
    fix: str


class DeadlinesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[deadlines]``; a severity that is left out keeps its default."""

    critical: DeadlineConfig = DeadlineConfig(acknowledge="15m", fix="4h")
    high: DeadlineConfig = DeadlineConfig(acknowledge="1h", fix="24h")
    medium: DeadlineConfig = DeadlineConfig(acknowledge="8h", fix="3d")
    low: DeadlineConfig = DeadlineConfig(acknowledge="24h", fix="14d")


def priority(severity: Severity) -> int:
    """1 (critical: drop everything) to 4 (low)."""
    return len(Severity) - severity.rank


class Deadlines:
    """The deadlines of every severity.

    >>> from datetime import UTC
    >>> acknowledge_by, due_at = Deadlines().for_(Severity.CRITICAL, datetime(2026, 5, 4, 9, 0, tzinfo=UTC))
    >>> f"{acknowledge_by:%H:%M} {due_at:%H:%M}"
    '09:15 13:00'
    """

    __slots__ = ("_spans",)

    def __init__(self, config: DeadlinesConfig | None = None) -> None:
        """Read the durations of ``config``.

        Raises:
            ValueError: a duration cannot be read, is no sensible deadline, or the fix is due before the
                acknowledgement; the message begins with the key, such as ``deadlines.high.fix``.
        """
        config = config or DeadlinesConfig()
        self._spans = {severity: _spans(severity, getattr(config, severity.value)) for severity in Severity}

    def for_(self, severity: Severity, since: datetime) -> tuple[datetime, datetime]:
        """``(acknowledge_by, due_at)``, counted from ``since``."""
        acknowledge, fix = self._spans[severity]
        return since + acknowledge, since + fix


def _spans(severity: Severity, config: DeadlineConfig) -> tuple[timedelta, timedelta]:
    path = f"deadlines.{severity.value}"
    acknowledge_s = _seconds(f"{path}.acknowledge", config.acknowledge)
    fix_s = _seconds(f"{path}.fix", config.fix)
    if fix_s < acknowledge_s:
        raise ValueError(f"{path}.fix: {config.fix} is shorter than the {config.acknowledge} to acknowledge")
    return timedelta(seconds=acknowledge_s), timedelta(seconds=fix_s)


def _seconds(path: str, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError(f"{path}: {text} must be more than nothing and at most {format_duration(_LONGEST_S)}")
    return seconds
