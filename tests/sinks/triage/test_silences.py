"""Silences and snoozes: what is kept back is written, and told when they end and it is not over."""

from __future__ import annotations

import msgspec
import pytest

from schemas.control import Control, Match
from schemas.signal import Attention
from schemas.triage_codec import decode_control, encode
from sinks.triage.controls import MOST, Controls, too_broad
from tests.support.triage import HOUR, IOS, MINUTE, START, Desk, driver, found, silence, snooze


def silenced(*controls: Control) -> Desk:
    desk = Desk()
    for control in controls:
        desk.controls.take(control)
    return desk


def test_a_silenced_signal_is_written_and_nobody_is_told() -> None:
    desk = silenced(silence(theme=["login*"]))
    desk.take(found("login"), found("pay"))
    desk.wait(5)
    assert desk.told() == [("pay", "opened")]
    (kept,) = [each for each in desk.signals if each.theme == "login"]
    assert kept.attention is Attention.NONE
    assert kept.attention_reason == "silenced by ann until 2026-05-04 11:00 UTC: we are moving (sil-1)"


def test_what_is_not_over_is_told_when_the_silence_ends() -> None:
    desk = silenced(silence(theme=["login*"]))
    desk.take(found("login"))
    desk.take(found("login", 2, "escalated", "critical", minutes=10, opened=0))
    desk.wait(HOUR)
    assert desk.told() == []
    desk.wait(HOUR)
    assert desk.told() == [("login", "opened")], "that it began is what nobody knows"
    last = desk.signals[-1]
    assert (last.revision, last.severity.value) == (3, "critical")
    assert str(last.attention_reason).startswith("sil-1 has ended and it is not over")
    desk.take(found("login", 3, "resolved", minutes=240, opened=0))
    assert (desk.signals[-1].revision, desk.told()[-1]) == (4, ("login", "resolved"))


def test_what_was_over_before_is_never_told() -> None:
    desk = silenced(silence(theme=["login*"]))
    desk.take(found("login"))
    desk.take(found("login", 2, "resolved", minutes=60, opened=0))
    desk.wait(3 * HOUR)
    assert [each.attention for each in desk.signals] == [Attention.NONE, Attention.NONE]


def test_what_has_gone_quiet_waits_until_it_is_bad_again() -> None:
    desk = silenced(silence(theme=["login*"]))
    desk.take(found("login"))
    desk.take(found("login", 2, "resolving", minutes=100, opened=0))
    desk.wait(3 * HOUR)
    assert desk.told() == []
    desk.take(found("login", 3, "updated", minutes=300, opened=0))
    assert desk.told() == [("login", "updated")]


def test_whoever_was_told_of_a_beginning_is_told_of_the_end_in_spite_of_a_silence() -> None:
    desk = Desk()
    desk.take(found("login"))
    desk.wait(5)
    desk.controls.take(silence(theme=["login*"]))
    desk.take(found("login", 2, "escalated", "critical", minutes=5, opened=0))
    desk.take(found("login", 3, "resolved", "critical", minutes=60, opened=0))
    assert desk.told() == [("login", "opened"), ("login", "resolved")]


def test_an_update_under_a_silence_is_not_told_afterwards() -> None:
    desk = Desk()
    desk.take(found("login"))
    desk.wait(5)
    desk.controls.take(silence(theme=["login*"]))
    desk.take(found("login", 2, "updated", minutes=5, opened=0))
    desk.wait(3 * HOUR)
    assert desk.told() == [("login", "opened")]


def test_a_silence_ended_early_tells_at_once() -> None:
    control = silence(theme=["login*"])
    desk = silenced(control)
    desk.take(found("login"))
    desk.wait(MINUTE)
    ended = msgspec.structs.replace(
        control, at=found("x", minutes=1).at, expires=found("x", minutes=1).at, ended_by="b"
    )
    desk.controls.take(ended)
    desk.controls.take(control)
    desk.turn()
    assert desk.told() == [("login", "opened")]


def test_an_incident_is_silenced_if_all_its_members_are() -> None:
    for themes, told in (["login*"], 1), (["login*", "pay*"], 0):
        desk = silenced(silence(theme=themes))
        desk.take(*(found(theme, slices=[driver(IOS)]) for theme in ("login", "pay")))
        desk.wait(HOUR)
        assert len(desk.told()) == told
        desk.wait(2 * HOUR)
        assert desk.told() == [("incident", "opened")]


@pytest.mark.parametrize(
    ("match", "hidden"),
    [
        ({"slice": ["os_version=17*"]}, True),
        ({"slice": ["os_version=16*"]}, False),
        ({"rule": ["surge"], "severity": ["low", "HIGH"]}, True),
        ({"owner": ["payments"]}, True),
        ({"tenant": ["shop"]}, False),
        ({"theme": ["pay"], "severity": ["low"]}, False),
    ],
)
def test_a_silence_matches_what_it_says(match: dict[str, list[str]], hidden: bool) -> None:
    desk = silenced(silence(**match))
    desk.take(found("pay", slices=[driver(IOS)]))
    desk.wait(5)
    assert (desk.told() == []) is hidden


def test_a_snooze_ends_after_so_many_mentions() -> None:
    desk = Desk()
    desk.take(found("login"))
    desk.wait(5)
    desk.controls.take(snooze("sig-login", mentions=50))
    desk.turn()
    desk.take(found("login", 2, "flapping", minutes=5, opened=0, total_mentions=149))
    assert desk.told() == [("login", "opened")]
    desk.take(found("login", 3, "updated", minutes=6, opened=0, total_mentions=150))
    assert desk.told() == [("login", "opened"), ("login", "updated")]


def test_a_snooze_ends_with_its_time_or_when_it_becomes_worse() -> None:
    desk = Desk()
    desk.take(found("login", severity="medium"))
    desk.wait(5)
    desk.controls.take(snooze("sig-login"))
    desk.turn()
    desk.take(found("login", 2, "flapping", "medium", minutes=5, opened=0))
    desk.wait(HOUR)
    assert desk.told() == [("login", "opened")]
    desk.take(found("login", 3, "escalated", "high", minutes=70, opened=0))
    assert desk.told()[-1] == ("login", "escalated")
    again = Desk()
    again.take(found("pay"))
    again.wait(5)
    again.controls.take(snooze("sig-pay"))
    again.take(found("pay", 2, "flapping", minutes=5, opened=0))
    again.wait(2 * HOUR)
    assert again.told() == [("pay", "opened"), ("pay", "flapping")]


@pytest.mark.parametrize(
    ("match", "broad"),
    [
        (Match(theme=["*"]), True),
        (Match(theme=["login-*", "?*"]), True),
        (Match(tenant=["bank"]), True),
        (Match(severity=["low"]), True),
        (Match(theme=["*"], slice=["*"]), True),
        (Match(theme=["*"], slice=["region=*"]), False),
        (Match(rule=["surge"]), False),
        (Match(theme=["login-*"]), False),
    ],
)
def test_a_broad_silence_is_warned_of(match: Match, broad: bool) -> None:
    assert bool(too_broad(match)) is broad


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expires": "2026-05-04T08:00:00Z"}, "expires: lies before starts"),
        ({"match": {}}, "match: is empty"),
        ({"kind": "snooze", "match": {}}, "signal_id: is missing"),
        ({"kind": "snooze", "signal_id": "sig-1"}, "match: a snooze takes none"),
        ({"mentions": 3}, "signal_id, mentions: a silence takes none"),
        ({"kind": "snooze", "match": {}, "signal_id": "sig-1", "mentions": 0}, "mentions"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    plain = msgspec.json.decode(encode(silence(theme=["login"])))
    with pytest.raises(msgspec.ValidationError, match=message):
        decode_control(msgspec.json.encode({**plain, **change}))


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_control_are_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_control(data)


def test_controls_are_bounded_and_end() -> None:
    controls = Controls()
    for n in range(MOST + 5):
        controls.take(silence(hours=1 + n, name=f"sil-{n}", theme=["a"]))
    assert len(list(controls)) == MOST
    assert "sil-0" not in {control.id for control in controls}
    controls.expire(START + 10 * HOUR)
    assert len(list(controls)) == MOST - 4
