"""The example configuration on a theme with a daily rhythm: its mornings are no news, an hour of trouble is."""

from pathlib import Path
from random import Random

import orjson

from schemas.signal import SignalState
from streams.config import load_settings
from streams.pipeline import Pipeline, Told

EXAMPLE = Path(__file__).parents[2] / "deploy" / "groundswell.toml"
START = 1_767_571_200.0
"""Monday, 5 January 2026, 00:00 UTC."""
DAY, STEP = 86_400, 600


def play(trouble: bool, days: int = 5) -> list[Told]:
    """Mentions of one theme, busy from 8 to 20; on the last day, if asked, five times as many from 14 to 15."""
    pipeline, draw, told, number = Pipeline(load_settings(EXAMPLE)), Random(3), [], 0
    for step in range(days * DAY // STEP):
        at = START + step * STEP
        day, hour = int((at - START) // DAY), (at - START) % DAY / 3600
        usual = 6.0 if 8 <= hour < 20 else 0.6
        if trouble and day == days - 1 and 14 <= hour < 15:
            usual *= 5.0
        values = []
        for _ in range(sum(draw.random() < usual / 60 for _ in range(60))):
            number += 1
            stamp = at + draw.random() * STEP
            event = {"id": f"e{number}", "time": stamp, "theme": "card-payment", "customer": f"c{number % 997}"}
            values.append((stamp, orjson.dumps({**event, "time": _text(stamp)})))
        if values:
            told.append(pipeline.feed([value for _, value in sorted(values)], at + STEP))
    return told


def _text(stamp: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(stamp, UTC).isoformat()


def test_a_daily_rhythm_is_no_news_once_it_is_known() -> None:
    opened = [s for told in play(trouble=False) for s in told.signals if s.rule == "surge" and s.opened_at.day > 6]
    assert opened == []


def test_an_hour_of_trouble_is_told_with_what_was_to_be_expected() -> None:
    told = play(trouble=True)
    opened = [s for each in told for s in each.signals if s.rule == "surge" and s.state is SignalState.OPENED]
    found = [signal for signal in opened if signal.opened_at.day == 9]
    assert [(signal.theme, signal.opened_at.hour) for signal in found] == [("card-payment", 14)]
    assert found[0].observed > 2 * found[0].expected
    assert "usual at this time" in found[0].reason
    assert any(a.signal_id == found[0].id for each in told for a in each.assignments)
