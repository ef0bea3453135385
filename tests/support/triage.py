"""A tenant's triage with a clock of its own, and signals to feed it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from schemas.audit import Audit
from schemas.control import Control, ControlKind, Match
from schemas.digest import Digest
from schemas.signal import Attention, Driver, Severity, Signal, SignalState
from schemas.times import instant
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, RuleConfig
from sinks.triage.controls import Controls
from sinks.triage.desk import Policy
from sinks.triage.section import TriageConfig
from sinks.triage.tenant import TenantTriage
from tests.support.signals import OPENED, make_signal

START = OPENED.timestamp()
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
IOS = "os_version=17.2"

OWNERS = Ownership(
    OwnershipConfig(
        default=RoleConfig(role="cx", accountable="head"),
        rules=[RuleConfig(name="pay", match=MatchConfig(theme="pay*"), role="payments", accountable="vp")],
    )
)


def driver(name: str, share: float = 0.9, traffic: float = 0.05, of: int = 100) -> Driver:
    """A slice that holds ``share`` of the mentions and ``traffic`` of all events."""
    lift = share / traffic
    return Driver(
        slice=name,
        mentions=round(share * of),
        of=of,
        share=share,
        traffic_share=traffic,
        lift=lift,
        text=f"{name}: most",
    )


def found(
    theme: str,
    revision: int = 1,
    state: str = "opened",
    severity: str = "high",
    minutes: float = 0.0,
    slices: Iterable[Driver] = (),
    opened: float | None = None,
    **more: Any,
) -> Signal:
    """What a detector found of a theme: ``minutes`` after the start, with an id of its theme."""
    at = OPENED + timedelta(minutes=minutes)
    fields: dict[str, Any] = {
        "id": f"sig-{theme}",
        "theme": theme,
        "revision": revision,
        "state": SignalState(state),
        "severity": Severity(severity),
        "opened_at": OPENED + timedelta(minutes=minutes if opened is None else opened),
        "at": at,
        "last_mention": at,
        "drivers": list(slices),
        "rule": "surge",
        "mentions": 100,
        "total_mentions": 100,
        "title": f"{theme}: more complaints than usual",
        "observed": 100.0,
        "expected": 10.0,
        "threshold": 30.0,
    }
    return make_signal(**{**fields, **more})


def silence(hours: float = 2.0, name: str = "sil-1", **match: list[str]) -> Control:
    """A silence from the start on."""
    return Control(
        id=name,
        kind=ControlKind.SILENCE,
        by="ann",
        reason="we are moving",
        at=OPENED,
        starts=OPENED,
        expires=OPENED + timedelta(hours=hours),
        match=Match(**match),
    )


def snooze(signal_id: str, hours: float = 2.0, mentions: int | None = None) -> Control:
    """A snooze of one signal from the start on."""
    return Control(
        id=f"snz-{signal_id}",
        kind=ControlKind.SNOOZE,
        by="ben",
        reason="on it",
        at=OPENED,
        starts=OPENED,
        expires=OPENED + timedelta(hours=hours),
        signal_id=signal_id,
        mentions=mentions,
    )


class Desk:
    """Triage of the bank, whose clock is UTC; what goes out is taken at once.

    Attributes:
        now: epoch seconds.
    """

    def __init__(self, config: TriageConfig | None = None, offset_s: float = 0.0) -> None:
        self.policy = Policy(config or TriageConfig(), OWNERS, lambda tenant, at: offset_s)
        self.controls = Controls()
        self.triage = TenantTriage(self.policy, self.controls, "bank")
        self.now = START
        self.signals: list[Signal] = []
        self.audits: list[Audit] = []
        self.digests: list[Digest] = []

    def take(self, *signals: Signal, minutes: float | None = None) -> list[Signal]:
        """Take revisions in at once, at their newest time or so many minutes after the start, and tell what is ripe."""
        for signal in signals:
            self.triage.apply(signal)
        if minutes is not None:
            self.now = START + minutes * MINUTE
        elif signals:
            self.now = max(self.now, max(signal.at.timestamp() for signal in signals))
        return self.turn()

    def wait(self, seconds: float) -> list[Signal]:
        """Let time pass in steps of what is due, and tell what is ripe."""
        end, told = self.now + seconds, []
        while (due := self.triage.due(self.now)) is not None and due <= end:
            self.now = max(due, self.now + 0.001)
            told += self.turn()
        self.now = max(self.now, end)
        return told + self.turn()

    def turn(self) -> list[Signal]:
        """One turn at the present moment."""
        self.triage.turn(self.now)
        told = []
        for number in list(self.triage.state.outbox):
            entry = self.triage.ledger.entries[number]
            self.triage.sent(number)
            if isinstance(entry, Signal):
                told.append(entry)
            elif isinstance(entry, Audit):
                self.audits.append(entry)
            else:
                self.digests.append(entry)
        self.triage.tidy()
        self.signals += told
        return told

    def told(self, attention: Attention = Attention.NOW) -> list[tuple[str, str]]:
        """(theme or incident, state) of what was told in this way so far."""
        return [(name(each), each.state.value) for each in self.signals if each.attention is attention]


def name(signal: Signal) -> str:
    """A theme, or ``incident``."""
    return "incident" if signal.rule == "incident" else signal.theme


def moment(minutes: float) -> str:
    """A moment so many minutes after the start, for messages."""
    return instant(START + minutes * MINUTE).isoformat()
