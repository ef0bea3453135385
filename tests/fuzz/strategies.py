"""What the fuzz tests are made of: valid things that cross a topic, bytes that are nearly valid, and how hard to try.

Every run tries the same, so that a failure is a change's; with ``GROUNDSWELL_FUZZ_EXAMPLES=5000`` so many others.
"""

import os
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec import UNSET

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.event import Event, Theme
from schemas.panes import WIRE_VERSION, Cell, Flush, PaneUpdate, Sample, SourceState
from schemas.signal import DetectorRef, Driver, Forecast, Quote, Severity, Signal, SignalState, Sparkline

_EXAMPLES = os.environ.get("GROUNDSWELL_FUZZ_EXAMPLES")
FUZZ = settings(
    max_examples=int(_EXAMPLES or 100),
    deadline=None,
    derandomize=_EXAMPLES is None or bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SMALL = 2**53
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, SMALL)
scores = st.none() | st.floats(-1, 1)
zones = st.just(UTC) | st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime.fromisoformat("0001-01-03"), datetime.fromisoformat("9999-12-29"), timezones=zones)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-SMALL, SMALL) | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
"""What JSON can hold."""

_value = st.none() | words
_unset = st.just(UNSET)
events = st.builds(
    Event,
    id=names,
    time=moments,
    tenant=names,
    theme=st.none() | names,
    themes=st.lists(names | st.builds(Theme, name=names, confidence=st.floats(0, 1)), max_size=3),
    text=_value,
    sentiment=scores,
    sentiment_source=_value,
    customer=_value,
    segment=_value,
    tier=_value,
    arr=st.none() | numbers,
    channel=_value,
    locale=_value,
    agent=_value,
    metrics=st.dictionaries(words, numbers, max_size=3),
    attributes=st.dictionaries(words, words | numbers | st.booleans() | st.none() | counts, max_size=3),
)
signals = st.builds(
    Signal,
    id=words,
    revision=counts,
    state=st.sampled_from(SignalState),
    tenant=words,
    theme=words,
    metric=words,
    rule=words,
    severity=st.sampled_from(Severity),
    title=words,
    reason=words,
    observed=numbers,
    expected=numbers,
    threshold=numbers,
    window_s=numbers,
    opened_at=moments,
    at=moments,
    resolved_at=st.none() | moments,
    first_mention=moments,
    last_mention=moments,
    mentions=counts,
    total_mentions=counts,
    customers=counts,
    customers_estimated=counts,
    sentiment=scores,
    drivers=st.lists(
        st.builds(
            Driver, slice=words, mentions=counts, of=counts, share=numbers, traffic_share=st.none() | numbers,
            lift=st.none() | numbers, text=words,
        ),
        max_size=2,
    ),
    quotes=st.lists(
        st.builds(Quote, event_id=words, at=moments, text=words, sentiment=scores, sentiment_source=_value), max_size=2
    ),
    detector=st.builds(
        DetectorRef, name=words, version=counts, parameters=st.dictionaries(words, plain, max_size=2)
    ),
    config=words,
    score=_unset | st.floats(0, 100),
    initial_score=_unset | st.floats(0, 100),
    expected_low=_unset | numbers,
    expected_high=_unset | numbers,
    unusual=_unset | words,
    baseline=_unset | words,
    context=_unset | st.lists(words, max_size=2),
    emerging=_unset | st.booleans(),
    sparkline=_unset | st.builds(
        Sparkline, pane_s=numbers, end=moments, values=st.lists(st.none() | numbers, max_size=3),
        usual=_unset | numbers,
    ),
    forecast=_unset | st.builds(
        Forecast, severity=st.sampled_from(Severity), at=moments, early=moments, late=moments, assumption=words
    ),
)  # fmt: skip
_roles = st.lists(words, max_size=2)
assignments = st.builds(
    Assignment,
    id=words,
    signal_id=words,
    revision=counts,
    state=st.sampled_from(AssignmentState),
    tenant=words,
    theme=words,
    severity=st.sampled_from(Severity),
    priority=st.integers(1, 4),
    owner=words,
    raci=st.builds(Raci, responsible=words, accountable=words, consulted=_roles, informed=_roles),
    rule=words,
    title=words,
    reason=words,
    assigned_at=moments,
    acknowledge_by=moments,
    due_at=moments,
    changed_by=words,
    note=words,
    signal=signals,
)
actions = st.builds(
    lambda kind, to, **fields: Action(kind=kind, to=to if kind is ActionKind.REASSIGNED else "", **fields),
    kind=st.sampled_from(ActionKind), to=st.just("growth") | st.just("cx"), id=names, signal_id=names, at=moments,
    by=names, note=words,
)  # fmt: skip
_samples = st.builds(
    Sample, event_id=words, at=numbers, text=words, sentiment=scores, sentiment_source=_value,
    customer=st.integers(0, 2**64 - 1),
)  # fmt: skip
_cells = st.builds(
    Cell,
    pane=st.integers(-SMALL, SMALL),
    count=counts,
    first=numbers,
    last=numbers,
    sentiment_n=counts,
    sentiment_sum=numbers,
    customers=st.binary(max_size=24),
    customers_bits=st.integers(0, 64),
    slices=st.dictionaries(words, counts, max_size=3),
    metrics=st.dictionaries(words, st.tuples(counts, numbers, numbers), max_size=2),
    samples=st.lists(_samples, max_size=2),
)
_updates = st.builds(
    PaneUpdate, tenant=words, theme=words, source=counts, start=counts, upto=counts, cells=st.lists(_cells, max_size=2)
)
_states = st.builds(SourceState, source=counts, watermark=st.none() | numbers, idle_s=st.none() | numbers)
flushes = st.builds(
    Flush, version=st.just(WIRE_VERSION), sources=st.lists(_states, max_size=3), updates=st.lists(_updates, max_size=3)
)

_NASTY = [
    b"", b"NaN", b"-Infinity", b"1e999", b"-1e-999", b"9" * 400, b"0.1e", b'"\\ud800"', b'"\\udc00\\ud800"', b"null",
    b"true", b"[]", b"{}", b"-1", b'""', b'"', b"\\", b"[" * 3_000, b'{"a":' * 3_000, b',"id":"twice"',
    b"2026-02-30T25:61:61Z",
    # A byte order mark, half a surrogate pair, no UTF-8, controls, a direction mark.
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xff", b"\0", b"\x1f", b"\xe2\x80\xae",
    # MessagePack: deep, NaN, the largest number, a map of four thousand million.
    b"\x91" * 3_000, b"\xcb\x7f\xf8\0\0\0\0\0\0", b"\xcf" + b"\xff" * 8, b"\xdf\xff\xff\xff\xff",
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, valid: st.SearchStrategy[bytes]) -> bytes:
    """Bytes that were valid until somebody changed them in up to four places."""
    data = bytearray(draw(valid))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["flip", "cut", "end", "double", "nasty", "noise"])):
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:to]
            case "end":
                del data[at:]
            case "double":
                data[at:at] = data[at:to]
            case "nasty":
                data[at:to] = draw(st.sampled_from(_NASTY))
            case "noise":
                data[at:to] = draw(st.binary(max_size=8))
    return bytes(data)


def hostile(valid: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Arbitrary bytes, arbitrary JSON, and bytes that are nearly valid."""
    return st.binary(max_size=64) | st.sampled_from(_NASTY) | broken(valid)
