"""Who is told at once, who in the digest, and who not: by state, by severity, by subscription, by budget."""

from __future__ import annotations

import pytest

from schemas.signal import Attention, Phase, Severity
from sinks.triage.section import SubscriptionConfig, SubscriptionMatch, TriageConfig
from tests.support.triage import DAY, HOUR, MINUTE, Desk, found

NOW, DIGEST, NONE = Attention.NOW, Attention.DIGEST, Attention.NONE


@pytest.mark.parametrize(
    ("state", "severity", "phase", "attention"),
    [
        ("opened", "low", None, DIGEST),
        ("opened", "medium", None, NOW),
        ("opened", "medium", "emerging", DIGEST),
        ("opened", "high", "emerging", NOW),
        ("opened", "critical", None, NOW),
        ("updated", "critical", None, DIGEST),
        ("ongoing", "critical", None, DIGEST),
        ("resolving", "critical", None, NONE),
        ("resolved", "critical", None, NONE),
        ("regressed", "medium", None, NOW),
        ("flapping", "medium", None, NOW),
        ("flapping", "low", None, DIGEST),
    ],
)
def test_by_state_and_severity(state: str, severity: str, phase: str | None, attention: Attention) -> None:
    desk = Desk()
    desk.take(found("login", state=state, severity=severity, **({"phase": Phase(phase)} if phase else {})))
    (told,) = desk.signals or desk.wait(5)
    assert told.attention is attention
    assert told.attention_reason


@pytest.mark.parametrize(("severity", "attention"), [("low", DIGEST), ("high", NOW)])
def test_the_end_is_told_as_the_beginning_was(severity: str, attention: Attention) -> None:
    desk = Desk()
    desk.take(found("login", severity=severity))
    desk.wait(5)
    desk.take(found("login", 2, "resolved", severity, minutes=60, opened=0))
    assert desk.told(attention) == [("login", "opened"), ("login", "resolved")]


def test_the_end_is_told_once() -> None:
    desk = Desk()
    desk.take(found("login"))
    desk.wait(5)
    desk.take(found("login", 2, "resolved", minutes=60, opened=0))
    desk.take(found("login", 3, "resolved", minutes=61, opened=0))
    assert desk.told() == [("login", "opened"), ("login", "resolved")]


def test_repeats_and_older_revisions_are_dropped() -> None:
    desk = Desk()
    desk.take(found("login"), found("login", 2, "escalated", "critical", minutes=1, opened=0))
    desk.take(found("login"), found("login", 2, "escalated", "critical", minutes=1, opened=0))
    assert [each.revision for each in desk.signals] == [1, 2]


def test_what_was_over_before_it_could_be_told_interrupts_nobody() -> None:
    desk = Desk()
    desk.take(found("login"), found("login", 2, "resolved", minutes=60, opened=0))
    desk.wait(5)
    assert [(each.attention, each.state.value) for each in desk.signals] == [(DIGEST, "opened"), (DIGEST, "resolved")]


def subscribed(**more: object) -> Desk:
    match = SubscriptionMatch(theme="login*")
    return Desk(TriageConfig(subscriptions=(SubscriptionConfig(match=match, **more),)))  # type: ignore[arg-type]


def test_only_when_it_becomes_escalating() -> None:
    desk = subscribed(when="escalating", otherwise="none")
    desk.take(found("login"), found("pay"))
    desk.wait(5)
    assert desk.told() == [("pay", "opened")]
    desk.take(found("login", 2, "escalated", "critical", minutes=5, opened=0))
    assert desk.told()[-1] == ("login", "escalated")
    assert "a subscription to theme login*" in str(desk.signals[-1].attention_reason)
    desk.take(found("login", 3, "resolved", "critical", minutes=50, opened=0))
    assert desk.told()[-1] == ("login", "resolved")


def test_of_several_subscriptions_the_last_counts() -> None:
    given = (
        SubscriptionConfig(match=SubscriptionMatch(theme="*"), how="none"),
        SubscriptionConfig(match=SubscriptionMatch(owner="payments", severity=["low", "medium"]), how="now"),
    )
    desk = Desk(TriageConfig(subscriptions=given))
    desk.take(found("pay", severity="low"), found("login"), found("payout", minutes=20, severity="high"))
    desk.wait(5)
    assert desk.told() == [("pay", "opened")]
    assert len(desk.told(NONE)) == 2


def test_states_of_a_subscription_and_the_others() -> None:
    desk = subscribed(when=["opened", "updated"], how="now", otherwise="digest")
    desk.take(found("login", severity="low"))
    desk.wait(5)
    desk.take(found("login", 2, "updated", "low", minutes=5, opened=0))
    desk.take(found("login", 3, "escalated", "critical", minutes=6, opened=0))
    assert [each.attention for each in desk.signals] == [NOW, NOW, DIGEST]


def test_ends_can_be_asked_for_in_the_digest() -> None:
    desk = subscribed(when=["resolved"], how="digest", otherwise="now")
    desk.take(found("login"))
    desk.wait(5)
    desk.take(found("login", 2, "resolved", minutes=60, opened=0))
    assert [each.attention for each in desk.signals] == [NOW, DIGEST]


def busy(most: int, severity: str, count: int = 8) -> Desk:
    desk = Desk(TriageConfig(interruptions_per_day=most))
    for n in range(count):
        desk.take(found(f"theme-{n}", minutes=40 * n, severity=severity))
        desk.wait(5)
    return desk


@pytest.mark.parametrize(
    ("severity", "told"), [("medium", 3), ("high", 5), ("critical", 8)], ids=["medium", "high", "critical"]
)
def test_a_day_has_a_budget(severity: str, told: int) -> None:
    desk = busy(5, severity)
    assert len(desk.told()) == told
    assert len(desk.told(DIGEST)) == 8 - told
    assert all("was interrupted" in str(each.attention_reason) for each in desk.signals[told:])


def test_the_budget_is_an_owners_and_a_days() -> None:
    desk = busy(5, "high")
    desk.take(found("pay", minutes=330))
    desk.wait(5)
    assert desk.told()[-1] == ("pay", "opened")
    desk.take(found("late", minutes=16 * 60))
    desk.wait(5)
    assert desk.told()[-1] == ("late", "opened"), "the next day of the tenant"


def test_the_day_is_the_tenants() -> None:
    desk = Desk(TriageConfig(interruptions_per_day=1), offset_s=-9.5 * HOUR)
    for n in range(2):
        desk.take(found(f"theme-{n}", minutes=40 * n))
        desk.wait(5)
    assert len(desk.told()) == 2, "09:00 and 09:40 UTC are on both sides of its midnight"


def test_no_budget_and_no_interruptions() -> None:
    assert len(busy(0, "high").told()) == 0
    desk = Desk(TriageConfig(interruptions_per_day=None))
    for n in range(30):
        desk.take(found(f"theme-{n}", minutes=40 * n))
        desk.wait(5)
    assert len(desk.told()) == 30


def test_the_digest_goes_out_at_its_hour_with_the_worst_first() -> None:
    desk = Desk(TriageConfig(digest_at=("09:00", "17:30"), interruptions_per_day=1))
    desk.take(found("login", severity="low"), found("cards", severity="low"))
    desk.take(found("pay", severity="low", minutes=40))
    desk.wait(5)
    desk.take(found("login", 2, "updated", "medium", minutes=300, opened=0))
    desk.wait(9 * HOUR)
    digests = {each.owner: each for each in desk.digests}
    assert {owner: each.at.strftime("%H:%M") for owner, each in digests.items()} == {"cx": "17:30", "payments": "17:30"}
    items = digests["cx"].items
    assert [(item.theme, item.revision, item.severity) for item in items] == [
        ("login", 2, Severity.MEDIUM),
        ("cards", 1, Severity.LOW),
    ]
    desk.wait(2 * DAY)
    assert len(desk.digests) == 2, "nothing more to say, nothing sent"
    assert [audit.signal_id for audit in desk.audits if audit.kind == "digested"].count("sig-login") == 1


def test_every_revision_leaves_a_record_of_the_decision() -> None:
    desk = busy(2, "high")
    desk.take(found("login", 1, minutes=330, severity="low"))
    desk.wait(MINUTE)
    published = {(audit.signal_id, audit.revision): audit for audit in desk.audits if audit.kind == "published"}
    assert published.keys() == {(each.id, each.revision) for each in desk.signals}
    for each in desk.signals:
        audit = published[each.id, each.revision]
        assert (audit.attention, audit.why, audit.state) == (each.attention, each.attention_reason, each.state)
    assert len({audit.id for audit in desk.audits}) == len(desk.audits)
