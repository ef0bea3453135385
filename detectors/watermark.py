"""The watermark: the event time up to which nothing more is expected, but for late events."""

from schemas.panes import SourceState


class Watermark:
    """The slowest active source partition decides; a silent one does not hold the rest for ever.

    A source nobody has reported yet holds the watermark: its backlog is unknown. An idle source
    (nothing left to read, nothing new for a while) steps aside. If all are idle, event time goes
    on at the pace of the clock from where they stopped, so that silence is noticed.

    Args:
        expected: every source partition there is.

    >>> watermark = Watermark({0, 1})
    >>> watermark.advance([SourceState(0, 100.0, None)])
    0.0
    >>> watermark.advance([SourceState(1, 40.0, None)])
    40.0
    >>> watermark.advance([SourceState(1, 40.0, 5.0)])
    100.0
    >>> watermark.advance([SourceState(0, 100.0, 30.0)])
    130.0
    """

    __slots__ = ("at", "expected", "sources")

    def __init__(self, expected: set[int], at: float = 0.0) -> None:
        self.expected = expected
        self.at = at
        self.sources: dict[int, SourceState] = {}

    def advance(self, states: list[SourceState]) -> float:
        """Take in where sources stand and return the watermark, epoch seconds; it never goes back."""
        for state in states:
            known = self.sources.get(state.source)
            reached = known.watermark if known is not None else None
            if reached is not None and (state.watermark is None or state.watermark < reached):
                state = SourceState(state.source, reached, state.idle_s)
            self.sources[state.source] = state
        if not self.expected <= self.sources.keys():
            return self.at
        active = [state.watermark or 0.0 for state in self.sources.values() if state.idle_s is None]
        if active:
            self.at = max(self.at, min(active))
        else:
            passed = [s.watermark + (s.idle_s or 0.0) for s in self.sources.values() if s.watermark is not None]
            self.at = max([self.at, *passed])
        return self.at

    def snapshot(self) -> list[object]:
        """Plain data: the watermark and where each source stands."""
        return [self.at, list(self.sources.values())]
