"""The CloudEvents Kafka binding, with the ``cloudevents`` package as the oracle."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas.cloudevents import CloudEventError, UnknownVersionError, from_record, headers_for
from schemas.codec import decode_event, decode_signal, encode_json
from tests.support.signals import make_signal

TIME = datetime(2026, 5, 4, 9, 0, 0, 123_000, tzinfo=UTC)
DATA = {"theme": "login-failure", "sentiment": -0.5, "metrics": {"stars": 1.0}}


def cloud_event(data: Any, **more: Any) -> CloudEvent:
    attributes = {"id": "ce-1", "source": "/app", "type": "review.v1", "specversion": "1.0", "time": TIME, **more}
    return CloudEvent({"datacontenttype": "application/json", **attributes}, data)


def records(event: CloudEvent) -> dict[str, KafkaMessage]:
    return {"binary": to_binary(event, JSONFormat()), "structured": to_structured(event, JSONFormat())}


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_id_and_time_come_from_the_envelope(mode: str) -> None:
    record = records(cloud_event(DATA))[mode]
    event, unknown = decode_event(from_record(record.value, list(record.headers.items())))
    assert (event.id, event.time, event.theme, event.sentiment, event.metrics) == (
        "ce-1",
        TIME,
        "login-failure",
        -0.5,
        {"stars": 1.0},
    )
    assert unknown == {}


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_what_the_data_says_itself_wins(mode: str) -> None:
    record = records(cloud_event({**DATA, "id": "own", "time": "2026-01-01T00:00:00Z", "extra": 1}))[mode]
    event, unknown = decode_event(from_record(record.value, list(record.headers.items())))
    assert event.id == "own"
    assert event.time == datetime(2026, 1, 1, tzinfo=UTC)
    assert unknown == {"extra": 1}


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_header_names_and_the_content_type_in_any_case(mode: str) -> None:
    record = records(cloud_event(DATA))[mode]
    shouted = [(name.upper(), content) for name, content in record.headers.items()]
    assert decode_event(from_record(record.value, shouted))[0].id == "ce-1"


def test_a_structured_event_with_a_charset() -> None:
    record = records(cloud_event(DATA))["structured"]
    headers = [("content-type", b"Application/CloudEvents+JSON; charset=UTF-8")]
    assert decode_event(from_record(record.value, headers))[0].id == "ce-1"


@pytest.mark.parametrize("headers", [[], [("content-type", b"application/json")], [("trace", b"1"), ("null", None)]])
def test_plain_json_comes_back_as_it_is(headers: Any) -> None:
    value = b'{ "id" : "1" }'
    assert from_record(value, headers) is value


def test_our_binary_headers_are_a_cloud_event() -> None:
    signal = make_signal(at=TIME)
    headers = headers_for("dev.groundswell.signal.opened.v1", "/groundswell/detect", "sig-1.1", signal.at)
    read = from_binary(KafkaMessage(dict(headers), None, encode_json(signal)), JSONFormat(), CloudEvent)
    assert read.get_id() == "sig-1.1"
    assert read.get_type() == "dev.groundswell.signal.opened.v1"
    assert read.get_source() == "/groundswell/detect"
    assert read.get_time() == TIME
    assert read.get_specversion() == "1.0"
    assert read.get_datacontenttype() == "application/json"
    assert decode_signal(json.dumps(read.get_data()).encode()) == signal


def test_no_header_is_named_twice() -> None:
    names = [name for name, _ in headers_for("t", "/s", "1", TIME)]
    assert len(names) == len(set(names))


def test_our_output_is_our_input() -> None:
    headers = headers_for("t", "/s", "e-1", TIME)
    assert decode_event(from_record(b'{"theme": "x"}', headers))[0].time == TIME


@pytest.mark.parametrize(
    ("value", "headers", "message"),
    [
        (b"{}", [("ce_specversion", b"0.3")], "'0.3' is not known"),
        (b"{}", [("ce_specversion", b"\xff")], "is not known"),
        (b"[1]", [("ce_specversion", b"1.0")], "must be a JSON object"),
        (b"{}", [("content-type", b"application/cloudevents+json")], "`specversion`"),
        (b"[]", [("content-type", b"application/cloudevents-batch+json")], "`specversion`"),
        (b'{"specversion": "1.0"}', [("content-type", b"application/cloudevents+json")], "`data`"),
        (b'{"specversion": "1.0", "data": 3}', [("content-type", b"application/cloudevents+json")], "`data`"),
        (b'{"specversion": "1.0", "data_base64": "e30="}', [("content-type", b"application/cloudevents")], "`data`"),
    ],
)
def test_a_broken_envelope_is_refused(value: bytes, headers: Any, message: str) -> None:
    with pytest.raises(CloudEventError, match=message):
        from_record(value, headers)


def test_an_unknown_version_is_told_apart() -> None:
    with pytest.raises(UnknownVersionError):
        from_record(b'{"specversion": "2.0", "data": {}}', [("content-type", b"application/cloudevents+json")])


def test_an_envelope_that_is_not_json_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        from_record(b"<xml/>", [("content-type", b"application/cloudevents+xml")])
