"""The score of a signal: what each part measures, and what is said of those that cannot be measured."""

from typing import Any

import pytest
from msgspec import convert

from schemas.impact import ImpactPart, ImpactScore
from schemas.signal import DetectorRef, Driver, Member, Severity, Signal
from sinks.impact import Impact, ImpactConfig
from sinks.impact.in_words import short, why
from tests.support.signals import make_signal

TIERS = {"gold": {"arr": 1000, "churn": 0.1, "weight": 3}, "silver": {"arr": 100, "churn": 0.05, "weight": 1}}


def score(signal: Signal, **config: Any) -> ImpactScore:
    return Impact(convert(config, ImpactConfig)).score(signal)


def part(name: str, signal: Signal, **config: Any) -> ImpactPart:
    return next(each for each in score(signal, **config).parts if each.name == name)


def tier(value: str, share: float) -> Driver:
    return Driver(slice=value, mentions=9, of=10, share=share, traffic_share=0.1, lift=5.0, text=value)


def test_what_is_unknown_is_named_and_leaves_its_weight_to_the_rest() -> None:
    found = score(make_signal())
    assert found.unknown == ["sentiment", "revenue_at_risk", "churn_risk", "tier_weight", "key_metrics", "effort"]
    assert {each.name: each.weight for each in found.parts} == {
        "customers": pytest.approx(2 / 4.5, abs=1e-4),
        "velocity": pytest.approx(1.5 / 4.5, abs=1e-4),
        "volume": pytest.approx(1 / 4.5, abs=1e-4),
    }


def test_a_part_of_no_weight_is_neither_told_nor_unknown() -> None:
    found = score(make_signal(), weights={"volume": 0, "sentiment": 0})
    assert "volume" not in [each.name for each in found.parts]
    assert "sentiment" not in found.unknown


def test_nobody_is_known_where_events_name_no_customer() -> None:
    found = score(make_signal(customers=0, customers_estimated=0), tiers={"*": {"arr": 100}})
    assert {"customers", "revenue_at_risk"} <= set(found.unknown)


def test_volume_is_what_was_said_since_it_began() -> None:
    found = part("volume", make_signal(mentions=3, total_mentions=10), mentions_full=100)
    assert (found.value, found.text) == (pytest.approx(2 / 3, abs=1e-4), "10 mentions so far")


@pytest.mark.parametrize(
    ("observed", "expected", "direction", "value"),
    [
        (9.0, 0.0, "rise", 1.0),
        (0.0, 9.0, "rise", 0.0),
        (0.0, 9.0, "fall", 1.0),
        (9.0, 0.0, "fall", 0.0),
        (0.0, 9.0, "both", 1.0),
        (9.0, 0.0, "both", 1.0),
        (5.0, 5.0, "both", 0.0),
    ],
)
def test_velocity_is_times_the_usual_in_the_direction_that_is_bad(
    observed: float, expected: float, direction: str, value: float
) -> None:
    detector = DetectorRef(name="surge", version=1, parameters={"direction": direction})
    found = part("velocity", make_signal(observed=observed, expected=expected, detector=detector), velocity_full=10)
    assert found.value == pytest.approx(value)


def test_of_a_mean_it_is_how_remarkable_the_move_is() -> None:
    moved = make_signal(metric="handle_s", score=40.0, unusual="about once a year by chance")
    found = part("velocity", moved)
    assert (found.value, found.text) == (0.4, "moved by 40 of 100, about once a year by chance")
    assert "velocity" in score(make_signal(metric="handle_s")).unknown


def test_revenue_is_that_of_the_tiers_that_are_told() -> None:
    signal = make_signal(customers_estimated=1000, drivers=[tier("tier=gold", 0.6), tier("os=x", 0.9)])
    found = part("revenue_at_risk", signal, tiers=TIERS, revenue_full=6_000_000)
    assert found.text == "at least USD 600,000 a year from about 600 customers (60% gold)"
    assert found.value == pytest.approx(2 / 3, abs=1e-4)


def test_who_is_of_no_told_tier_counts_as_the_average_customer_if_there_is_one() -> None:
    signal = make_signal(customers_estimated=1000, drivers=[tier("tier=gold", 0.6)])
    found = part("revenue_at_risk", signal, tiers={**TIERS, "*": {"arr": 200}}, currency="EUR")
    assert found.text == "EUR 680,000 a year from about 1,000 customers (60% gold)"
    nobody = make_signal(customers_estimated=1000, drivers=[])
    assert "average customer" in part("revenue_at_risk", nobody, tiers={"*": {"arr": 200}}).text


def test_a_tier_without_revenue_is_not_guessed() -> None:
    signal = make_signal(drivers=[tier("tier=bronze", 1.0)])
    assert {"revenue_at_risk", "churn_risk", "tier_weight"} <= set(score(signal, tiers=TIERS).unknown)


def test_slices_that_overlap_are_no_more_than_all_customers() -> None:
    signal = make_signal(customers_estimated=1000, drivers=[tier("tier=gold", 0.8), tier("tier=silver", 0.8)])
    found = part("revenue_at_risk", signal, tiers=TIERS)
    assert found.text == "USD 550,000 a year from about 1,000 customers (50% gold, 50% silver)"


def test_the_dimension_of_the_tiers_may_have_another_name() -> None:
    signal = make_signal(drivers=[tier("segment=gold", 1.0)])
    assert part("tier_weight", signal, tiers=TIERS, tier_dimension="segment").value == 1.0
    assert part("tier_weight", make_signal(drivers=[tier("tier=silver", 1.0)]), tiers=TIERS).value == 0.3333


def test_churn_is_by_theme_or_by_tier_whichever_is_more() -> None:
    gold = make_signal(drivers=[tier("tier=gold", 1.0)], customers_estimated=900)
    assert part("churn_risk", gold, tiers=TIERS, churn={"*": 0.02}).text.startswith("10% leave")
    found = part("churn_risk", gold, tiers=TIERS, churn={"*": 0.02, "LOGIN-*": 0.2}, churn_full=0.25)
    assert (found.value, found.text) == (0.8, "20% leave over this, about 180 customers")


def test_an_incident_is_as_bad_as_the_worst_of_its_themes() -> None:
    member = Member(signal_id="s", theme="login-failure", rule="a", severity=Severity.LOW, mentions=3, share=0.5)
    incident = make_signal(theme="chat", members=[member])
    assert part("churn_risk", incident, churn={"login-*": 0.2}).text.startswith("20%")


def test_key_metrics() -> None:
    assert part("key_metrics", make_signal(metric="NPS")).value == 1.0
    with_it = make_signal(context=["csat fell at the same time"])
    assert (part("key_metrics", with_it).value, part("key_metrics", with_it).text) == (0.5, "csat moved with it")
    assert "key_metrics" in score(make_signal(context=["a snpsx deploy"])).unknown
    member = Member(signal_id="s", theme="x", rule="nps-drift", severity=Severity.LOW, mentions=3, share=0.5)
    assert part("key_metrics", make_signal(members=[member])).value == 0.5


def test_a_quick_fix_counts_for_more() -> None:
    values = [part("effort", make_signal(), effort={"*": days}, effort_full=100).value for days in (0.5, 1, 10, 100)]
    assert values == [1.0, 1.0, 0.5, 0.0]


def test_in_words() -> None:
    found = score(make_signal(customers_estimated=9000, sentiment=0.3))
    assert short(found) == f"impact {found.score:.1f}: customers, velocity, volume"
    assert why(found, 2) == "3 customers, about 9,000 affected; 3 where about 0.2 are usual"
    assert short(ImpactScore(score=0.0, parts=[])) == "impact 0.0"
