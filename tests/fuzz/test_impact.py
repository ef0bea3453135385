"""Whatever the signal: a score is 0 to 10, is the sum of its parts, and never falls when something gets worse."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import asdict

from schemas.impact import ImpactScore
from schemas.signal import Driver, Severity, Signal
from sinks.impact import Impact, ImpactConfig
from tests.fuzz.strategies import FUZZ, signals
from tests.support.signals import make_signal

KNOWN = {
    "tiers": {"gold": {"arr": 5000, "churn": 0.1, "weight": 3}, "silver": {"arr": 90, "weight": 1}, "*": {"arr": 300}},
    "churn": {"*": 0.01, "login-*": 0.2},
    "effort": {"login-*": 5},
    "bands": {"high": 6.5, "critical": 8.5},
}
IMPACTS = [Impact(), Impact(convert(KNOWN, ImpactConfig))]
impacts = st.sampled_from(IMPACTS)
# What makes it worse -> how much of it there can be.
WORSE: dict[str, st.SearchStrategy[Any]] = {
    "total_mentions": st.integers(0, 10**6),
    "customers": st.integers(1, 10**6),
    "customers_estimated": st.integers(1, 10**8),
    "observed": st.floats(0, 1e6),
    "expected": st.floats(0, 1e6).map(lambda value: -value),
    "sentiment": st.floats(-1, 1).map(lambda value: -value),
    "score": st.floats(0, 100),
}


def as_told(name: str, badness: float) -> float:
    return -badness if name in ("expected", "sentiment") else badness


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Signal, Signal]:
    """A signal, and the same with one thing that is worse."""
    metric = draw(st.sampled_from(["mentions", "handle_s", "nps"]))
    told = {name: as_told(name, draw(values)) for name, values in WORSE.items()}
    name = draw(st.sampled_from(list(WORSE)))
    low, high = sorted((draw(WORSE[name]), draw(WORSE[name])))
    share = draw(st.floats(0, 1))
    gold = Driver(slice="tier=gold", mentions=1, of=1, share=share, traffic_share=None, lift=None, text="")
    common = {**told, "metric": metric, "drivers": [gold]}
    return make_signal(**{**common, name: as_told(name, low)}), make_signal(**{**common, name: as_told(name, high)})


def check(found: ImpactScore) -> None:
    assert 0.0 <= found.score <= 10.0
    assert all(0.0 <= part.value <= 1.0 and part.points >= 0.0 for part in found.parts)
    assert abs(sum(part.weight for part in found.parts) - 1.0) < 0.001
    # Each of up to nine parts is rounded to hundredths, the score to tenths.
    assert abs(sum(part.points for part in found.parts) - found.score) <= 0.05 + 9 * 0.005 + 1e-9
    assert [part.points for part in found.parts] == sorted((part.points for part in found.parts), reverse=True)


@FUZZ
@given(signals, impacts)
def test_any_signal_has_a_score_that_is_the_sum_of_its_parts(signal: Signal, impact: Impact) -> None:
    found = impact.score(signal)
    check(found)
    assert {part.name for part in found.parts} | set(found.unknown) == set(asdict(ImpactConfig().weights))
    assert not {part.name for part in found.parts} & set(found.unknown)
    assert impact.score(signal) == found


@FUZZ
@given(pairs(), impacts)
def test_what_is_worse_never_scores_less(pair: tuple[Signal, Signal], impact: Impact) -> None:
    better, worse = map(impact.score, pair)
    check(better)
    assert better.score <= worse.score
    assert better.unknown == worse.unknown


@FUZZ
@given(signals, st.sampled_from(Severity), impacts)
def test_bands_never_lower(signal: Signal, told: Severity, impact: Impact) -> None:
    assert impact.severity(impact.score(signal), told).rank >= told.rank


@FUZZ
@given(signals)
def test_what_is_left_out_changes_no_order_among_the_rest(signal: Signal) -> None:
    """The parts that both configurations know have the same values; only their weights are scaled."""
    bare, known = (impact.score(signal) for impact in IMPACTS)
    values = {part.name: part.value for part in known.parts}
    shared = [part for part in bare.parts if part.name in values]
    assert [(part.name, part.value) for part in shared] == [(part.name, values[part.name]) for part in shared]
    ratios = {
        round(part.weight / next(each.weight for each in known.parts if each.name == part.name), 2) for part in shared
    }
    assert max(ratios) - min(ratios) <= 0.02
