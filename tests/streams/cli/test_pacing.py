"""When each event of a replay is due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.event import Event
from streams.cli.pacing import in_time
from streams.cli.to_events import Mapped


def test_moving_events_across_a_change_of_the_clocks_moves_the_moment() -> None:
    summer = Event(id="1", time=datetime(2026, 5, 4, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")), theme="t")
    winter = datetime(2026, 11, 4, 9, 0, tzinfo=UTC).timestamp()
    [moved] = in_time([Mapped(1, summer)], shift_to=winter)
    assert moved.event.time.timestamp() == winter
