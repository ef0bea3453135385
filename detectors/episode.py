"""One rule's episode on one series: opened, updated, escalated, resolved.

A reader hears of it when it opens, when it becomes worse, when its number has doubled since last
told, and when it has really gone quiet. A plateau stays open and silent.
"""

from msgspec import Struct

from detectors.spec import Verdict
from schemas.signal import Severity, SignalState

GROWTH = 2.0
"""A number must double, counted from what was expected, before it is told again."""


class Episode(Struct):
    """What is remembered of an open episode; plain data.

    Attributes:
        told: the observed value a reader last heard of.
        held: what was expected when it opened; None if there was no past to expect anything from.
        before: mentions the series had ever had when the window of the first verdict began.
        quiet_since: event time since when the rule has not tripped; None while it does.
        score: how remarkable it was when it opened; None if a build that kept no score opened it.
    """

    id: str
    opened_at: float
    severity: Severity
    told: float
    held: float | None
    before: int
    revision: int = 1
    quiet_since: float | None = None
    score: float | None = None

    def step(self, verdict: Verdict, at: float, resolve_after_s: float) -> SignalState | None:
        """Take in a verdict at event time ``at``; return what a reader should be told, if anything."""
        if verdict.unknown:
            # Silence is only quiet while there is somebody to hear it.
            self.quiet_since = None
            return None
        if verdict.severity is None:
            if self.quiet_since is None:
                self.quiet_since = at
            if at - self.quiet_since < resolve_after_s:
                return None
            return self._tell(verdict, SignalState.RESOLVED)
        self.quiet_since = None
        if verdict.severity.rank > self.severity.rank:
            self.severity = verdict.severity
            return self._tell(verdict, SignalState.ESCALATED)
        if self._grew(verdict):
            return self._tell(verdict, SignalState.UPDATED)
        return None

    def _grew(self, verdict: Verdict) -> bool:
        distance, told = abs(verdict.observed - verdict.expected), abs(self.told - verdict.expected)
        same_side = (verdict.observed > verdict.expected) == (self.told > verdict.expected)
        return same_side and distance >= GROWTH * told > 0

    def _tell(self, verdict: Verdict, state: SignalState) -> SignalState:
        self.told = verdict.observed
        self.revision += 1
        return state
