"""One cause, one incident: what belongs together is told once, and what does not is not hidden."""

from __future__ import annotations

import pytest

from schemas.signal import Attention, Driver, Severity, SignalState
from sinks.triage.section import TriageConfig
from tests.support.triage import DAY, HOUR, IOS, MINUTE, Desk, driver, found

NOW = Attention.NOW


def storm(count: int, minutes: float = 0.0, **more: object) -> list[object]:
    return [found(f"theme-{n}", minutes=minutes, slices=[driver(IOS)], **more) for n in range(count)]  # type: ignore[arg-type]


def test_what_begins_together_with_one_slice_is_one_message() -> None:
    desk = Desk()
    assert desk.take(*storm(5)) == []
    told = desk.wait(5)
    assert desk.told() == [("incident", "opened")]
    (parent,) = [each for each in told if each.rule == "incident"]
    assert parent.cause == IOS
    assert [member.signal_id for member in parent.members or ()] == [f"sig-theme-{n}" for n in range(5)]
    assert all(f"Theme {n}" in parent.reason for n in range(5))
    assert IOS in parent.title
    children = [each for each in told if each.rule != "incident"]
    assert {each.attention for each in children} == {Attention.NONE}
    assert {each.incident for each in children} == {parent.id}
    assert all("told with incident" in str(each.attention_reason) for each in children)


def test_its_numbers_are_those_of_its_members() -> None:
    desk = Desk()
    desk.take(
        found("login", severity="medium", slices=[driver(IOS, of=200)], mentions=200, customers=90, sentiment=-0.5),
        found("pay", severity="high", slices=[driver(IOS, of=100)], mentions=100, customers=70, sentiment=-0.2),
    )
    (parent,) = [each for each in desk.wait(5) if each.rule == "incident"]
    assert (parent.theme, parent.severity, parent.mentions, parent.customers) == ("login", Severity.HIGH, 300, 90)
    assert parent.sentiment == pytest.approx(-0.4)
    assert (parent.drivers[0].mentions, parent.drivers[0].of) == (270, 300)
    assert [(each.theme, each.share) for each in parent.members or ()] == [("login", 0.6667), ("pay", 0.3333)]


def test_a_critical_one_does_not_wait() -> None:
    desk = Desk()
    assert desk.take(found("login", severity="critical")) != []
    assert desk.told() == [("login", "opened")]


def test_who_was_told_of_one_is_told_of_the_rest_at_the_next_interval() -> None:
    desk = Desk()
    desk.take(found("login", slices=[driver(IOS)]))
    desk.wait(5)
    assert desk.told() == [("login", "opened")]
    for n in range(1, 4):
        desk.take(found(f"theme-{n}", minutes=n, slices=[driver(IOS)]))
        desk.wait(5)
    assert desk.told() == [("login", "opened")]
    desk.wait(10 * MINUTE)
    assert desk.told() == [("login", "opened"), ("incident", "opened")]
    parent = desk.signals[-1]
    assert len(parent.members or ()) == 4


def test_more_of_the_same_is_for_the_digest_and_at_most_every_interval() -> None:
    desk = Desk()
    desk.take(*storm(3))
    desk.wait(5)
    for n in range(1, 60):
        desk.take(found(f"more-{n}", minutes=n, slices=[driver(IOS)]), minutes=n)
        desk.wait(30)
    updates = [each for each in desk.signals if each.rule == "incident" and each.state is SignalState.UPDATED]
    assert desk.told() == [("incident", "opened")]
    assert {each.attention for each in updates} == {Attention.DIGEST}
    assert 10 <= len(updates) <= 12
    named = {member.theme for each in updates for member in each.members or ()}
    assert named >= {f"more-{n}" for n in range(1, 54)}


def test_it_is_over_when_all_are_and_whoever_was_told_hears_it_once() -> None:
    desk = Desk()
    desk.take(found("login", slices=[driver(IOS)]))
    desk.wait(5)
    desk.take(*storm(2, minutes=1))
    desk.wait(10 * MINUTE)
    desk.take(found("login", 2, "resolved", minutes=60, opened=0))
    desk.take(found("theme-0", 2, "resolved", minutes=61, opened=1))
    assert ("incident", "resolved") not in desk.told()
    desk.take(found("theme-1", 2, "resolved", minutes=62, opened=1))
    assert desk.told() == [("login", "opened"), ("incident", "opened"), ("incident", "resolved")]
    assert desk.signals[-1].severity is Severity.HIGH


def test_one_that_was_over_before_the_message_is_told_only_as_over() -> None:
    desk = Desk()
    desk.take(found("login", slices=[driver(IOS)]))
    desk.wait(5)
    desk.take(found("pay", minutes=1, slices=[driver(IOS)]))
    desk.wait(5)
    desk.take(found("login", 2, "resolved", minutes=2, opened=0), found("pay", 2, "resolved", minutes=2, opened=1))
    assert desk.told() == [("login", "opened"), ("incident", "resolved")]


def test_a_member_that_becomes_worse_makes_the_incident_worse() -> None:
    desk = Desk()
    desk.take(*storm(3, severity="medium"))
    desk.wait(5)
    desk.take(found("theme-1", 2, "escalated", "critical", minutes=1, opened=0, slices=[driver(IOS)]))
    assert desk.told() == [("incident", "opened"), ("incident", "escalated")]
    assert desk.signals[-1].severity is Severity.CRITICAL


def test_a_member_that_comes_back_brings_the_incident_back() -> None:
    desk = Desk()
    desk.take(*storm(2))
    desk.wait(5)
    desk.take(*(found(f"theme-{n}", 2, "resolved", minutes=60, opened=0) for n in range(2)))
    desk.take(found("theme-0", 3, "regressed", minutes=120, opened=0, slices=[driver(IOS)]))
    assert desk.told() == [("incident", "opened"), ("incident", "resolved"), ("incident", "regressed")]
    desk.take(found("theme-0", 4, "resolved", minutes=180, opened=0))
    assert desk.told()[-1] == ("incident", "resolved")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([], id="no slice rose"),
        pytest.param([driver("region=north")], id="another slice rose"),
        pytest.param([driver("region=north", 0.9, 0.01), driver(IOS, 0.5, 0.2)], id="another slice explains it better"),
    ],
)
def test_what_does_not_share_the_cause_is_told_by_itself(other: list[object]) -> None:
    desk = Desk()
    desk.take(*storm(5))
    desk.wait(5)
    desk.take(found("cards", minutes=3, slices=other))  # type: ignore[arg-type]
    desk.wait(5)
    assert desk.told() == [("incident", "opened"), ("cards", "opened")]
    assert not desk.signals[-1].incident


def test_two_at_a_time_without_a_slice_are_a_coincidence() -> None:
    desk = Desk()
    desk.take(found("login"), found("pay"))
    desk.wait(5)
    assert sorted(desk.told()) == [("login", "opened"), ("pay", "opened")]


def test_two_that_share_a_slice_that_half_of_the_traffic_has_are_a_coincidence() -> None:
    desk = Desk()
    desk.take(*(found(theme, slices=[driver("channel=app", 0.95, 0.45)]) for theme in ("login", "pay")))
    desk.wait(5)
    assert sorted(desk.told()) == [("login", "opened"), ("pay", "opened")]


def test_two_that_share_a_slice_hours_apart_are_no_incident() -> None:
    desk = Desk()
    for minutes, theme in ((0, "login"), (150, "pay")):
        desk.take(found(theme, minutes=minutes, slices=[driver(IOS)]))
        desk.wait(5)
    assert desk.told() == [("login", "opened"), ("pay", "opened")]


def test_three_at_once_without_a_slice_are_one_message() -> None:
    desk = Desk()
    desk.take(found("login"), found("pay", minutes=1), found("cards", minutes=2))
    desk.wait(5)
    assert desk.told() == [("incident", "opened")]
    assert "no slice explains it" in desk.signals[-1].reason
    desk.take(found("loans", minutes=4))
    desk.wait(10 * MINUTE)
    assert desk.told()[1:] == [("incident", "updated")], "it may be another matter, so it is named at once"
    assert "loans" in str(desk.signals[-1].attention_reason)


def test_a_rise_and_falls_at_once_are_no_incident() -> None:
    desk = Desk()
    desk.take(found("login"), found("pay", observed=1.0), found("cards", observed=1.0))
    desk.wait(5)
    assert len(desk.told()) == 3


def test_three_at_once_are_a_coincidence_where_so_many_are_usual() -> None:
    desk = Desk(TriageConfig(interruptions_per_day=None))
    for n in range(200):
        desk.take(found(f"noise-{n}", minutes=7 * n))
        desk.wait(5)
    before = len(desk.told())
    desk.take(*(found(theme, minutes=1460) for theme in ("login", "pay", "cards")))
    desk.wait(5)
    assert len(desk.told()) == before + 3


def test_the_smallest_slice_that_covers_them_is_the_cause() -> None:
    desk = Desk()
    wide, narrow = driver("channel=app", 0.95, 0.4), driver(IOS, 0.9, 0.05)
    desk.take(*(found(f"theme-{n}", slices=[wide, narrow]) for n in range(4)), found("odd", slices=[wide]))
    desk.wait(5)
    (parent,) = [each for each in desk.signals if each.rule == "incident"]
    assert parent.cause == IOS
    assert "sig-odd" not in {member.signal_id for member in parent.members or ()}
    assert "channel=app" in parent.reason, "every slice that rose is named"


def test_evidence_that_comes_later_still_counts() -> None:
    desk = Desk()
    desk.take(*storm(3))
    desk.take(found("late", minutes=2, severity="medium"))
    desk.wait(5)
    assert sorted(desk.told()) == [("incident", "opened"), ("late", "opened")]
    desk.take(found("late", 2, "escalated", "high", minutes=5, opened=2, slices=[driver(IOS)]))
    desk.wait(HOUR)
    assert len(desk.told()) == 2, "the incident speaks for it from now on"
    assert any(each.rule == "incident" and "Late" in each.reason for each in desk.signals)


def test_one_theme_found_by_two_rules_is_not_told_twice() -> None:
    desk = Desk()
    desk.take(found("login"))
    desk.wait(5)
    desk.take(found("login", minutes=3, id="sig-login-count", rule="count"))
    desk.wait(HOUR)
    assert desk.told() == [("login", "opened")]
    assert "found by several rules" in desk.signals[-1].title


def test_an_incident_ends_being_remembered() -> None:
    desk = Desk()
    desk.take(*storm(2))
    desk.wait(5)
    desk.take(*(found(f"theme-{n}", 2, "resolved", minutes=60, opened=0) for n in range(2)))
    desk.wait(2 * DAY)
    assert len(desk.triage.state.signals) == 3
    desk.wait(2 * HOUR)
    state = desk.triage.state
    assert (state.signals, state.incidents) == ({}, {})


def faint(*names: str) -> list[Driver]:
    """Slices that hold a third of the mentions: of a rise that has only begun, for half are usual."""
    return [driver(name, 0.35, 0.05) for name in names]


def test_what_is_usual_is_taken_out_before_the_rise_is_explained() -> None:
    desk = Desk()
    desk.take(*(found(theme, slices=faint(IOS), expected=45.0) for theme in ("login", "pay")))
    desk.wait(5)
    assert desk.told() == [("incident", "opened")], "35 of 100, of which 45 are usual: 33 of the 55 that rose"
    alone = Desk()
    alone.take(*(found(theme, slices=faint(IOS), expected=10.0) for theme in ("login", "pay")))
    alone.wait(5)
    assert len(alone.told()) == 2


def test_three_with_weak_evidence_are_an_incident_and_weak_evidence_joins_it() -> None:
    desk = Desk()
    desk.take(*(found(f"theme-{n}", slices=faint(IOS)) for n in range(3)))
    desk.wait(5)
    desk.take(found("more", minutes=2, slices=faint(IOS)))
    desk.wait(HOUR)
    assert desk.told() == [("incident", "opened")]
    assert len(desk.signals[-1].members or ()) == 4


def test_a_slice_that_rose_with_the_cause_hides_nobody() -> None:
    desk = Desk()
    north = driver("region=north", 0.6, 0.05)
    desk.take(*(found(f"theme-{n}", slices=[driver(IOS), north]) for n in range(5)))
    desk.wait(5)
    desk.take(found("cards", minutes=10, slices=[driver("region=north", 0.95, 0.05)]))
    desk.wait(5)
    assert desk.told() == [("incident", "opened"), ("cards", "opened")]


def test_an_old_signal_that_becomes_worse_in_a_storm_is_part_of_it() -> None:
    desk = Desk()
    desk.take(found("old", severity="medium"))
    desk.wait(5)
    desk.take(*storm(4, minutes=400))
    desk.wait(5)
    desk.take(found("old", 2, "escalated", "high", minutes=402, opened=0, slices=[driver(IOS)]))
    desk.wait(HOUR)
    assert desk.told() == [("old", "opened"), ("incident", "opened")]
    assert "Old" in desk.signals[-1].reason


def test_incidents_that_turn_out_to_have_one_cause_become_one() -> None:
    desk = Desk()
    desk.take(*(found(f"early-{n}", minutes=n / 2) for n in range(3)))
    desk.wait(5)
    assert desk.told() == [("incident", "opened")]
    first = desk.signals[-1].id
    desk.take(*storm(5, minutes=4))
    desk.wait(5)
    desk.take(*(found(f"early-{n}", 2, "updated", minutes=6, opened=n / 2, slices=[driver(IOS)]) for n in range(3)))
    absorbed = next(each for each in reversed(desk.signals) if each.id == first)
    assert (absorbed.state, absorbed.attention) == (SignalState.RESOLVED, Attention.NONE)
    assert "is part of it now" in absorbed.reason
    early, late = [f"early-{n}" for n in range(3)], [f"theme-{n}" for n in range(5)]
    desk.take(*(found(theme, 3, "resolved", minutes=60, opened=0) for theme in early))
    assert ("incident", "resolved") not in desk.told()
    desk.take(*(found(theme, 2, "resolved", minutes=61, opened=4) for theme in late))
    assert desk.told()[-1] == ("incident", "resolved")
    assert [state for _, state in desk.told()].count("resolved") == 1
    assert {member.theme for member in desk.signals[-1].members or ()} == {*early, *late}
