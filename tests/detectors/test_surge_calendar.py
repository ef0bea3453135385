"""``surge`` and what has been declared beforehand: muted, expected, told, not learned."""

from datetime import datetime
from random import Random

import pytest

from detectors.calendar import Calendar, Calendars
from detectors.declared import Entry
from detectors.evidence import NO_TRAFFIC
from detectors.local_time import LocalTime
from detectors.rules import RuleSet
from detectors.series import Series
from detectors.shelf import Shelf
from detectors.surge import SurgeSpec
from schemas.signal import Severity, Signal

START = 1_767_571_200.0
"""Monday, 5 January 2026, 00:00 UTC."""
PANE, DAY = 900, 86_400
SPEC = SurgeSpec(name="surge", levels={Severity.LOW: 1.0}, pane_s=PANE, settle_s=0.0)


def play(entry: Entry | None, rise_on: int, days: int = 12) -> list[Signal]:
    """A series of about four mentions a pane, and sixteen from 9 to 12 on one day; what it signals."""
    calendars = None if entry is None else Calendars(Calendar(LocalTime("UTC"), [entry]))
    shelf = Shelf(RuleSet([SPEC], "v1", calendars), 1.0)
    series = Series("bank", "login", RuleSet([SPEC], "v1", calendars), START, 1.0, shelf.around("bank"))
    draw, told = Random(7), []
    for number in range(days * DAY // PANE):
        pane = START + number * PANE
        day, hour = divmod(pane - START, DAY)
        count = sum(draw.random() < 0.2 for _ in range(20))
        if day == rise_on and 9 <= hour / 3600 < 12:
            count *= 4
        if count:
            series.history.mentions.add(int(pane), count, 0, 0.0)
            series.history.latest = pane + PANE - 1.0
            told += series.judge(pane + PANE, NO_TRAFFIC)
    return told


def entry(kind: str, **more: object) -> Entry:
    start, end = datetime.fromisoformat("2026-01-15T08:00"), datetime.fromisoformat("2026-01-15T14:00")
    return Entry(name="spring sale", kind=kind, start=start, end=end, **more)


def test_a_rise_that_nobody_declared_is_signalled() -> None:
    opened = play(None, rise_on=10)
    assert [signal.state.value for signal in opened][:1] == ["opened"]
    assert not opened[0].context


@pytest.mark.parametrize(
    "declared", [entry("campaign", multiplier=4.0), entry("campaign", effect="mute"), entry("closure")]
)
def test_a_rise_that_was_declared_is_not(declared: Entry) -> None:
    assert play(declared, rise_on=10) == []


def test_a_deploy_does_not_mute_and_is_told_as_a_likely_cause() -> None:
    opened = play(entry("deploy"), rise_on=10)
    assert opened
    assert any("spring sale" in text for text in opened[0].context)


def test_more_than_the_campaign_was_expected_to_bring_is_signalled() -> None:
    assert play(entry("campaign", multiplier=1.2), rise_on=10)


def test_what_is_not_learned_leaves_the_baseline_alone() -> None:
    quiet = play(entry("campaign", effect="mute"), rise_on=10, days=20)
    assert quiet == []
