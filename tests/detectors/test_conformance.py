"""What holds for every detector: one in ``Rule`` and in ``SAMPLE_SPECS`` gets all of this."""

import doctest
import inspect
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.history import History, HistoryRecord
from detectors.rules import Rule
from detectors.spec import Spec, Verdict
from schemas.signal import Severity
from tests.support.detecting import SAMPLE_SPECS, START, Mention, history_of

KINDS: tuple[type[Spec], ...] = typing.get_args(Rule)
NOW = START + 3 * 86_400
each_spec = pytest.mark.parametrize("spec", SAMPLE_SPECS, ids=lambda spec: spec.name)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)

mentions = st.lists(
    st.builds(
        Mention,
        st.integers(0, 2 * 86_400).map(lambda ago: NOW - ago) | st.integers(0, 3600).map(lambda ago: NOW - ago),
        st.none() | st.integers(-8, 8).map(lambda eighths: eighths / 8),
        st.integers(0, 20),
        st.none() | st.integers(0, 1000).map(float),
    ),
    max_size=60,
)


def rank(verdict: Verdict) -> int:
    return -1 if verdict.severity is None else verdict.severity.rank


def check(verdict: Verdict) -> None:
    assert verdict.reason.strip()
    assert "{" not in verdict.reason
    assert all(isinstance(number, int | float) for number in verdict[1:4])


@each_kind
def test_every_detector_is_sampled(kind: type[Spec]) -> None:
    assert any(type(spec) is kind for spec in SAMPLE_SPECS)


@each_kind
def test_its_docstring_shows_it_at_work(kind: type[Spec]) -> None:
    module = inspect.getmodule(kind)
    assert module is not None
    examples = [example for test in doctest.DocTestFinder().find(kind, module=module) for example in test.examples]
    assert any(".judge(" in example.source for example in examples)


@each_kind
def test_kind_is_the_tag(kind: type[Spec]) -> None:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    assert (info.tag_field, info.tag) == ("detector", kind.kind)


def test_the_tags_differ() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


@each_spec
def test_a_spec_survives_plain_data(spec: Rule) -> None:
    plain = msgspec.to_builtins(spec)
    assert plain["detector"] == spec.kind
    assert msgspec.convert(plain, Rule) == spec
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(spec)), Rule) == spec


@each_spec
def test_an_unknown_key_is_refused(spec: Rule) -> None:
    with pytest.raises(msgspec.ValidationError, match="windw_s"):
        msgspec.convert({**msgspec.to_builtins(spec), "windw_s": 1.0}, Rule)


@each_spec
@pytest.mark.parametrize("since", [0.0, START, NOW])
def test_an_empty_history_trips_nothing(spec: Rule, since: float) -> None:
    verdict = spec.build().judge(History(spec.history_s, since), at=NOW)
    assert verdict.severity is None
    check(verdict)


@each_spec
@pytest.mark.parametrize("held", [0.0, 1.0, -0.5])
def test_an_empty_history_trips_nothing_while_an_episode_is_open(spec: Rule, held: float) -> None:
    verdict = spec.build().judge(History(spec.history_s, START), at=NOW, held=held)
    assert verdict.severity is None
    check(verdict)


@each_spec
@settings(max_examples=25, deadline=None)
@given(told=mentions, held=st.none() | st.floats(-1, 100))
def test_judging_changes_nothing_and_always_says_why(spec: Rule, told: list[Mention], held: float | None) -> None:
    history, detector = history_of(told), spec.build()
    verdict = detector.judge(history, NOW, held)
    check(verdict)
    assert detector.judge(history, NOW, held) == verdict
    before = msgspec.msgpack.encode(history.snapshot())
    detector.judge(history, NOW, held)
    assert msgspec.msgpack.encode(history.snapshot()) == before


@each_spec
@settings(max_examples=25, deadline=None)
@given(told=mentions)
def test_a_restored_detector_judges_alike(spec: Rule, told: list[Mention]) -> None:
    history, detector = history_of(told), spec.build()
    detector.judge(history, NOW - 600)
    snapshot = msgspec.msgpack.decode(msgspec.msgpack.encode(detector.snapshot()))
    restored = History.restore(_through_bytes(history.snapshot()))
    assert spec.build(snapshot).judge(restored, NOW) == detector.judge(history, NOW)


def _through_bytes(snapshot: HistoryRecord) -> HistoryRecord:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=HistoryRecord)


@each_spec
@settings(max_examples=25, deadline=None)
@given(told=mentions, pieces=st.integers(1, 8))
def test_the_verdict_does_not_depend_on_how_updates_are_cut(spec: Rule, told: list[Mention], pieces: int) -> None:
    whole, cut = history_of(told), history_of(told, pieces=pieces)
    assert spec.build().judge(cut, NOW) == spec.build().judge(whole, NOW)


RISING = [spec for spec in SAMPLE_SPECS if spec.metric == "mentions"]


@pytest.mark.parametrize("spec", RISING, ids=lambda spec: spec.name)
@settings(max_examples=25, deadline=None)
@given(told=mentions, held=st.none() | st.floats(0, 20))
def test_more_mentions_are_never_less_severe(spec: Rule, told: list[Mention], held: float | None) -> None:
    past = [mention for mention in told if mention.at <= NOW - spec.window_s - 60]
    ranks = []
    for n in range(0, 40, 3):
        now = [Mention(NOW, customer=i << 8 | 1) for i in range(n)]
        ranks.append(rank(spec.build().judge(history_of([*past, *now]), NOW, held)))
    assert ranks == sorted(ranks)


def worse(spec: Rule) -> list[Mention]:
    """Twenty mentions, one of each value the rule's metric may have, the worst last."""
    if spec.metric == "sentiment":
        return [Mention(NOW, 1.0 - i / 10) for i in range(21)]
    values = [float(2**i) for i in range(12)]
    return [Mention(NOW, wait_s=value) for value in (values if getattr(spec, "bad", "") == "high" else values[::-1])]


@pytest.mark.parametrize("spec", [s for s in SAMPLE_SPECS if s not in RISING], ids=lambda spec: spec.name)
@settings(max_examples=25, deadline=None)
@given(told=mentions, held=st.none() | st.floats(-1, 1))
def test_a_worse_mean_is_never_less_severe(spec: Rule, told: list[Mention], held: float | None) -> None:
    past = [mention for mention in told if mention.at <= NOW - spec.window_s - 60]
    ranks = [rank(spec.build().judge(history_of([*past, *[value] * 5]), NOW, held)) for value in worse(spec)]
    assert ranks == sorted(ranks)


def moved(**values: tuple[float, float]) -> list[Mention]:
    """A day of one level, a little up and down, and two hours of another; every customer writes once."""
    (name, (usual, now)) = next(iter(values.items()))
    told = []
    for i in range(700):
        value = usual * (1.1 if i % 2 else 0.9) if i < 640 else now
        told.append(Mention(NOW - (701 - i) * 120, customer=i << 8 | 1)._replace(**{name: value}))
    return told


TRIPPED = {
    "drift": moved(sentiment=(0.25, -0.75)),
    "drift-both": moved(wait_s=(200.0, 400.0)),
    "count": [Mention(NOW, customer=i << 8 | 1) for i in range(15)],
    "count-quiet": [Mention(NOW, customer=i << 8 | 1) for i in range(5)],
    "velocity": [Mention(NOW, customer=i << 8 | 1) for i in range(9)],
    "velocity-margin": [Mention(NOW, customer=i << 8 | 1) for i in range(9)],
    "surge": [Mention(NOW, customer=i << 8 | 1) for i in range(30)],
    "surge-both": [Mention(NOW, customer=i << 8 | 1) for i in range(30)],
    "sentiment-below": [Mention(NOW, -0.75)] * 3,
    "sentiment-drop": [*[Mention(NOW - 7200, 0.5)] * 3, *[Mention(NOW, -0.5)] * 3],
    "sentiment-both": [Mention(NOW, -1.0)] * 3,
    "metric-high": [Mention(NOW, wait_s=400.0)] * 3,
    "metric-low": [Mention(NOW, wait_s=1.0)] * 3,
    "metric-fall": [*[Mention(NOW - 7200, wait_s=5.0)] * 3, *[Mention(NOW, wait_s=4.0)] * 3],
}


@each_spec
def test_it_can_trip(spec: Rule) -> None:
    verdict = spec.build().judge(history_of(TRIPPED[spec.name]), NOW)
    assert verdict.severity is not None, verdict.reason
    assert verdict.severity.value in verdict.reason


BAD: list[tuple[dict[str, Any], str]] = [
    ({"window_s": 0.0}, "window: "),
    ({"window_s": float("inf")}, "window: "),
    ({"window_s": -5.0}, "window: "),
    ({"resolve_after_s": 0.0}, "resolve_after: "),
    ({"name": ""}, "name: "),
]
OWN_BAD: dict[str, list[tuple[dict[str, Any], str]]] = {
    "drift": [
        ({"levels": {}}, "levels: "),
        ({"levels": {Severity.LOW: 0.0}}, "levels: "),
        ({"metric": ""}, "metric: "),
        ({"metric": "mentions"}, "metric: "),
        ({"false_alerts_per_week": 0.0}, "false_alerts_per_week: "),
        ({"min_effect": "0.3 sigma"}, "min_effect: "),
        ({"min_effect": 0.0}, "min_effect: "),
        ({"min_effect": "-10%"}, "min_effect: "),
        ({"min_customers": -1}, "min_customers: "),
        ({"min_baseline_s": 0.0}, "min_baseline: "),
        ({"settle_s": -1.0}, "settle: "),
    ],
    "count": [
        ({"levels": {}}, "levels: "),
        ({"levels": {Severity.LOW: 0}}, "levels: "),
        ({"levels": {Severity.LOW: 5, Severity.HIGH: 5}}, "levels: "),
        ({"levels": {Severity.LOW: float("nan")}}, "levels: "),
        ({"min_customers": -1}, "min_customers: "),
        ({"usual_below": 0.0}, "usual_below: "),
        ({"usual_below": 1.0, "usual_s": 1.0}, "usual: "),
    ],
    "velocity": [
        ({"levels": {}}, "levels: "),
        ({"levels": {Severity.HIGH: 2.0, Severity.LOW: 3.0}}, "levels: "),
        ({"baseline_s": 0.0}, "baseline: "),
        ({"min_baseline_s": 0.0}, "min_baseline: "),
        ({"min_baseline_s": 90_000.0}, "min_baseline: "),
        ({"min_count": -1}, "min_count: "),
        ({"min_customers": -1}, "min_customers: "),
        ({"margin": -0.1}, "margin: "),
    ],
    "surge": [
        ({"levels": {}}, "levels: "),
        ({"levels": {Severity.LOW: 0}}, "levels: "),
        ({"false_alerts_per_week": 0.0}, "false_alerts_per_week: "),
        ({"min_count": -1}, "min_count: "),
        ({"min_customers": -1}, "min_customers: "),
        ({"emerging": -1}, "emerging: "),
        ({"settle_s": -1.0}, "settle: "),
        ({"pane_s": 420}, "pane: "),
    ],
    "sentiment": [
        ({"below": {}, "drop": {}}, "below, drop: "),
        ({"below": {Severity.LOW: -0.5, Severity.HIGH: -0.2}}, "below: "),
        ({"drop": {Severity.LOW: 0.0}}, "drop: "),
        ({"min_events": 0}, "min_events: "),
        ({"baseline_s": 0.0}, "baseline: "),
    ],
    "metric": [
        ({"bound": {}, "move": {}}, "bound, move: "),
        ({"bad": "worse"}, "bad: "),
        ({"of": ""}, "of: "),
        ({"bound": {Severity.LOW: 300, Severity.HIGH: 200}, "bad": "high"}, "bound: "),
        ({"bound": {Severity.LOW: 1, Severity.HIGH: 2}, "bad": "low"}, "bound: "),
        ({"move": {Severity.LOW: 1.0}, "bad": "high"}, "move: "),
        ({"move": {Severity.LOW: 0.0}, "bad": "low"}, "move: "),
        ({"min_events": 0}, "min_events: "),
        ({"baseline_s": -1.0}, "baseline: "),
    ],
}


@each_kind
def test_a_bad_value_is_refused_by_its_key(kind: type[Spec]) -> None:
    assert OWN_BAD[kind.kind]
    spec = next(spec for spec in SAMPLE_SPECS if type(spec) is kind)
    for change, message in [*BAD, *OWN_BAD[kind.kind]]:
        with pytest.raises(ValueError, match=f"^{message}"):
            msgspec.structs.replace(spec, **change)
        with pytest.raises(msgspec.ValidationError, match=f"^{message}"):
            msgspec.convert({**msgspec.to_builtins(spec), **change}, Rule)
