"""Whatever is valid comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.action import Action
from schemas.assignment import Assignment
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
from schemas.event import Event
from schemas.panes import Flush
from schemas.signal import Signal
from tests.fuzz.strategies import FUZZ, actions, assignments, events, flushes, names, plain, signals

unknown_fields = st.dictionaries(names.filter(lambda name: name not in Event.__struct_fields__), plain, max_size=3)


@FUZZ
@given(events, unknown_fields)
def test_events(event: Event, unknown: dict[str, object]) -> None:
    data = encode_event(event, unknown)
    assert decode_event(data) == (event, unknown)
    assert encode_event(*decode_event(data)) == data


@FUZZ
@given(signals)
def test_signals(signal: Signal) -> None:
    data = encode_json(signal)
    assert decode_signal(data) == signal
    assert encode_json(decode_signal(data)) == data, "what is sent again is the same to the byte"


@FUZZ
@given(assignments)
def test_assignments(assignment: Assignment) -> None:
    data = encode_json(assignment)
    assert decode_assignment(data) == assignment
    assert encode_json(decode_assignment(data)) == data


@FUZZ
@given(actions)
def test_actions(action: Action) -> None:
    assert decode_action(encode_json(action)) == action


@FUZZ
@given(flushes)
def test_flushes(flush: Flush) -> None:
    data = encode_flush(flush)
    assert decode_flush(data) == flush
    assert encode_flush(decode_flush(data)) == data
