"""What makes a signal worth reading."""

import pytest

from detectors.evidence import Quotes, SliceTraffic
from detectors.evidence import drivers as told_of
from schemas.panes import Sample
from schemas.signal import Driver


def drivers(counts: dict[str, int], traffic: dict[str, int], lately: dict[str, int] | None = None) -> list[Driver]:
    return told_of(counts, SliceTraffic(traffic, traffic if lately is None else lately))


def test_a_slice_that_rose_is_told_with_its_lift() -> None:
    [driver] = drivers({"os=iOS 17": 13, "os=iOS 16": 2}, {"os=iOS 17": 250, "os=iOS 16": 750})
    assert (driver.slice, driver.mentions, driver.of) == ("os=iOS 17", 13, 15)
    assert driver.share == pytest.approx(13 / 15)
    assert driver.traffic_share == 0.25
    assert driver.lift == pytest.approx(13 / 15 / 0.25)
    assert driver.text == "os=iOS 17: 13 of 15 mentions, 25% of traffic"


@pytest.mark.parametrize(
    ("counts", "traffic"),
    [
        ({"os=a": 2, "os=b": 0}, {"os=a": 10, "os=b": 990}),  # too few
        ({"os=a": 29, "os=b": 71}, {"os=a": 10, "os=b": 990}),  # too small a share, and b is usual
        ({"os=a": 60, "os=b": 40}, {"os=a": 600, "os=b": 400}),  # as usual
        ({"os=a": 50, "os=b": 50}, {}),  # nothing to compare with, and no clear majority
        ({"os=a": 50}, {}),  # nothing to compare with, and no other value
        ({}, {"os=a": 10}),
    ],
)
def test_what_is_no_driver(counts: dict[str, int], traffic: dict[str, int]) -> None:
    assert drivers(counts, traffic) == []


def test_without_traffic_a_clear_majority_is_told() -> None:
    [driver] = drivers({"os=a": 6, "os=b": 4}, {})
    assert (driver.slice, driver.traffic_share, driver.lift) == ("os=a", None, None)
    assert driver.text == "os=a: 6 of 10 mentions"


def test_a_dimension_is_not_mistaken_for_one_that_starts_alike() -> None:
    assert drivers({"os=a": 6, "os_version=1": 3}, {}) == []


def test_a_slice_never_seen_in_traffic_has_a_finite_lift() -> None:
    [driver] = drivers({"os=new": 9}, {"os=a": 999})
    assert driver.lift == pytest.approx(999.0)
    assert driver.text.endswith("under 1% of traffic")


def test_an_incident_does_not_hide_behind_itself_and_a_new_version_is_nobodys_cause() -> None:
    usual = {"v=1": 950, "v=2": 50}
    (driver,) = drivers({"v=1": 1, "v=2": 19}, usual, {"v=1": 950, "v=2": 2050})
    assert driver.traffic_share == 0.05
    assert drivers({"v=1": 13, "v=2": 7}, usual, {"v=1": 700, "v=2": 300}) == []


def test_at_most_five_the_most_telling_first() -> None:
    counts = {f"d{i}=x": 10 + i for i in range(8)}
    traffic = {f"d{i}={value}": n for i in range(8) for value, n in (("x", 10), ("y", 990))}
    assert [driver.slice for driver in drivers(counts, traffic)] == [f"d{i}=x" for i in (7, 6, 5, 4, 3)]


def sample(n: int, sentiment: float | None = None, customer: int = 0, text: str = "") -> Sample:
    return Sample(f"e{n:03}", float(n), text or f"text {n}", sentiment, "given", customer)


def test_the_newest_samples_are_kept() -> None:
    quotes = Quotes()
    for n in range(100):
        quotes.add([sample(n)])
        assert len(quotes.samples) <= 24
    assert sorted(quotes.samples) == [f"e{n:03}" for n in range(76, 100)]


def test_what_is_replayed_is_kept_once() -> None:
    quotes = Quotes()
    for _ in range(3):
        quotes.add([sample(1), sample(2)])
    assert len(quotes.best(since=0.0)) == 2


def test_the_most_negative_first_then_the_newest() -> None:
    quotes = Quotes([sample(1, -0.5), sample(2, 0.5), sample(3, -0.5), sample(4)])
    assert [quote.event_id for quote in quotes.best(since=0.0)] == ["e003", "e001", "e004", "e002"]


def test_one_a_customer_and_one_a_text() -> None:
    quotes = Quotes([sample(1, -0.9, 7), sample(2, -0.8, 7), sample(3, -0.7, 8, "same"), sample(4, -0.6, 9, "same")])
    assert [quote.event_id for quote in quotes.best(since=0.0)] == ["e001", "e003"]


def test_unknown_customers_are_not_one_customer() -> None:
    assert len(Quotes([sample(1), sample(2)]).best(since=0.0)) == 2


def test_five_of_the_asked_time_and_what_they_are() -> None:
    quotes = Quotes([sample(n, -n / 100) for n in range(20)])
    found = quotes.best(since=10.0)
    assert [quote.event_id for quote in found] == ["e019", "e018", "e017", "e016", "e015"]
    assert quotes.best(since=18.0)[0].sentiment == -0.19
    assert len(quotes.best(since=18.0)) == 1
    assert found[0].at.timestamp() == 19.0
    assert found[0].sentiment_source == "given"
