"""Whatever bytes come in: an event or a reason, and of our own topics the documented error; soon, and nothing else."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from schemas.panes import TRAFFIC
from schemas.times import instant
from sinks.assignment_record import decode_record, encode_record
from sinks.dead_letters import Failure, Reason, dead_letter
from streams.ingest.counter import CountSettings, PartitionCounter
from streams.ingest.decode import EventDecoder, Limits, Rejected
from streams.ingest.enrich import Enricher
from streams.ingest.tagger import Tagger
from tests.fuzz.strategies import FUZZ, actions, assignments, events, flushes, hostile, plain, signals, words
from tests.fuzz.test_assigning import records
from tests.support.pipeline_sim import Raw

NOW = 1_767_225_600.0
LONGEST_S = 2.0
"""What decoding one small record may take on a busy machine; it takes microseconds."""
COUNTING = CountSettings(dimensions=("channel", "os_version", "tier"))
ENRICHER = Enricher(Tagger({"login": ["log in"]}))
DECODER = EventDecoder(Limits(), COUNTING.dimensions)
ENVELOPES: list[list[tuple[str, Any]]] = [
    [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_time", b"2026-01-01T00:00:00Z")],
    [("ce_specversion", b"\xff"), ("ce_id", b"\xff"), ("CE_TIME", None)],
    [("content-type", b"application/cloudevents+json; charset=utf-8")],
    [("content-type", b"application/cloudevents")],
]
headers = st.sampled_from(ENVELOPES) | st.lists(st.tuples(words, st.none() | st.binary(max_size=9)), max_size=70)
recent_events = st.builds(
    lambda event, second: encode_event(msgspec.structs.replace(event, time=instant(NOW - second))),
    events,
    st.integers(0, 7200),
)
valid_events = (
    recent_events
    | st.builds(encode_event, events)
    | recent_events.map(lambda event: b'{"specversion": "1.0", "id": "e", "data": ' + event + b"}")
)
FIELDS = sorted(Event.__struct_fields__)


def checked(value: bytes | None, found: list[tuple[str, Any]]) -> None:
    """An event that is counted, or a reason that fits into a dead letter; within bounded time."""
    began = time.perf_counter()
    decoded = DECODER.decode(value, found, NOW)
    counter = PartitionCounter(0, COUNTING, Limits(), ENRICHER)
    refused = counter.count([Raw(5, round(NOW * 1000), value, headers=found)])
    updates = counter.flush()
    assert time.perf_counter() - began < LONGEST_S
    assert counter.position == 6
    if isinstance(decoded, Rejected):
        assert [one.why for one in refused] == [decoded]
        assert (updates, counter.tally.events) == ([], 0)
        assert decoded.message
        failure = Failure(reason=decoded.reason, detail=decoded.message, topic="t", partition=0, offset=5)
        letter = dead_letter(failure, None, value, found)
        assert Reason(letter.reason) is decoded.reason
    else:
        assert refused == []
        assert sum(cell.count for one in updates if one.theme != TRAFFIC for cell in one.cells) >= 1
        for update in updates:
            assert decode_flush(encode_flush(msgspec.structs.replace(EMPTY, updates=[update]))).updates == [update]


EMPTY = decode_flush(b"\x93\x01\x90\x90")


@FUZZ
@given(hostile(valid_events) | valid_events, st.just([]) | headers)
def test_a_record_is_an_event_or_has_a_reason(value: bytes, found: list[tuple[str, Any]]) -> None:
    checked(value, found)


@FUZZ
@given(st.sampled_from(FIELDS), plain, st.booleans())
def test_no_value_of_any_field_is_a_surprise(name: str, value: object, also_text: bool) -> None:
    good = {"id": "1", "time": "2026-01-01T00:00:00Z", "theme": "login", **({"text": "log in"} if also_text else {})}
    checked(msgspec.json.encode({**good, name: value}), [])


@FUZZ
@given(st.sampled_from(FIELDS), st.sampled_from([b"1e400", b"-1e308", b"1" * 400, b"NaN", b'"\\ud800"', b'"\\u0000"']))
def test_no_token_in_any_field_is_a_surprise(name: str, token: bytes) -> None:
    good = b'{"id": "1", "time": "2026-01-01T00:00:00Z", "theme": "login", "'
    for value in (token, b"[" + token + b"]", b'{"stars": ' + token + b"}"):
        checked(good + name.encode() + b'": ' + value + b"}", [])


CODECS: list[tuple[Callable[[bytes], object], st.SearchStrategy[bytes]]] = [
    (decode_signal, st.builds(encode_json, signals)),
    (decode_assignment, st.builds(encode_json, assignments)),
    (decode_action, st.builds(encode_json, actions)),
    (decode_event, valid_events),
    (decode_flush, st.builds(encode_flush, flushes)),
    (decode_record, st.builds(encode_record, records)),
]


@pytest.mark.parametrize(("decode", "valid"), CODECS, ids=lambda one: getattr(one, "__name__", ""))
def test_our_own_topics_refuse_loudly(decode: Callable[[bytes], object], valid: st.SearchStrategy[bytes]) -> None:
    @FUZZ
    @given(hostile(valid))
    def refuse(data: bytes) -> None:
        began = time.perf_counter()
        # Depth is left to the tests below.
        with suppress(msgspec.DecodeError, ValueError, RecursionError):
            decode(data)
        assert time.perf_counter() - began < LONGEST_S

    refuse()


@pytest.mark.parametrize("data", [b'{"id": "\xff"}', b'{"zz": ' + b"[" * 20_000], ids=["UTF-8", "depth"])
@pytest.mark.parametrize("decode", [decode_signal, decode_assignment, decode_action])
def test_the_documented_error_and_no_other(decode: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)


@pytest.mark.parametrize(
    ("decode", "data"),
    [
        (decode_event, b'{"id": "1", "time": "2026-01-01T00:00:00Z", "zz": ' + b"[" * 3_000),
        (decode_record, b"\x82\xa7version\x01\xa2zz" + b"\x91" * 3_000),
    ],
    ids=["event", "record"],
)
def test_depth_is_refused(decode: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises((ValueError, msgspec.DecodeError), match="deep"):
        decode(data)
