"""What connectors are told in tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.digest import Digest, DigestItem
from schemas.signal import Severity, SignalState
from sinks.connectors.base import Job
from tests.support.signals import OPENED, make_signal

MARKER = "gs-sig-1"


def make_assignment(**overrides: Any) -> Assignment:
    """Revision 1 of the login failure, critical, owned by product-mobile."""
    revision = overrides.get("revision", 1)
    fields: dict[str, Any] = {
        "id": "asg-1",
        "signal_id": "sig-1",
        "revision": revision,
        "state": AssignmentState.OPEN,
        "tenant": "bank",
        "theme": "login-failure",
        "severity": Severity.CRITICAL,
        "priority": 1,
        "owner": "product-mobile",
        "raci": Raci(responsible="product-mobile", accountable="vp-product"),
        "rule": "login",
        "title": "Login failure",
        "reason": "15 mentions in the last 5 hours: critical from 15",
        "assigned_at": OPENED,
        "acknowledge_by": OPENED + timedelta(minutes=15),
        "due_at": OPENED + timedelta(hours=4),
        "signal": make_signal(revision=revision, severity=Severity.CRITICAL),
    }
    return Assignment(**{**fields, **overrides})


def make_job(news: str = "", contact: dict[str, str] | None = None, marker: str = MARKER, **overrides: Any) -> Job:
    """A job about :func:`make_assignment`."""
    return Job(make_assignment(**overrides), marker, contact or {}, news)


def make_digest(count: int) -> Digest:
    """A digest of so many signals, and two more."""
    items = [
        DigestItem(
            signal_id=f"sig-{number}",
            revision=1,
            state=SignalState.OPENED,
            theme="fees",
            severity=Severity.LOW,
            title=f"Fee {number} <b>",
            reason=f"{number} mentions & more: " + "because of a long reason " * 5,
            at=OPENED,
            why="its severity is low",
        )
        for number in range(count)
    ]
    return Digest(id="dig-1", tenant="bank", owner="product-mobile", at=OPENED, items=items, more=2)
