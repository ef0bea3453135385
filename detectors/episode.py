"""One rule's episode on one series: a state machine with hysteresis both ways.

    (emerging) -> open <-> escalating          quiet for a part of the rule's patience
                    |  \\___________________________________________> resolving
                    |<------------- trips again, silently ---------------|
                    |<- regressed: trips again, is told - resolved <-----| quiet for all of it
                    `-> flapping: the third time within a day that it comes back -> resolved, after a longer quiet

A reader hears of it when it opens, when it becomes worse, when its number has doubled, once a day while it lasts,
when it has really gone quiet, and when it comes back after that. A plateau stays open and all but silent, and what
comes and goes is told once as just that.
"""

from msgspec import Struct

from detectors.spec import Verdict
from schemas.signal import Phase, Severity, SignalState

GROWTH = 2.0
"""A number must double, counted from what was expected, before it is told again."""
RESOLVING_SHARE = 0.25
"""Share of a rule's patience after which quiet is a phase of its own, and no short dip any more."""
FLAPPING_CROSSINGS, CROSSINGS_WITHIN_S = 3, 86_400.0
ONGOING_S = 86_400.0
_FLAPPING_TIMES, _FLAPPING_LEAST_S = 4.0, 21_600.0
_ESCALATING_S = 3600.0
_WORSE = 1.25
_MOST_CROSSINGS = 64


class Episode(Struct):
    """What is remembered of an episode; plain data. New fields come last, with a default.

    Attributes:
        told: the observed value a reader last heard of while it rose.
        held: what was expected when it opened, or came back; None if there was no past to expect anything from.
        before: mentions the series had ever had when the window of the first verdict began.
        quiet_since: event time since when the rule has not tripped; None while it does.
        score: how remarkable it was when it opened; None if a build that kept no score opened it.
        told_at: event time at which a reader last heard of it; None if a build that did not keep it opened it.
        rose_at: event time at which its severity last rose; None before that.
        crossed: event times of the last day at which it tripped after a quiet phase, the newest last.
        sizes: of the verdict that ``told`` is of; see :class:`detectors.spec.Verdict`.
        resolved_at: event time at which it was over; None while it is live.
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
    phase: Phase = Phase.OPEN
    told_at: float | None = None
    rose_at: float | None = None
    crossed: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()
    resolved_at: float | None = None

    def step(self, verdict: Verdict, at: float, resolve_after_s: float) -> SignalState | None:
        """Take in a verdict at event time ``at``; return what a reader should be told, if anything.

        Args:
            resolve_after_s: the rule's patience: how long it must be quiet.
        """
        if verdict.unknown:
            # Silence is only quiet while there is somebody to hear it.
            self.quiet_since = None
            return None
        if verdict.severity is None:
            return self._quiet(at, resolve_after_s)
        quiet_s = 0.0 if self.quiet_since is None else at - self.quiet_since
        self.quiet_since = None
        if self.told_at is None:
            self.told_at = at
        swung = self.phase is Phase.FLAPPING and quiet_s >= RESOLVING_SHARE * resolve_after_s
        if swung or self.phase in (Phase.RESOLVING, Phase.RESOLVED):
            return self._cross(verdict, verdict.severity, at)
        return self._lasts(verdict, verdict.severity, at)

    def forgotten(self, at: float, regress_within_s: float) -> bool:
        """Whether it was over so long ago that what trips now is another one."""
        return self.resolved_at is not None and at - self.resolved_at >= regress_within_s

    def crossings(self, at: float) -> int:
        """How often it has tripped within the day before ``at``, its opening included."""
        return len(_recent((self.opened_at, *self.crossed), at))

    def _quiet(self, at: float, resolve_after_s: float) -> SignalState | None:
        if self.phase is Phase.RESOLVED:
            return None
        if self.quiet_since is None:
            self.quiet_since = at
        flapping, quiet_s, patience_s = self.phase is Phase.FLAPPING, at - self.quiet_since, resolve_after_s
        if flapping:
            patience_s = max(_FLAPPING_TIMES * resolve_after_s, _FLAPPING_LEAST_S)
        if quiet_s >= patience_s:
            self.phase, self.resolved_at = Phase.RESOLVED, at
            return self._tell(SignalState.RESOLVED, at)
        if not flapping and self.phase is not Phase.RESOLVING and quiet_s >= RESOLVING_SHARE * resolve_after_s:
            self.phase = Phase.RESOLVING
            return self._tell(SignalState.RESOLVING, at)
        return None

    def _cross(self, verdict: Verdict, severity: Severity, at: float) -> SignalState | None:
        """It trips after a quiet phase."""
        self.crossed = _recent((*self.crossed, at), at)[-_MOST_CROSSINGS:]
        left, resolved = self.phase, self.resolved_at is not None
        if resolved:
            self.resolved_at, self.severity = None, severity
            self.held = verdict.expected if verdict.compared else None
        if left is not Phase.FLAPPING and len(self.crossed) >= FLAPPING_CROSSINGS:
            self.phase, self.severity = Phase.FLAPPING, max(self.severity, severity, key=lambda each: each.rank)
            return self._tell(SignalState.FLAPPING, at, verdict)
        if left is not Phase.FLAPPING:
            self.phase = Phase.OPEN
        return self._tell(SignalState.REGRESSED, at, verdict) if resolved else self._lasts(verdict, severity, at)

    def _lasts(self, verdict: Verdict, severity: Severity, at: float) -> SignalState | None:
        """It trips, as it did before."""
        if self.phase is Phase.EMERGING and not verdict.emerging:
            self.phase = Phase.OPEN
        flapping = self.phase is Phase.FLAPPING
        if severity.rank > self.severity.rank and self._worse(verdict, at):
            self.severity, self.rose_at = severity, at
            self.phase = Phase.FLAPPING if flapping else Phase.ESCALATING
            return self._tell(SignalState.ESCALATED, at, verdict)
        if flapping:
            if not _recent(self.crossed, at):
                # What has stood for a whole day comes and goes no more.
                self.phase, self.told_at = Phase.OPEN, at
            return None
        if self.phase is Phase.ESCALATING and self.rose_at is not None and at - self.rose_at >= _ESCALATING_S:
            self.phase = Phase.OPEN
        if self._grew(verdict):
            return self._tell(SignalState.UPDATED, at, verdict)
        if self.told_at is not None and at - self.told_at >= ONGOING_S:
            return self._tell(SignalState.ONGOING, at)
        return None

    def _worse(self, verdict: Verdict, at: float) -> bool:
        """Whether more severe is worse: what lasts is known ever better, and that alone is no news after an hour."""
        settled = self.told_at is not None and at - self.told_at >= _ESCALATING_S
        if not settled or len(verdict.sizes) != len(self.sizes):
            return True
        return all(now >= _WORSE * told for now, told in zip(verdict.sizes, self.sizes, strict=True))

    def _grew(self, verdict: Verdict) -> bool:
        if verdict.sizes:
            if len(verdict.sizes) != len(self.sizes):
                # What it was told by is of another kind, and not to be compared.
                self.sizes = verdict.sizes
                return False
            return all(now >= GROWTH * told > 0 for now, told in zip(verdict.sizes, self.sizes, strict=True))
        distance, told = abs(verdict.observed - verdict.expected), abs(self.told - verdict.expected)
        same_side = (verdict.observed > verdict.expected) == (self.told > verdict.expected)
        return same_side and distance >= GROWTH * told > 0

    def _tell(self, state: SignalState, at: float, verdict: Verdict | None = None) -> SignalState:
        """Count a revision; ``verdict`` is the one whose number a reader will compare later ones with."""
        if verdict is not None:
            self.told, self.sizes = verdict.observed, verdict.sizes or self.sizes
        self.revision, self.told_at = self.revision + 1, at
        return state


def _recent(times: tuple[float, ...], at: float) -> tuple[float, ...]:
    return tuple(time for time in times if at - time < CROSSINGS_WITHIN_S)
