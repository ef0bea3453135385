"""The model of docs/scaling.md finds the costs that points were made with, and foresees by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.model import Load, checked, fitted, foreseen, updates_per_event


def point(updates: float, rate: int = 0) -> dict[str, Any]:
    """A measured point of 5 us an event and 20 us an update."""
    return {
        "updates_per_event": updates,
        "cpu_us_per_event": 5 + 20 * updates,
        "broker_us_per_event": 2.0,
        "events_per_second": rate,
    }


SCALE: dict[str, Any] = {
    "hot": {"even": point(0.1), "hot": point(0.02)},
    "cost": {"spread": {"1000": point(0.1), "100000": point(0.6)}},
    "workers": {"1": point(0.1, 140_000), "4": point(0.1, 200_000)},
    "series": {"series": 1_000_000, "rss_bytes": 2_000_000_000},
}


def test_the_costs_are_those_behind_the_points() -> None:
    assert fitted(SCALE) == pytest.approx((5.0, 20.0, 2.0, 2000.0))


def test_points_that_are_all_alike_give_no_costs() -> None:
    with pytest.raises(ValueError, match="different updates an event"):
        fitted({"hot": {"even": point(0.1), "hot": point(0.1)}})


def test_workers_are_bounded_by_themselves_and_then_by_the_machine() -> None:
    one, four = checked(fitted(SCALE), SCALE, cores=2)
    # 7 us an event: 142,857/s each; with the broker's 2 us on two processors at most 222,222/s.
    assert one[1:3] == (140_000, 142_857)
    assert four[1:3] == (200_000, 222_222)


def test_more_partitions_say_more_of_the_same_events() -> None:
    load = Load(100_000, 10_000, 1000, 8, 1)
    assert updates_per_event(load) == pytest.approx(1000 / 12_500, rel=0.01)
    assert updates_per_event(load._replace(partitions=64)) > 4 * updates_per_event(load)


def test_what_a_load_takes() -> None:
    found = foreseen(fitted(SCALE), Load(1e6, 10_000_000, 1000, 8, 10), cores=10)
    assert found["workers_needed"] == 6
    assert found["worker_busy"] == pytest.approx(0.516, abs=0.01)
    assert found["checkpoint_records_per_second"] == 200
    assert found["worker_asleep_bytes"] == 2_000_000_000
