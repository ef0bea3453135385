"""What the demo prints for a person."""

from __future__ import annotations

import io
import json

from rich.console import Console

from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.signal import Severity, SignalState
from schemas.times import instant
from streams.demo.play import Played
from streams.demo.report import lines, report
from streams.demo.scenario import scenario
from tests.support.signals import make_signal

STORY = scenario(1_790_000_000.0)


def assignment(revision: int, state: AssignmentState, severity: Severity, owner: str, **more: object) -> Assignment:
    signal = make_signal(severity=severity, **more)  # type: ignore[arg-type]
    return Assignment(
        id="asg-1", signal_id=signal.id, revision=revision, state=state, tenant="default", theme=signal.theme,
        severity=severity, priority=1, owner=owner, raci=Raci(responsible=owner, accountable="vp"), rule="login",
        title="t", reason=signal.reason, assigned_at=signal.at, acknowledge_by=signal.at, due_at=signal.at, signal=signal,
    )  # fmt: skip


def shown(played: Played) -> str:
    out = io.StringIO()
    Console(file=out, width=100, highlight=False).print(report(STORY, played))
    return out.getvalue()
