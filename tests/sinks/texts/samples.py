"""Assignments that between them say everything there is to say."""

from msgspec.structs import replace

from schemas.assignment import Assignment, AssignmentState, CoOwner
from schemas.impact import ImpactPart, ImpactScore
from schemas.signal import Attention, Member, Quote, Severity, SignalState, Sparkline
from sinks.texts import Links
from tests.support.jobs import make_assignment
from tests.support.signals import OPENED, make_driver, make_signal

LINKS: Links = (("What they say", "https://cx.bank.example/?theme=login-failure"),)
HOSTILE = "<!channel> <@U123> @everyone [x](http://evil.example) <script>alert(1)</script> *b* `c` & \u202eevil 🙈 "
HOSTILE += "w" * 600


def _impact(score: float) -> ImpactScore:
    parts = [("revenue_at_risk", "EUR 1.1 million a year at risk"), ("customers", "15 customers, about 3,750 affected")]
    made = [ImpactPart(name=name, weight=0.5, value=score / 10, points=score / 2, text=text) for name, text in parts]
    return ImpactScore(score=score, parts=made, unknown=["key_metrics"])


def _quote(text: str) -> Quote:
    return Quote(event_id="e1", at=OPENED, text=text, sentiment=-0.8, sentiment_source="stars")


FULL = make_assignment(
    title="Login failure: more complaints than usual, and getting worse",
    reason="15 mentions in the last 5 hours: critical from 15; usually about 0.1",
    note="escalated from low to critical; handed over from cx-insights to product-mobile",
    revision=4,
    on_call="Ann Other",
    co_owners=[CoOwner(role="identity-platform", why="tokens are theirs")],
    impact=_impact(8.6),
    attention=Attention.NOW,
    signal=make_signal(
        revision=4,
        state=SignalState.ESCALATED,
        severity=Severity.CRITICAL,
        mentions=15,
        customers=15,
        customers_estimated=3750,
        unusual="chance alone does this less than once in 10 years",
        baseline="known for 8 days",
        context=["release 5.12 was deployed at 08:41"],
        drivers=[make_driver("os_version=iOS 17"), make_driver("app_version=5.12")],
        quotes=[
            _quote("Session expired before I am even in. iPhone 14, iOS 17"),
            _quote("I can't log in to pay my bills."),
        ],
        sparkline=Sparkline(pane_s=900.0, end=OPENED, values=[0.0, 0.0, 1.0, 0.0, 2.0, 3.0, None, 6.0], usual=0.4),
    ),
)  # fmt: skip
LEAST = make_assignment(
    severity=Severity.LOW,
    priority=4,
    owner="cx-insights",
    title="Fees",
    reason="3 mentions in the last 5 hours: low from 3",
    signal=make_signal(severity=Severity.LOW, theme="fees", customers=1, customers_estimated=1, drivers=[]),
)
INCIDENT = make_assignment(
    title="12 themes at once, all with os_version=iOS 17",
    reason="12 themes rose within 10 minutes",
    impact=_impact(9.1),
    signal=make_signal(
        rule="incident",
        theme="incident",
        cause="os_version=iOS 17",
        members=[
            Member(signal_id=f"s-{n}", theme=f"theme-{n}", rule="r", severity=Severity.HIGH, mentions=40 - n, share=0.1)
            for n in range(12)
        ],
    ),
)  # fmt: skip
OVERDUE = replace(
    FULL,
    revision=6,
    changed_by="timer",
    note="escalated to duty-manager: not acknowledged for 15 minutes; overdue: product-mobile was to acknowledge it by "
    "2026-05-04 09:15 UTC",
    escalation_step=1,
    escalated_to=["duty-manager"],
)
FIXED = replace(FULL, revision=7, state=AssignmentState.FIX_SHIPPED, changed_by="ann", note="5.12.1 is out")
RESOLVED = replace(
    LEAST,
    revision=3,
    state=AssignmentState.RESOLVED,
    reason="quiet: 0 mentions in 5 hours; noticed from 3",
    signal=make_signal(severity=Severity.LOW, theme="fees", state=SignalState.RESOLVED, customers=4, drivers=[]),
)
REGRESSED = replace(LEAST, revision=4, note="reopened after it was resolved", reason="5 mentions in the last 5 hours")
HATEFUL = make_assignment(
    title=HOSTILE,
    reason=HOSTILE,
    note=HOSTILE,
    changed_by=HOSTILE,
    signal=make_signal(quotes=[_quote(HOSTILE)], drivers=[replace(make_driver("a=b"), text=HOSTILE)]),
)
SAMPLES: dict[str, Assignment] = {
    "full": FULL,
    "least": LEAST,
    "incident": INCIDENT,
    "overdue": OVERDUE,
    "fixed": FIXED,
    "resolved": RESOLVED,
    "regressed": REGRESSED,
    "hateful": HATEFUL,
}
