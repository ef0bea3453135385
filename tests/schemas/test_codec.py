"""What is written is read back the same."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment, AssignmentState, Raci
from schemas.codec import (
    decode_action,
    decode_assignment,
    decode_event,
    decode_flush,
    decode_signal,
    encode_event,
    encode_flush,
    encode_json,
)
from schemas.event import Event, Theme
from schemas.panes import WIRE_VERSION, Cell, Flush, PaneUpdate, Sample, SourceState
from schemas.signal import Quote, Severity
from tests.support.signals import OPENED, make_signal

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
moments = st.integers(0, 4 * 10**12).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))
events = st.builds(
    Event,
    id=words,
    time=moments,
    theme=st.none() | words,
    themes=st.lists(words | st.builds(Theme, name=words, confidence=st.floats(0, 1)), max_size=3),
    text=st.none() | words,
    sentiment=st.none() | st.floats(-1, 1),
    customer=st.none() | words,
    arr=st.none() | numbers,
    metrics=st.dictionaries(words, numbers, max_size=3),
    attributes=st.dictionaries(words, words | numbers | st.booleans() | st.none(), max_size=3),
)
unknown_fields = st.dictionaries(
    words.filter(lambda name: name not in Event.__struct_fields__),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words | st.lists(words, max_size=2),
    max_size=3,
)


@given(events, unknown_fields)
def test_an_event_and_what_we_do_not_know_of_it(event: Event, unknown: dict[str, object]) -> None:
    decoded, kept = decode_event(encode_event(event, unknown))
    assert decoded == event
    assert kept == unknown


def test_defaults_are_left_out_but_zeros_are_not() -> None:
    event = Event(id="1", time=OPENED, theme="login", sentiment=0.0, arr=0.0)
    assert msgspec.json.decode(encode_event(event)) == {
        "id": "1",
        "time": "2026-05-04T09:00:00Z",
        "schema_version": 1,
        "tenant": "default",
        "theme": "login",
        "sentiment": 0.0,
        "arr": 0.0,
    }


def test_what_is_no_event_names_the_field() -> None:
    with pytest.raises(msgspec.ValidationError, match="sentiment"):
        decode_event(b'{"id": "1", "time": "2026-05-04T09:00:00Z", "sentiment": 7}')


def test_a_signal() -> None:
    quote = Quote(event_id="e1", at=OPENED, text="cannot log in", sentiment=-0.5, sentiment_source="given")
    signal = make_signal(resolved_at=OPENED, sentiment=-0.25, quotes=[quote])
    assert decode_signal(encode_json(signal)) == signal


def test_an_assignment() -> None:
    times = dict.fromkeys(("assigned_at", "acknowledge_by", "due_at"), OPENED)
    assignment = Assignment(
        id="asg-1",
        signal_id="sig-1",
        revision=2,
        state=AssignmentState.ACKNOWLEDGED,
        tenant="bank",
        theme="login-failure",
        severity=Severity.HIGH,
        priority=1,
        owner="Product (mobile)",
        raci=Raci(responsible="Product (mobile)", accountable="VP Product", informed=["Support"]),
        rule="mobile",
        title="Login failure",
        reason="15 mentions",
        signal=make_signal(),
        **times,
    )
    assert decode_assignment(encode_json(assignment)) == assignment


def test_an_action() -> None:
    action = Action(id="a-1", signal_id="sig-1", kind=ActionKind.FIX_SHIPPED, at=OPENED, by="Ann", note="4.2.1")
    assert decode_action(encode_json(action)) == action


@pytest.mark.parametrize("decode", [decode_signal, decode_assignment, decode_action])
def test_readers_ignore_fields_of_a_newer_writer(decode: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        decode(b'{"new_field": 1}')


def test_a_signal_with_a_field_of_a_newer_writer_is_read() -> None:
    fields = {**msgspec.json.decode(encode_json(make_signal())), "new_field": {"a": 1}}
    assert decode_signal(msgspec.json.encode(fields)) == make_signal()


cells = st.builds(
    Cell,
    st.integers(0, 2**40),
    st.integers(1, 10**9),
    numbers,
    numbers,
    st.integers(0, 10**9),
    numbers,
    st.lists(st.binary(min_size=8, max_size=8), max_size=3).map(b"".join),
    st.integers(1, 64),
    st.dictionaries(words, st.integers(1, 10**9), max_size=3),
    st.dictionaries(words, st.tuples(st.integers(1, 10**9), numbers, numbers), max_size=3),
    st.lists(st.builds(Sample, words, numbers, words, st.none() | numbers, st.none() | words), max_size=2),
)


@given(
    st.lists(st.builds(SourceState, st.integers(0, 2**32), st.none() | numbers, st.none() | numbers), max_size=3),
    st.lists(
        st.builds(
            PaneUpdate,
            words,
            words,
            st.integers(0, 2**32),
            st.integers(0, 2**62),
            st.integers(0, 2**62),
            st.lists(cells, max_size=2),
        ),
        max_size=2,
    ),
)
def test_a_flush(states: list[SourceState], updates: list[PaneUpdate]) -> None:
    flush = Flush(WIRE_VERSION, states, updates)
    assert decode_flush(encode_flush(flush)) == flush


def test_a_flush_of_a_newer_build_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2, this build knows 1"):
        decode_flush(encode_flush(Flush(WIRE_VERSION + 1, [], [])))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01", encode_flush(Flush(WIRE_VERSION, [], [])) + b"x"])
def test_what_is_no_flush_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_flush(data)
