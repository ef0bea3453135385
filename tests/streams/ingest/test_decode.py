"""Whatever arrives becomes an event, or a reason that names the field; never an exception."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sinks.dead_letters import Reason
from streams.ingest.counter import CountSettings, PartitionCounter
from streams.ingest.decode import EventDecoder, Limits, Rejected
from streams.ingest.enrich import Enricher
from tests.support.pipeline_sim import Raw

NOW = 1_767_225_600.0
DIMENSIONS = ("channel", "os_version")
GOOD: dict[str, Any] = {"id": "1", "time": "2026-01-01T00:00:00Z", "theme": "login"}
BINARY = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_time", b"2026-01-01T00:00:00Z"))
STRUCTURED = (("content-type", b"application/cloudevents+json"),)


def but(**changes: Any) -> bytes:
    """A good event with some fields changed; None takes a field away."""
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not None}).encode()


def raw(tail: bytes) -> bytes:
    """A good event with one more field, written as it is."""
    return but()[:-1] + b", " + tail + b"}"


BAD: dict[str, tuple[bytes | None, Reason, str]] = {
    "null": (None, Reason.NULL_VALUE, "no value"),
    "too large": (but(text="a" * 1_048_576), Reason.TOO_LARGE, "at most 262144"),
    "empty": (b"", Reason.NOT_JSON, "not JSON"),
    "not JSON": (b"<xml/>", Reason.NOT_JSON, "not JSON"),
    "cut off": (but()[:-1], Reason.NOT_JSON, "not JSON"),
    "two": (but() + but(), Reason.NOT_JSON, "trailing"),
    "NaN": (raw(b'"sentiment": NaN'), Reason.NOT_JSON, "not JSON"),
    "lone surrogate": (raw(b'"customer": "\\udc00"'), Reason.NOT_JSON, "surrogate"),
    "lone surrogate at the end": (raw(b'"text": "\\ud800"'), Reason.NOT_JSON, "not JSON"),
    "deep, unknown": (raw(b'"zzz": ' + b"[" * 100_000), Reason.NOT_JSON, "nested too deeply"),
    "deep": (b"[" * 100_000, Reason.WRONG_TYPE, "`array`"),
    "null bytes": (b"\0\0\0\0", Reason.NULL_BYTES, "null bytes"),
    "null bytes far in": (but()[:-1] + b" " * 5000 + b"\0}", Reason.NULL_BYTES, "null bytes"),
    "utf-16": (but().decode().encode("utf-16"), Reason.NOT_UTF8, "not UTF-8"),
    "invalid utf-8": (raw(b'"text": "\xff\xfe"'), Reason.NOT_UTF8, "not UTF-8"),
    "latin-1": (raw('"region": "Köln"'.encode("latin-1")), Reason.NOT_UTF8, "not UTF-8"),
    "JSON null": (b"null", Reason.WRONG_TYPE, "`null`"),
    "list": (b"[]", Reason.WRONG_TYPE, "`array`"),
    "no id": (but(id=None), Reason.MISSING_FIELD, "`id`"),
    "no time": (but(time=None), Reason.MISSING_FIELD, "`time`"),
    "a theme without a name": (but(themes=[{"confidence": 1}]), Reason.MISSING_FIELD, "`name`"),
    "naive time": (but(time="2026-01-01T00:00:00"), Reason.BAD_TIME, "`$.time`"),
    "time in words": (but(time="yesterday"), Reason.BAD_TIME, "`$.time`"),
    "time as a number": (but(time=1_767_225_600), Reason.BAD_TIME, "`$.time`"),
    "no such day": (but(time="2026-02-30T00:00:00Z"), Reason.BAD_TIME, "`$.time`"),
    "far future": (but(time="2026-01-01T00:05:01Z"), Reason.FAR_FUTURE, "`$.time`"),
    "year 9999": (but(time="9999-12-31T23:59:59-14:00"), Reason.FAR_FUTURE, "`$.time`"),
    "year 1": (but(time="0001-01-01T00:00:00+14:00"), Reason.TOO_OLD, "`$.time`"),
    "id as a number": (but(id=1), Reason.WRONG_TYPE, "`$.id`"),
    "theme as a list": (but(theme=["login"]), Reason.WRONG_TYPE, "`$.theme`"),
    "sentiment as text": (but(sentiment="NaN"), Reason.WRONG_TYPE, "`$.sentiment`"),
    "attribute as a list": (but(attributes={"os_version": []}), Reason.WRONG_TYPE, "os_version"),
    "metric as text": (but(metrics={"stars": "five"}), Reason.WRONG_TYPE, "`$.metrics"),
    "themes of numbers": (but(themes=[1]), Reason.WRONG_TYPE, "`$.themes[0]`"),
    "empty id": (but(id=""), Reason.OUT_OF_RANGE, "`$.id`"),
    "empty tenant": (but(tenant=""), Reason.OUT_OF_RANGE, "`$.tenant`"),
    "long theme": (but(theme="a" * 257), Reason.OUT_OF_RANGE, "`$.theme`"),
    "long segment": (but(segment="a" * 257), Reason.OUT_OF_RANGE, "`$.segment`"),
    "long customer": (but(customer="a" * 257), Reason.OUT_OF_RANGE, "`$.customer`"),
    "long sentiment source": (but(sentiment_source="a" * 257), Reason.OUT_OF_RANGE, "`$.sentiment_source`"),
    "long dimension": (but(os_version="a" * 257), Reason.OUT_OF_RANGE, "`$.os_version`"),
    "long dimension among attributes": (
        but(attributes={"os_version": "a" * 257}),
        Reason.OUT_OF_RANGE,
        "`$.attributes.os_version`",
    ),
    "many metrics": (but(metrics={f"m{n}": n for n in range(65)}), Reason.OUT_OF_RANGE, "`$.metrics`"),
    "long name of a metric": (but(metrics={"m" * 129: 1}), Reason.OUT_OF_RANGE, "`$.metrics`"),
    "many themes": (but(themes=[f"t{n}" for n in range(33)]), Reason.OUT_OF_RANGE, "`$.themes`"),
    "sentiment of 7": (but(sentiment=7), Reason.OUT_OF_RANGE, "`$.sentiment`"),
    "confidence of 3": (but(themes=[{"name": "a", "confidence": 3}]), Reason.OUT_OF_RANGE, "themes[0].confidence"),
    "huge float": (raw(b'"arr": 1e999'), Reason.OUT_OF_RANGE, "`$.arr`"),
    "huge int": (raw(b'"os_version": ' + b"1" * 5000), Reason.OUT_OF_RANGE, "`$.os_version`"),
    "huge int for a float": (raw(b'"arr": ' + b"1" * 500), Reason.OUT_OF_RANGE, "`$.arr`"),
    "huge metric": (but(metrics={"wait_s": 1e16}), Reason.OUT_OF_RANGE, "`$.metrics.wait_s`"),
    "hugely negative metric": (but(metrics={"wait_s": -1e300}), Reason.OUT_OF_RANGE, "`$.metrics.wait_s`"),
    "control character": (but(theme="a\x1fb"), Reason.OUT_OF_RANGE, "`$.theme`"),
    "control character in a tenant": (but(tenant="\x1fpartition"), Reason.OUT_OF_RANGE, "`$.tenant`"),
    "control character among themes": (but(themes=["x", "a\nb"]), Reason.OUT_OF_RANGE, "`$.themes`"),
    "all traffic": (but(theme="*"), Reason.OUT_OF_RANGE, "`$.theme`"),
    "all traffic among themes": (but(themes=[{"name": "*"}]), Reason.OUT_OF_RANGE, "`$.themes`"),
    "null byte in an id": (but(id="a\0"), Reason.NULL_BYTES, "`$.id`"),
    "null byte among themes": (but(themes=["a\0"]), Reason.NULL_BYTES, "`$.themes`"),
    "newer schema": (but(schema_version=2), Reason.UNKNOWN_SCHEMA_VERSION, "`$.schema_version`"),
    "huge schema": (but(schema_version=10**40), Reason.UNKNOWN_SCHEMA_VERSION, "`$.schema_version`"),
    "long text": (but(text="a" * 20_001), Reason.TEXT_TOO_LONG, "`$.text`"),
    "neither theme nor text": (but(theme=None), Reason.NO_THEME_OR_TEXT, "`$.theme`"),
    "empty text": (but(theme=None, text="", themes=[]), Reason.NO_THEME_OR_TEXT, "`$.theme`"),
}
BAD_ENVELOPES: dict[str, tuple[bytes, Any, Reason, str]] = {
    "binary, old version": (but(), [("ce_specversion", b"0.3")], Reason.UNKNOWN_SCHEMA_VERSION, "specversion"),
    "binary, a list": (b"[1]", BINARY, Reason.WRONG_TYPE, "JSON object"),
    "binary, not JSON": (b"<x/>", BINARY, Reason.NOT_JSON, "not JSON"),
    "binary, deep": (b'{"a": ' * 40_000, BINARY, Reason.NOT_JSON, "nested too deeply"),
    "binary, bad time": (b'{"theme": "x"}', [*BINARY[:2], ("ce_time", b"\xff")], Reason.BAD_TIME, "`$.time`"),
    "binary, null value": (b'{"theme": "x"}', [*BINARY[:2], ("ce_time", None)], Reason.MISSING_FIELD, "`time`"),
    "structured, no version": (b"{}", STRUCTURED, Reason.WRONG_TYPE, "`specversion`"),
    "structured, old version": (
        b'{"specversion": "0.3", "data": {}}',
        STRUCTURED,
        Reason.UNKNOWN_SCHEMA_VERSION,
        "specversion",
    ),
    "structured, no data": (b'{"specversion": "1.0"}', STRUCTURED, Reason.WRONG_TYPE, "`data`"),
    "structured, id is a number": (
        b'{"specversion": "1.0", "id": 3, "data": {"theme": "x", "time": "2026-01-01T00:00:00Z"}}',
        STRUCTURED,
        Reason.WRONG_TYPE,
        "`$.id`",
    ),
    "structured, not UTF-8": (b'{"specversion": "1.0", "data": {"a": "\xff"}}', STRUCTURED, Reason.NOT_UTF8, "UTF-8"),
}


@pytest.fixture(scope="module")
def decoder() -> EventDecoder:
    return EventDecoder(Limits(), DIMENSIONS)


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_event(decoder: EventDecoder, case: str) -> None:
    value, reason, message = BAD[case]
    found = decoder.decode(value, (), NOW)
    assert isinstance(found, Rejected)
    assert found.reason is reason
    assert message in found.message


@pytest.mark.parametrize("case", BAD_ENVELOPES)
def test_what_is_no_cloud_event(decoder: EventDecoder, case: str) -> None:
    value, headers, reason, message = BAD_ENVELOPES[case]
    found = decoder.decode(value, headers, NOW)
    assert isinstance(found, Rejected)
    assert found.reason is reason
    assert message in found.message


@pytest.mark.parametrize("case", BAD)
def test_the_counter_refuses_alike(decoder: EventDecoder, case: str) -> None:
    counter = PartitionCounter(0, CountSettings(dimensions=DIMENSIONS), Limits(), Enricher(None))
    value = BAD[case][0]
    [refused] = counter.count([Raw(0, round(NOW * 1000), value)])
    assert refused.why == decoder.decode(value, (), NOW)
    assert refused.record.value is value
    assert counter.flush() == []


@pytest.mark.parametrize(
    "value",
    [
        but(),
        but(theme=None, text="cannot log in"),
        but(theme=None, themes=["a", {"name": "b"}]),
        but(time="2026-01-01T00:05:00Z"),
        but(time="2006-01-10T00:00:00+05:30"),
        but(text="a" * 20_000),
        but(theme="Zufällig \U0001f600\u00a0x"),
        but(unknown={"a": [1]}, os_version=17, attributes={"os_version": "x", "other": 1.5}),
        but(metrics={"wait_s": -1e15, "handle_s": 1e15}),
        but(id="line\nbreak"),
        raw(b'"zzz": ' + b"1" * 400),
    ],
)
def test_what_is_an_event(decoder: EventDecoder, value: bytes) -> None:
    found = decoder.decode(value, (), NOW)
    assert not isinstance(found, Rejected), found
    counter = PartitionCounter(0, CountSettings(dimensions=DIMENSIONS), Limits(), Enricher(None))
    assert counter.count([Raw(0, round(NOW * 1000), value)]) == []
    assert counter.flush() != []


@pytest.mark.parametrize("headers", [BINARY, STRUCTURED, [("trace", b"1")]])
def test_an_event_in_any_envelope(decoder: EventDecoder, headers: Any) -> None:
    value = b'{"specversion": "1.0", "data": ' + but() + b"}" if headers is STRUCTURED else but()
    found = decoder.decode(value, headers, NOW)
    assert not isinstance(found, Rejected)
    assert found.theme == "login"


def test_attributes_that_are_no_dimension_are_passed_over(decoder: EventDecoder) -> None:
    many = {f"a{n}": "x" * 300 for n in range(200)}
    for reader in (decoder, EventDecoder(Limits(), ("channel",))):
        assert not isinstance(reader.decode(but(attributes=many), (), NOW), Rejected)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([("a", b"")] * 64, ""),
        ([("a", b"")] * 65, "65 headers, at most 64"),
        ([("name", b"x" * 16_380)], ""),
        ([("name", b"x" * 16_381)], "16385 bytes of headers, at most 16384"),
        ([("n" * 20_000, None)], "20000 bytes of headers"),
        ([*BINARY, ("a", b"x" * 20_000)], "bytes of headers"),
    ],
)
def test_headers_are_bounded(decoder: EventDecoder, headers: Any, message: str) -> None:
    found = decoder.decode(but(), headers, NOW)
    assert isinstance(found, Rejected) == bool(message)
    if isinstance(found, Rejected):
        assert found.reason is Reason.TOO_LARGE
        assert message in found.message
        assert "xxx" not in found.message


@pytest.mark.parametrize("name", ["max_text", "max_record", "max_headers", "max_header_bytes"])
def test_limits_below_zero_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        Limits(**{name: -1})


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda tail: raw(b'"text": "' + tail + b'"')))
@example(b'{"id":"\x80')
def test_no_bytes_raise(value: bytes) -> None:
    decoder = EventDecoder(Limits(), DIMENSIONS)
    for headers in ((), BINARY, STRUCTURED):
        found = decoder.decode(value, headers, NOW)
        if isinstance(found, Rejected):
            assert found.message.isprintable() or found.message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(["id", "time", "theme", "themes", "text", "metrics", "attributes", "customer", "schema_version"]),
)
def test_no_value_of_any_field_raises(value: Any, name: str) -> None:
    counter = PartitionCounter(0, CountSettings(dimensions=DIMENSIONS), Limits(), Enricher(None))
    data = json.dumps({**GOOD, name: value}).encode()
    refused = counter.count([Raw(0, round(NOW * 1000), data)])
    updates = counter.flush()
    assert bool(refused) != bool(updates)


def test_reasons_do_not_repeat_customers_words(decoder: EventDecoder) -> None:
    secret = "4111111111111111"
    for value in (
        but(customer=[secret]),
        but(text=[secret]),
        but(text=secret * 2000),
        raw(b'"text": "' + secret.encode()),
    ):
        found = decoder.decode(value, (), NOW)
        assert isinstance(found, Rejected)
        assert secret not in found.message
