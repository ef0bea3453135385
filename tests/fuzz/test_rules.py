"""A configuration is taken or refused by its key path; one that is taken can be put in force and told in words."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.evidence import SliceTraffic
from detectors.history import History
from detectors.series import Series
from sinks.assigning import Assigner
from sinks.deadlines import Deadlines
from sinks.ownership import Ownership
from streams.cli.in_words import in_words
from streams.config import ConfigError, parse_settings, rule_set
from streams.ingest.counter import PartitionCounter
from streams.ingest.enrich import Enricher
from streams.settings import Settings
from tests.fuzz.strategies import FUZZ, plain, words
from tests.support.detecting import START, Mention, update_of
from tests.support.pipeline_sim import Raw, event
from tests.support.signals import make_signal

ENRICHER = Enricher(None)
# kafka, rules[3].levels, deadlines.high.fix: what a message begins with.
KEY_PATH = re.compile(r"[\w\"-]+([.\[].*?)?(, \w+)?: .", re.DOTALL)
BUSY = [Mention(START + n * 20, -0.9, n << 40 | 1, 900.0, ("region=eu",), "cannot log in") for n in range(200)]

names = st.sampled_from(["few", "surge", "mood", "slow", "a b", "über"])
durations = st.sampled_from(["90s", "1m", "5h", "3d", "1h30m", "2w"])
patterns = st.lists(st.sampled_from(["*", "login-*", "!praise", "[a-c]*", "?"]), min_size=1, max_size=3)


def levels(low: float, high: float, *, rising: bool = True) -> st.SearchStrategy[dict[str, float]]:
    """Some severities with thresholds that rise, or fall, with them."""
    return st.lists(st.floats(low, high), min_size=1, max_size=4, unique=True).map(
        lambda found: dict(
            zip(["low", "medium", "high", "critical"], sorted(found, reverse=not rising), strict=False)
        )
    )  # fmt: skip


def table(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_shared = {"themes": patterns, "tenants": patterns, "resolve_after": durations}
_needs = {"name": names, "window": durations}
rules = st.one_of(
    table(
        {"detector": st.just("count"), "levels": levels(1, 99), **_needs},
        {**_shared, "min_customers": st.integers(0, 9), "usual_below": st.floats(0.1, 9), "usual": st.just("3w")},
    ),
    table(
        {"detector": st.just("velocity"), "levels": levels(1, 99), **_needs},
        {
            **_shared,
            "min_count": st.integers(0, 99),
            "baseline": st.just("1d"),
            "min_baseline": durations,
            "margin": st.floats(0, 9),
        },
    ),
    table(
        {"detector": st.just("sentiment"), "drop": levels(0.1, 2), **_needs},
        {**_shared, "below": levels(-1, 1, rising=False), "min_events": st.integers(1, 99), "baseline": durations},
    ),
    table(
        {"detector": st.just("metric"), "of": st.just("wait_s"), "move": levels(1.1, 9), **_needs},
        {**_shared, "bad": st.sampled_from(["high", "low"]), "bound": levels(1, 999), "min_events": st.integers(1, 9)},
    ),
)
_role = {"role": st.sampled_from(["mobile", "cx"]), "accountable": st.just("head")}
_lists = {"consulted": st.lists(st.just("a"), max_size=2), "informed": st.lists(st.just("b"), max_size=2)}
_match = st.dictionaries(
    st.sampled_from(["theme", "metric", "slice", "region", "tenant"]),
    st.sampled_from(["login-*", "[", "*", "?"]) | st.lists(st.just("x*"), min_size=1, max_size=2),
    min_size=1,
    max_size=3,
)
configurations = table(
    {"ownership": table(
        {"default": table(_role, _lists)},
        {"rules": st.lists(table({"name": words, "match": _match, **_role}, _lists), max_size=2)},
    )},
    {
        "rules": st.lists(rules, max_size=3),
        "deadlines": st.dictionaries(
            st.sampled_from(["critical", "high", "medium", "low"]),
            table({"acknowledge": st.just("1h"), "fix": st.sampled_from(["1h", "3d"])}, {}),
        ),
        "detect": table({}, {
            "lateness": durations, "heard_ratio": st.floats(0.001, 1), "max_series": st.integers(1, 999),
        }),
        "ingest": table({}, {
            "min_confidence": st.floats(0, 1),
            "counting": table({}, {
                "dimensions": st.lists(st.sampled_from(["region", "os_version", "tier"]), max_size=3, unique=True),
                "chunk_records": st.integers(1, 99), "chunk": durations, "dedupe": durations,
            }),
            "limits": table({}, {"max_text": st.integers(1, 99_999), "max_headers": st.integers(0, 99)}),
            "flushing": table({}, {"flush": durations, "idle": durations}),
        }),
        "checkpoint": durations,
        "kafka": table({}, {"partitions": st.integers(1, 99), "group": st.just("g"), "prefix": st.just("p.")}),
        "web": table({}, {"port": st.integers(0, 65_535)}),
    },
)  # fmt: skip
numerals = [float("nan"), float("inf"), -float("inf"), -1, 0, -0.5, 10**40, 1e300, True, "", "0s", "9" * 400 + "s", "5"]
messes = [{"low": 3, "high": 2}, {"worst": 3}, {"low": float("nan")}, {"low": "3"}, [], {}, ["*"], [""], [[]], [{}]]
junk = plain.filter(lambda thing: not isinstance(thing, dict)) | st.sampled_from([*numerals, *messes, "\0", "ſ"]).map(
    deepcopy
)
strange = st.sampled_from(
    ["nonsense", "window_s", "window", "levels", "detector", "name", "chunk_s", "default", "über"]
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A configuration with up to three places changed: another value, an unknown key, a key less, an entry twice."""
    raw = draw(configurations)
    for _ in range(draw(st.integers(1, 3))):
        node: Any = raw
        for _ in range(draw(st.integers(0, 5))):
            inner = [one for one in (node.values() if isinstance(node, dict) else node) if isinstance(one, dict | list)]
            if not inner:
                break
            node = draw(st.sampled_from(inner))
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        match draw(st.sampled_from(["change", "drop", "add"])):
            case "change" if keys:
                node[draw(st.sampled_from(keys))] = draw(junk)
            case "drop" if keys:
                del node[draw(st.sampled_from(keys))]
            case "add" if isinstance(node, dict):
                node[draw(strange)] = draw(junk)
            case "add" if keys:
                node.append(deepcopy(node[draw(st.sampled_from(keys))]))
    return raw


def put_in_force(settings: Settings) -> None:
    """Everything that a configuration decides, on an empty and on a busy history."""
    assert any(in_words(settings, {}))
    assigner = Assigner(Ownership(settings.ownership), Deadlines(settings.deadlines))
    ruled = rule_set(settings)
    for said in ([], BUSY):
        series = Series("bank", "login-failure", ruled, START - 1e6, settings.detect.heard_ratio)
        if said:
            series.apply(update_of(said), closed=0.0)
        for at in (START + 4000.0, START + 4060.0, START + 40_000.0):
            for signal in series.judge(at, SliceTraffic(*[{"region=eu": 200, "region=us": 900}] * 2)):
                assert assigner.on_signal(signal, None).assignment is not None
    for rule in settings.rules:
        assert rule.build().judge(History(rule.history_s, START), START + 10.0).reason
    assert assigner.on_signal(make_signal(), None).assignment is not None
    counting = settings.ingest.counting
    counter = PartitionCounter(0, counting, settings.ingest.limits, ENRICHER)
    counter.count([Raw(n, round(START * 1000), event(START, f"e{n}", "login", region="eu")) for n in range(9)])
    assert counter.flush()


def refused(raw: dict[str, Any]) -> str:
    """The message, if a configuration is refused; else it works."""
    message = ""
    try:
        settings = parse_settings(raw, Path())
    except ConfigError as error:
        message = str(error)
    if message:
        assert KEY_PATH.match(message), message
    else:
        put_in_force(settings)
    return message


@FUZZ
@given(configurations)
def test_what_is_right_works(raw: dict[str, Any]) -> None:
    message = refused(raw)
    # The parts are right; how they fit is left to chance.
    assert not message or re.search("used twice|is already the name|is empty|at least|at most|above|rise|fall", message)


@FUZZ
@given(mutated())
def test_what_is_wrong_is_refused_by_its_key_or_works(raw: dict[str, Any]) -> None:
    refused(raw)


@FUZZ
@given(st.dictionaries(st.sampled_from(sorted(Settings.__struct_fields__)) | strange, junk, max_size=4))
def test_junk_is_refused_by_its_key(raw: dict[str, Any]) -> None:
    assert refused(raw)


GAPS: list[tuple[str, dict[str, Any]]] = [
    ("ingest.counting.chunk_records", {"ingest": {"counting": {"chunk_records": 0}}}),
    ("ingest.counting.chunk", {"ingest": {"counting": {"chunk": "0s"}}}),
    ("ingest.counting.chunk", {"ingest": {"counting": {"chunk": "0.5s"}}}),
    ("ingest.counting.dimensions[0]", {"ingest": {"counting": {"dimensions": ["__init__"]}}}),
    ("detect.heard_ratio", {"detect": {"heard_ratio": 0.0}}),
    ("detect.heard_ratio", {"detect": {"heard_ratio": float("nan")}}),
    ("detect.heard_ratio", {"detect": {"heard_ratio": -1.0}}),
    ("kafka.partitions", {"kafka": {"partitions": 0}}),
    ("kafka.replication", {"kafka": {"replication": 0}}),
    ("web.port", {"web": {"port": 70_000}}),
]


@pytest.mark.parametrize(("key", "raw"), GAPS)
def test_values_that_no_worker_can_work_with_are_refused(key: str, raw: dict[str, Any]) -> None:
    owner = {"default": {"role": "cx", "accountable": "head"}}
    with pytest.raises(ConfigError, match=f"^{re.escape(key)}: "):
        parse_settings({"ownership": owner, **raw}, Path())
