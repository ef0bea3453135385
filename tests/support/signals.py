"""Signals for the tests of whatever reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.signal import DetectorRef, Driver, Severity, Signal, SignalState

OPENED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def make_signal(**overrides: Any) -> Signal:
    """Revision 1 of the login failure at the bank; ``at`` follows ``revision``, a minute each."""
    revision = overrides.get("revision", 1)
    fields: dict[str, Any] = {
        "id": "sig-1",
        "revision": revision,
        "state": SignalState.OPENED,
        "tenant": "bank",
        "theme": "login-failure",
        "metric": "mentions",
        "rule": "count",
        "severity": Severity.LOW,
        "title": "Login failure",
        "reason": "3 mentions in the last 5 hours: low from 3",
        "observed": 3.0,
        "expected": 0.2,
        "threshold": 3.0,
        "window_s": 18_000.0,
        "opened_at": OPENED,
        "at": OPENED + timedelta(minutes=revision - 1),
        "first_mention": OPENED - timedelta(minutes=30),
        "last_mention": OPENED,
        "mentions": 3,
        "total_mentions": 3,
        "customers": 3,
        "customers_estimated": 900,
        "drivers": [make_driver("os_version=iOS 17")],
        "detector": DetectorRef(name="count", version=1, parameters={"levels": {"low": 3}}),
    }
    return Signal(**{**fields, **overrides})


def make_driver(name: str) -> Driver:
    """A slice ``dimension=value`` that holds 13 of 15 mentions."""
    text = f"{name}: 13 of 15 mentions"
    return Driver(slice=name, mentions=13, of=15, share=13 / 15, traffic_share=0.25, lift=3.5, text=text)
