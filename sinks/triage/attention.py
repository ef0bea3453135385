"""How a revision is to be told by its state, its severity and what has been subscribed to; not yet by how often."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import to_builtins

from schemas.signal import Attention, Phase, Severity, Signal, SignalState
from sinks.triage.matching import Facts, Globs
from sinks.triage.section import ESCALATING, SubscriptionConfig
from sinks.triage.state import Known

_NEWS = (SignalState.OPENED, SignalState.ESCALATED, SignalState.REGRESSED, SignalState.FLAPPING)


class Wish(NamedTuple):
    """How to tell, and why so, in words."""

    attention: Attention
    why: str


class Subscriptions:
    """The subscriptions of a configuration, ready to be asked."""

    __slots__ = ("_held",)

    def __init__(self, given: Sequence[SubscriptionConfig]) -> None:
        self._held = [(Globs(to_builtins(each.match)), each) for each in given]

    def wish(self, signal: Signal, known: Known, facts: Facts) -> Wish:
        """How a revision is to be told.

        Args:
            known: what was told of it so far.
        """
        state = signal.state
        if state is SignalState.RESOLVED:
            return self._over(known, facts)
        if state is SignalState.RESOLVING:
            return Wish(Attention.NONE, "it has only gone quiet, and may come back")
        for globs, held in reversed(self._held):
            if globs.match(facts):
                return _subscribed(signal, globs, held)
        return _usual(signal)

    def _over(self, known: Known, facts: Facts) -> Wish:
        if known.told is Attention.NONE:
            return Wish(Attention.NONE, "nobody was told that it had begun")
        for globs, held in reversed(self._held):
            if globs.match(facts):
                if SignalState.RESOLVED in (held.moments or ()) and held.how != "now":
                    return Wish(Attention.DIGEST, f"a subscription to {globs} wants ends in the digest")
                break
        if known.told is Attention.NOW:
            return Wish(Attention.NOW, "whoever was told that it had begun is told that it is over")
        return Wish(Attention.DIGEST, "it was in the digest when it began, so its end is as well")


def _subscribed(signal: Signal, globs: Globs, held: SubscriptionConfig) -> Wish:
    rising = signal.state is SignalState.ESCALATED or (
        signal.phase is Phase.ESCALATING and signal.state in (SignalState.OPENED, SignalState.REGRESSED)
    )
    moments = held.moments
    if moments is None or signal.state in moments or (rising and ESCALATING in moments):
        return Wish(Attention(held.how), f"a subscription to {globs} asks for it")
    return Wish(Attention(held.otherwise), f"a subscription to {globs} asks for {' or '.join(moments)} only")


def _usual(signal: Signal) -> Wish:
    severity, state = signal.severity, signal.state
    if state not in _NEWS:
        word = "it lasts" if state is SignalState.ONGOING else "it has grown, and is no worse"
        return Wish(Attention.DIGEST, word)
    if severity is Severity.LOW:
        return Wish(Attention.DIGEST, "its severity is low")
    # What is bad enough is not kept back for being new.
    if severity is Severity.MEDIUM and (signal.phase is Phase.EMERGING or signal.emerging is True):
        return Wish(Attention.DIGEST, "a theme that nobody knows yet is watched first")
    return Wish(Attention.NOW, _WHY[state].format(severity.value))


_WHY = {
    SignalState.OPENED: "it is new, and its severity is {}",
    SignalState.ESCALATED: "it has become worse, and its severity is {}",
    SignalState.REGRESSED: "it has come back, and its severity is {}",
    SignalState.FLAPPING: "it comes and goes, and its severity is {}",
}
