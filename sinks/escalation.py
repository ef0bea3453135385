"""Escalation by time: whom an assignment is taken to, and after how long, while nobody does anything about it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec import Struct

from schemas.assignment import AssignmentState
from schemas.duration import format_duration, parse_duration
from schemas.signal import Severity

_LONGEST_S = 3_650 * 86_400.0
_WAITING: Mapping[str, tuple[AssignmentState, ...]] = {
    "acknowledged": (AssignmentState.OPEN,),
    "fix_shipped": (AssignmentState.OPEN, AssignmentState.ACKNOWLEDGED),
    "closed": (AssignmentState.OPEN, AssignmentState.ACKNOWLEDGED, AssignmentState.FIX_SHIPPED),
}


class StepConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a chain.

    Attributes:
        after: counted from when the owner got it, as a duration such as ``15m``.
        to: the role that is told.
        unless: what spares it the step: ``acknowledged``, ``fix_shipped`` or ``closed``.
    """

    after: str
    to: str
    unless: str = "acknowledged"


class EscalationConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[escalation]``: a chain for each severity, for assignments whose rule has none of its own."""

    critical: list[StepConfig] = []
    high: list[StepConfig] = []
    medium: list[StepConfig] = []
    low: list[StepConfig] = []


class Step(NamedTuple):
    """One step, checked; ``waits`` are the states in which it is taken."""

    after: timedelta
    to: str
    unless: str
    waits: tuple[AssignmentState, ...]

    @property
    def why(self) -> str:
        """Why it is taken, in words.

        >>> Escalation(EscalationConfig(low=[StepConfig(after="1h", to="boss")])).chain(Severity.LOW, "")[0].why
        'not acknowledged for 1 hour'
        """
        spared = "fixed" if self.unless == "fix_shipped" else self.unless
        return f"not {spared} for {format_duration(self.after.total_seconds())}"


Chain = tuple[Step, ...]


class Escalation:
    """The chains of every severity and rule.

    Args:
        rules: name of each ownership rule, in order -> its own chain, which goes before that of the severity unless it
            is empty.
    """

    __slots__ = ("_by_rule", "_by_severity")

    def __init__(
        self, config: EscalationConfig | None = None, rules: Mapping[str, Sequence[StepConfig]] | None = None
    ) -> None:
        """Check the chains.

        Raises:
            ValueError: a step has no role, waits for nothing known, or comes no later than the one before it; the
                message begins with the key, such as ``escalation.high[1].after``.
        """
        config = config or EscalationConfig()
        self._by_severity = {each: chain(f"escalation.{each.value}", getattr(config, each.value)) for each in Severity}
        self._by_rule = {
            name: chain(f"ownership.rules[{index}].escalate", steps)
            for index, (name, steps) in enumerate((rules or {}).items())
        }

    def chain(self, severity: Severity, rule: str) -> Chain:
        """The steps for an assignment of ``severity`` that ``rule`` has given its owner."""
        return self._by_rule.get(rule) or self._by_severity[severity]


def chain(path: str, steps: Sequence[StepConfig]) -> Chain:
    """The steps of one chain, checked; see :class:`Escalation`."""
    made: list[Step] = []
    for index, config in enumerate(steps):
        place = f"{path}[{index}]"
        try:
            seconds = parse_duration(config.after)
        except ValueError as error:
            raise ValueError(f"{place}.after: {error}") from None
        after = timedelta(seconds=min(seconds, _LONGEST_S + 1))
        if not 0 < seconds <= _LONGEST_S:
            longest = format_duration(_LONGEST_S)
            raise ValueError(f"{place}.after: {config.after} must be more than nothing and at most {longest}")
        if made and after <= made[-1].after:
            raise ValueError(f"{place}.after: {config.after} is no later than the step before it")
        if not config.to.strip():
            raise ValueError(f"{place}.to: is empty")
        if config.unless not in _WAITING:
            raise ValueError(f'{place}.unless: "{config.unless}" is none of {", ".join(_WAITING)}')
        made.append(Step(after, config.to, config.unless, _WAITING[config.unless]))
    return tuple(made)
