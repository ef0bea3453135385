"""What a person reads beside the reason: short, and only what is known."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.signal import Forecast, Severity, Sparkline
from sinks.in_words import bars, more
from tests.support.signals import OPENED, make_signal

AHEAD = Forecast(
    severity=Severity.CRITICAL,
    at=OPENED + timedelta(minutes=40),
    early=OPENED + timedelta(minutes=25),
    late=OPENED + timedelta(minutes=70),
    assumption="mentions go on as in the last 5 hours",
)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, ""),
        ({"baseline": "3 weeks of history"}, ""),
        ({"baseline": "young: 2 days of history"}, "Young: 2 days of history."),
        ({"unusual": "about once a day by chance"}, "About once a day by chance."),
        (
            {"unusual": "about once a day by chance", "baseline": "3 weeks of history"},
            "About once a day by chance (3 weeks of history).",
        ),
        ({"context": ["a deploy 20 minutes earlier", ""]}, "A deploy 20 minutes earlier."),
        ({"forecast": AHEAD}, "At this rate critical around 09:40 UTC (09:25 to 10:10)."),
    ],
)
def test_what_is_unknown_is_not_said(known: dict[str, Any], said: str) -> None:
    assert more(make_signal(**known)) == said


def test_all_of_it_is_one_short_paragraph() -> None:
    signal = make_signal(unusual="about once in 14 weeks by chance", context=["Labour Day"], forecast=AHEAD)
    assert more(signal) == (
        "About once in 14 weeks by chance. Labour Day. At this rate critical around 09:40 UTC (09:25 to 10:10)."
    )
    assert "critical around +40 (+25 to +70)" in more(signal, minutes)


def minutes(moment: datetime) -> str:
    return f"+{(moment - OPENED).total_seconds() / 60:.0f}"


def test_another_day_is_named() -> None:
    late = make_signal(at=OPENED + timedelta(hours=14, minutes=40), forecast=later(hours=15))
    assert more(late) == "At this rate critical around 5 May 00:40 UTC (5 May 00:25 to 5 May 01:10)."
    over_midnight = make_signal(at=OPENED + timedelta(hours=14), forecast=later(hours=14, minutes=10))
    assert more(over_midnight) == "At this rate critical around 23:50 UTC (23:35 to 5 May 00:20)."


def later(**delta: float) -> Forecast:
    by = timedelta(**delta)
    return Forecast(
        severity=AHEAD.severity, at=AHEAD.at + by, early=AHEAD.early + by, late=AHEAD.late + by, assumption=""
    )


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ([], ""),
        ([0.0, 0.0], "▁▁"),
        ([None, 1.0], " █"),
        ([1.0, 2.0, 4.0, 8.0], "▂▃▅█"),
        ([0.1, -0.2, -0.9], "█▆▁"),
        ([1.0] * 47 + [2.0], "▅" * 23 + "█"),
        ([9.0] + [0.0] * 24, "█" + "▁" * 12),
        ([-0.1, -0.9, None, None], "▁ "),
    ],
)
def test_a_row_of_bars(values: list[float | None], row: str) -> None:
    line = Sparkline(pane_s=60.0, end=OPENED, values=values)
    assert bars(line, most=24 if len(values) > 4 else 2 if values[2:3] == [None] else 4) == row
