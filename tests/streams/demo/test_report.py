"""What the demo prints for a person."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

from rich.console import Console

from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.impact import ImpactPart, ImpactScore
from schemas.signal import Forecast, Severity, Signal, SignalState, Sparkline
from streams.demo.play import Played
from streams.demo.report import lines, report
from streams.demo.scenario import AFTER_S, scenario
from streams.demo.show import elapsed
from tests.support.signals import OPENED, make_signal

# The first complaint is two hours before the signal opens.
STORY = scenario(OPENED.timestamp() - 7200 + AFTER_S)


def assignment(revision: int, state: AssignmentState, owner: str, signal: Signal, **more: Any) -> Assignment:
    return Assignment(
        id="asg-1", signal_id=signal.id, revision=revision, state=state, tenant="bank", theme=signal.theme,
        severity=signal.severity, priority=1, owner=owner, raci=Raci(responsible=owner, accountable="vp"), rule="login",
        title=signal.title, reason=signal.reason, assigned_at=signal.at, acknowledge_by=signal.at,
        due_at=OPENED + timedelta(hours=4), signal=signal, **more,
    )  # fmt: skip


def story() -> Played:
    low = make_signal()
    critical = make_signal(revision=2, state=SignalState.ESCALATED, severity=Severity.CRITICAL, reason="15 [b]mentions")
    over = make_signal(
        revision=3, state=SignalState.RESOLVED, severity=Severity.CRITICAL, reason="quiet", total_mentions=23,
        resolved_at=OPENED + timedelta(hours=24),
    )  # fmt: skip
    told = [
        assignment(1, AssignmentState.OPEN, "cx", low),
        assignment(2, AssignmentState.OPEN, "mobile", critical),
        assignment(3, AssignmentState.ACKNOWLEDGED, "mobile", critical, changed_by="mobile", note="On it."),
        assignment(4, AssignmentState.RESOLVED, "mobile", over),
    ]
    return Played(told, dead_letters=0, start_s=4.0, play_s=12.0)


def shown(played: Played) -> str:
    out = io.StringIO()
    Console(file=out, width=100, highlight=False).print(report(STORY, played))
    return out.getvalue()


def test_the_report_says_what_happened_when_and_why() -> None:
    text = shown(story())
    rows = [line.split() for line in text.splitlines()]
    found = [row for row in rows if row and row[0].startswith("+")]
    assert [row[:2] for row in found] == [
        ["+2:00", "noticed"], ["+2:01", "escalated,"], ["+4:45", "acknowledged"], ["+2:02", "resolved"],
    ]  # fmt: skip
    assert "handed over" in text
    assert "15 [b]mentions" in text
    assert "23 complaints" in text
    assert "Nothing else was sent" in text
    assert all(f"groundswell {command}" in text for command in ("topics create", "worker", "replay"))
    assert max(map(len, text.splitlines())) <= 100


def test_the_report_shows_how_it_rose_and_what_was_to_come_in_the_storys_own_time() -> None:
    played = story()
    ahead = Forecast(
        severity=Severity.CRITICAL,
        at=OPENED + timedelta(hours=1),
        early=OPENED,
        late=OPENED + timedelta(hours=3),
        assumption="",
    )
    rise = Sparkline(pane_s=1800.0, end=OPENED, values=[0.0, 1.0, 3.0, 7.0])
    low, critical, *others = played.assignments
    low.signal.forecast, critical.signal.sparkline = ahead, rise
    text = " ".join(shown(played._replace(assignments=[low, critical, *others])).split())
    assert "how it rose ▁▂▄█ the last 2 hours" in text
    assert "+3:00" in text
    assert "(+2:00 to +5:00)" in text


def test_the_report_says_how_much_it_matters_and_why() -> None:
    played = story()
    low, critical, *others = played.assignments
    parts = [
        ImpactPart(name="customers", weight=0.6, value=1.0, points=6.0, text="15 customers, about 3,750 affected"),
        ImpactPart(name="churn_risk", weight=0.4, value=0.6, points=2.6, text="20% [b]leave"),
    ]
    low.impact, critical.impact = ImpactScore(score=2.0, parts=parts[:1]), ImpactScore(score=8.6, parts=parts)
    text = " ".join(shown(played._replace(assignments=[low, critical, *others])).split())
    assert "impact 2.0: customers" in text
    assert "impact 8.6: customers, churn" in text
    assert "8.6 of 10: 15 customers, about 3,750 affected; 20% [b]leave" in text
    assert [json.loads(line)["impact"] for line in lines(played)] == [2.0, 8.6, None, None]


def test_whatever_else_was_signalled_or_refused_is_not_hidden() -> None:
    played = story()
    other = assignment(1, AssignmentState.OPEN, "cx", make_signal(id="sig-2", theme="fees"))
    text = shown(played._replace(assignments=[*played.assignments, other], dead_letters=2))
    assert "Also reported: fees" in text
    assert "2 records could not be read" in text


def test_json_lines_are_flat_first_and_whole_last() -> None:
    told = [json.loads(line) for line in lines(story())]
    assert [one["revision"] for one in told] == [1, 2, 3, 4]
    assert list(told[0])[:7] == ["signal_id", "revision", "state", "theme", "severity", "owner", "due_at"]
    assert told[2]["assignment"]["signal"]["theme"] == "login-failure"


def test_long_spans_are_told_in_days() -> None:
    assert elapsed(0.0) == "+0:00"
    assert elapsed(26 * 3600) == "+26:00"
    assert elapsed(14 * 86_400 + 7080) == "+14 days"
