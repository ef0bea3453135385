"""A channel that goes silent while the others go on, from the events to the assignment; and one that surges."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from schemas.assignment import Assignment
from streams.config import ConfigError, parse_settings
from streams.pipeline import Pipeline

START = 1_767_571_200.0
DAY, STEP = 86_400, 600
RULE = {
    "name": "silence", "detector": "surge", "of": "channel", "direction": "both", "themes": ["!fax"],
    "levels": {"medium": 1.0},
}  # fmt: skip
OWNERS = {"default": {"role": "cx-operations", "accountable": "head-of-cx"}}


def settings(**rule: Any) -> dict[str, Any]:
    return {"rules": [{**RULE, **rule}], "ownership": OWNERS}


def play(changed: dict[str, float], **rule: Any) -> list[Assignment]:
    """Three days of four channels and two themes; on the fourth from noon some channels bring so many times as much."""
    pipeline, draw, found, number = Pipeline(parse_settings(settings(**rule), Path())), Random(4), [], 0
    for step in range(int(3.75 * DAY) // STEP):
        at = START + step * STEP
        values = []
        for channel, usual in (("app", 8), ("chat", 8), ("call", 12), ("fax", 8)):
            count = usual * (changed.get(channel, 1.0) if at >= START + 3.5 * DAY else 1.0)
            for _ in range(sum(draw.random() < count / 60 for _ in range(60))):
                number += 1
                stamp = at + draw.random() * STEP
                time = datetime.fromtimestamp(stamp, UTC).isoformat()
                theme = draw.choice(["login", "fees"])
                event = {"id": f"e{number}", "time": time, "theme": theme, "channel": channel}
                values.append((stamp, orjson.dumps(event)))
        found += pipeline.feed([value for _, value in sorted(values)], at + STEP).assignments
    return found


def test_one_that_goes_silent_is_told_and_the_others_are_not() -> None:
    [assignment] = play({"app": 0.0, "fax": 0.0})
    assert (assignment.theme, assignment.owner) == ("channel=app", "cx-operations")
    assert assignment.title == "Channel app: fewer mentions than usual"
    assert assignment.signal.observed < 0.2 * assignment.signal.expected
    assert assignment.signal.opened_at.timestamp() < START + 3.5 * DAY + 3 * 3600


def test_one_that_surges_is_told() -> None:
    [assignment, *later] = play({"chat": 4.0})
    assert assignment.title == "Channel chat: more mentions than usual"
    assert {one.theme for one in later} <= {"channel=chat"}


def test_nothing_is_told_where_nothing_happens() -> None:
    assert play({}) == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"of": "chanel"}, r'rules\[0\].of: "chanel" is not counted; expected one of channel, region'),
        ({"min_customers": 3}, r"rules\[0\].min_customers: is known of themes only"),
        ({"emerging": 3}, r"rules\[0\].emerging: is known of themes only"),
    ],
)
def test_what_cannot_be_asked_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_settings(settings(**rule), Path())


def test_counting_a_dimension_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'ingest.counting.series_of\[0\]: "colour" is none of the dimensions'):
        parse_settings({"ingest": {"counting": {"series_of": ["colour"]}}, "ownership": OWNERS}, Path())
