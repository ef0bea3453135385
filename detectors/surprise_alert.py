"""From a running surprise to scores that stand for alerts: a bar that rises with the past, and a refractory time."""

from __future__ import annotations

from math import log
from typing import Any, Final

REFRACTORY: Final = 120
_USUAL, _WATCH, _ALERT = 9.0, 6.5, 14.0
_RISE, _RISE_FROM, _RISE_TO = 3.15, 200, 20_000
_LONG_AGO: Final = -REFRACTORY - 1


class AlertScore:
    """Scores in [0, 1] that are high only at the onset of an incident.

    * The longer one looks, the more extreme is the largest of what is usual. So what counts is the excess over a
      bar that rises from 9, what nine ordinary views add up to, with log n between 200 and 20,000 numbers; then false
      alerts do not pile up on a long stream.
    * There are two rungs: an excess of 6.5 nats (a score of 0.32) for who would rather have too many alerts, and of
      14 (a score of 0.5) for who would not. A rung that was reached within the last 120 numbers is not told again:
      the score is 0 instead. The step from the lower to the higher one is told.

    >>> score = AlertScore()
    >>> [round(score.update(surprise, 100), 2) for surprise in (9.0, 16.0, 17.0, 30.0, 60.0)]
    [0.0, 0.33, 0.0, 0.6, 0.0]
    """

    __slots__ = ("_alerted", "_count", "_watched")

    def __init__(self) -> None:
        self._count = 0
        self._watched = self._alerted = _LONG_AGO

    def update(self, surprise: float, known: int) -> float:
        """The score of ``surprise``, nats, after ``known`` numbers."""
        now = self._count = self._count + 1
        excess = surprise - _USUAL
        if known > _RISE_FROM:
            excess -= _RISE * log(min(known, _RISE_TO) / _RISE_FROM)
        if excess <= 0.0:
            return 0.0
        if excess >= _WATCH:
            alert = excess >= _ALERT
            if now - (self._alerted if alert else max(self._watched, self._alerted)) <= REFRACTORY:
                return 0.0
            if alert:
                self._alerted = now
            else:
                self._watched = now
        return excess / (excess + _ALERT)

    def snapshot(self) -> list[Any]:
        """Plain data for :meth:`restore`."""
        return [self._count, self._watched, self._alerted]

    def restore(self, snapshot: list[Any]) -> None:
        """Continue from a snapshot."""
        self._count, self._watched, self._alerted = (int(number) for number in snapshot)
