"""Epoch seconds, as the counting code uses them, and aware datetimes, as people and JSON do."""

from datetime import UTC, datetime


def instant(seconds: float) -> datetime:
    """Epoch seconds as an aware datetime in UTC, to the millisecond.

    >>> instant(0.5).isoformat()
    '1970-01-01T00:00:00.500000+00:00'
    """
    return datetime.fromtimestamp(round(seconds, 3), UTC)
