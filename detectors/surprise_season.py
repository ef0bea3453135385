"""What a number usually is at this time of the day or the week."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Any, Final

_NEEDED: Final = 3


class Slots:
    """A seasonal-naive forecast made robust: the median of this slot's numbers in earlier cycles.

    The cycle is cut into equal slots; those of the running cycle do not count yet, so that an incident is not held
    against itself. Times are epoch seconds; the clock may step back, which counts as another cycle.

    Args:
        cycle_s: a day or a week.
        slot_s: length of a slot.
        keep: numbers that are remembered of each slot's past, the last ones.

    >>> slots = Slots(86_400, 3600, 60)
    >>> [slots.residual(day * 86_400.0, number) for day, number in enumerate((5.0, 7.0, 6.0, 9.0))]
    [None, None, None, 3.0]
    """

    __slots__ = ("_cycle_s", "_keep", "_slot_s", "_slots")

    def __init__(self, cycle_s: int, slot_s: int, keep: int) -> None:
        self._cycle_s, self._slot_s, self._keep = cycle_s, slot_s, keep
        self._slots: list[_Slot | None] = [None] * (cycle_s // slot_s)

    def residual(self, at: float, number: float) -> float | None:
        """How much ``number`` is above what is usual; None while fewer than 3 numbers are known. It is remembered."""
        cycle, within = divmod(at, self._cycle_s)
        # divmod of a tiny negative time rounds up to the whole cycle.
        place = min(int(within // self._slot_s), len(self._slots) - 1)
        slot = self._slots[place]
        if slot is None:
            slot = self._slots[place] = _Slot(cycle, self._keep)
        if slot.cycle != cycle:
            slot.begin(cycle)
        slot.running.append(number)
        return None if slot.usual is None else number - slot.usual

    def snapshot(self) -> list[Any]:
        """Plain data for :meth:`restore`."""
        return [slot and [slot.cycle, list(slot.past), list(slot.running)] for slot in self._slots]

    def restore(self, snapshot: list[Any]) -> None:
        """Continue from a snapshot."""
        self._slots = [None] * len(snapshot)
        for place, kept in enumerate(snapshot):
            if kept is not None:
                slot = self._slots[place] = _Slot(float(kept[0]), self._keep)
                slot.past.extend(map(float, kept[1]))
                slot.running.extend(map(float, kept[2]))
                slot.judge()


class _Slot:
    __slots__ = ("cycle", "past", "running", "usual")

    def __init__(self, cycle: float, keep: int) -> None:
        self.cycle = cycle
        self.past: deque[float] = deque(maxlen=keep)
        self.running: deque[float] = deque(maxlen=keep)
        self.usual: float | None = None

    def begin(self, cycle: float) -> None:
        """Let the running cycle become the past."""
        self.cycle = cycle
        self.past.extend(self.running)
        self.running.clear()
        self.judge()

    def judge(self) -> None:
        """Say anew what is usual."""
        self.usual = median(self.past) if len(self.past) >= _NEEDED else None
