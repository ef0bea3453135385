"""What a signal's impact makes of its severity. Pure."""

from typing import NamedTuple, Self

from msgspec import UnsetType
from msgspec.structs import replace

from schemas.impact import ImpactScore
from schemas.signal import Attention, Severity, Signal, SignalState
from sinks.impact.scoring import Impact


class Scored(NamedTuple):
    """A revision of a signal and its impact.

    Attributes:
        severity: that of the signal, or a higher one that the bands ask for.
        why: why it is higher, in words; empty if it is the signal's own.
    """

    signal: Signal
    impact: ImpactScore
    severity: Severity
    why: str

    @classmethod
    def of(cls, signal: Signal, impact: Impact) -> Self:
        """Score ``signal``. What has gone quiet has a score too, but raises nothing."""
        score = impact.score(signal)
        over = signal.state in (SignalState.RESOLVING, SignalState.RESOLVED)
        severity = signal.severity if over else impact.severity(score, signal.severity)
        if severity is signal.severity:
            return cls(signal, score, severity, "")
        return cls(
            signal, score, severity, f"{severity} by its impact of {score.score:.1f}, the rule said {signal.severity}"
        )

    @property
    def reason(self) -> str:
        """The signal's reason, and that of the severity."""
        return f"{self.signal.reason}; {self.why}" if self.why else self.signal.reason

    @property
    def judged(self) -> Signal:
        """The signal with that severity: what is routed."""
        return replace(self.signal, severity=self.severity) if self.why else self.signal

    def attention(self, *, raised: bool) -> tuple[Attention | UnsetType, str | UnsetType]:
        """How a person is to hear of it, and why.

        As the signal says, but what its impact has just made critical waits for no digest. What nobody is to hear of,
        such as a silenced signal, stays so.

        Args:
            raised: whether it is news that the impact has made the severity what it is.
        """
        signal = self.signal
        if raised and self.severity is Severity.CRITICAL and signal.attention is Attention.DIGEST:
            return Attention.NOW, self.why
        return signal.attention, signal.attention_reason
