"""The table ``[triage]`` of the configuration."""

import re
from typing import Literal

from msgspec import Struct

from schemas.signal import SignalState
from sinks.triage.matching import Patterns, check_patterns

ESCALATING = "escalating"
"""In ``when``: a signal that becomes worse, or is found while it does."""

Manner = Literal["now", "digest", "none"]

_HOUR = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch
_MOMENTS = (*SignalState, ESCALATING)


class SubscriptionMatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which signals: every key that is present must match, by any of its patterns; an incident by any of its themes.

    Raises:
        ValueError: naming the key.
    """

    theme: Patterns = None
    severity: Patterns = None
    slice: Patterns = None
    tenant: Patterns = None
    owner: Patterns = None

    def __post_init__(self) -> None:
        check_patterns({key: getattr(self, key) for key in self.__struct_fields__})


class SubscriptionConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table ``[[triage.subscriptions]]``; of several that match, the last one counts.

    Attributes:
        match: which signals; empty for all.
        when: in which states, or ``escalating``; left out for all but ``resolving``.
        how: how it is told then.
        otherwise: how it is told in the other states.

    Raises:
        ValueError: naming the key.
    """

    match: SubscriptionMatch = SubscriptionMatch()
    when: str | list[str] | None = None
    how: Manner = "now"
    otherwise: Manner = "digest"

    @property
    def moments(self) -> list[str] | None:
        """``when`` as a list."""
        return [self.when] if isinstance(self.when, str) else self.when

    def __post_init__(self) -> None:
        if self.moments == []:
            raise ValueError("when: is empty and would never tell; leave it out for every state")
        for moment in self.moments or ():
            if moment not in _MOMENTS:
                raise ValueError(f'when: "{moment}" is no state; there are {", ".join(_MOMENTS)}')


class TriageConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[triage]``. Durations are seconds.

    Attributes:
        group_wait_s: how long a new signal waits for others that belong to it; a critical one does not.
        patience_s: how long after an interruption a new signal of medium severity waits for others likewise.
        group_interval_s: at most so often an incident tells what has changed about it.
        window_s: signals that begin so close together, by event time, may have one cause.
        together_s: the same for signals that share no slice, of which it takes ``together_least``.
        remember_s: how long a signal that is over is remembered; longer than one may come back after.
        interruptions_per_day: what an owner is told at once in a day of the tenant, critical ones apart; None for no
            end.
        digest_at: local times of the day at which digests go out.

    Raises:
        ValueError: naming the key.
    """

    group_wait_s: float = 2.0
    patience_s: float = 600.0
    group_interval_s: float = 300.0
    window_s: float = 1800.0
    together_s: float = 300.0
    together_least: int = 3
    remember_s: float = 172_800.0
    interruptions_per_day: int | None = 20
    digest_at: tuple[str, ...] = ("09:00",)
    subscriptions: tuple[SubscriptionConfig, ...] = ()

    @property
    def digest_seconds(self) -> list[int]:
        """``digest_at`` as seconds of the day, in order."""
        return sorted({int(text[:2]) * 3600 + int(text[3:]) * 60 for text in self.digest_at})

    def __post_init__(self) -> None:
        for key, least in (
            ("group_wait", 0.0),
            ("patience", 0.0),
            ("group_interval", 0.0),
            ("window", 60.0),
            ("together", 0.0),
        ):
            if not least <= getattr(self, f"{key}_s") <= 86_400.0:
                raise ValueError(f"{key}: expected {least:g} seconds to a day, got {getattr(self, f'{key}_s'):g} s")
        if self.remember_s < 86_400.0:
            raise ValueError(f"remember: expected a day or more, got {self.remember_s:g} s")
        if self.together_least < 2:
            raise ValueError(f"together_least: expected 2 or more, got {self.together_least}")
        if self.interruptions_per_day is not None and self.interruptions_per_day < 0:
            raise ValueError(f"interruptions_per_day: expected 0 or more, got {self.interruptions_per_day}")
        if not self.digest_at:
            raise ValueError("digest_at: is empty: digests would never go out")
        for text in self.digest_at:
            if not _HOUR(text):
                raise ValueError(f'digest_at: expected times such as "09:00", got "{text}"')
