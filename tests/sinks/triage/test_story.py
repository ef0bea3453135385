"""What ``explain`` says: every step in order, who heard of it, and why."""

from __future__ import annotations

from sinks.triage.story import story
from tests.support.triage import HOUR, IOS, Desk, driver, found, silence


def told(desk: Desk, name: str) -> list[str]:
    incidents = [audit for audit in desk.audits if audit.signal_id.startswith("inc-")]
    return list(story([audit for audit in desk.audits if audit.signal_id == name] * 2, incidents * 2))


def test_the_life_of_a_signal_that_was_silenced_and_then_told() -> None:
    desk = Desk()
    desk.controls.take(silence(theme=["pay*"], hours=1))
    desk.take(found("payment", severity="medium", reason="100 mentions"))
    desk.wait(HOUR)
    desk.take(found("payment", 2, "escalated", "high", minutes=70, opened=0, reason="200 mentions"))
    desk.take(found("payment", 3, "resolved", "high", minutes=100, opened=0, reason="quiet: 3 mentions"))
    assert told(desk, "sig-payment") == [
        "Payment, found by the rule surge of bank, sig-payment.",
        "2026-05-04 09:00:02 UTC: It opened, with medium severity (revision 1): 100 mentions. Nobody was told: "
        "silenced by ann until 2026-05-04 10:00 UTC: we are moving (sil-1).",
        "2026-05-04 10:00:00 UTC: It opened, with medium severity (revision 2): 100 mentions. payments was told at "
        "once: sil-1 has ended and it is not over; it is new, and its severity is medium.",
        "2026-05-04 10:10:00 UTC: It became worse, and has high severity (revision 3): 200 mentions. payments was told "
        "at once: it has become worse, and its severity is high.",
        "2026-05-04 10:40:00 UTC: It ended (revision 4): quiet: 3 mentions. payments was told at once: whoever was "
        "told that it had begun is told that it is over.",
        "It is over.",
    ]


def test_the_life_of_a_member_tells_what_its_incident_told() -> None:
    desk = Desk()
    desk.take(found("login", slices=[driver(IOS)], mentions=200), found("slow", severity="low", slices=[driver(IOS)]))
    desk.wait(5)
    lines = told(desk, "sig-slow")
    assert "became part of incident inc-" in lines[1]
    assert f"because it shares {IOS} and began 0 seconds after it" in lines[1]
    assert "Nobody was told: told with incident" in lines[2]
    assert "The incident inc-" in lines[3]
    assert "cx was told at once" in lines[3]
    assert lines[-1] == "It is not over: opened, low severity."
    incident = next(each.id for each in desk.signals if each.rule == "incident")
    assert told(desk, incident)[0].startswith("Login, an incident of bank")


def test_a_digest_is_told_when_it_went_out() -> None:
    desk = Desk()
    desk.take(found("slow", severity="low"))
    desk.wait(25 * HOUR)
    lines = told(desk, "sig-slow")
    assert "cx is told in the next digest: its severity is low." in lines[1]
    assert lines[2] == "2026-05-05 09:00:00 UTC: It was told in the digest of 2026-05-05 09:00 UTC, which went to cx."
