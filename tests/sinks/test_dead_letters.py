"""What a dead letter carries."""

import pytest

from sinks.dead_letters import (
    LEFT_OUT_HEADER,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_MESSAGE,
    REASON_HEADER,
    Failure,
    Reason,
    dead_letter,
    dead_letter_headers,
)

FAILURE = Failure(
    reason=Reason.WRONG_TYPE,
    detail="expected a number, got a string",
    field="metrics.wait_s",
    topic="cx.interactions",
    partition=3,
    offset=1234,
)


def test_carries_the_headers_of_kafka_connect_and_our_reason() -> None:
    assert dead_letter_headers(FAILURE) == [
        ("__connect.errors.topic", b"cx.interactions"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"1234"),
        ("__connect.errors.connector.name", b"groundswell"),
        ("__connect.errors.task.id", b"0"),
        ("__connect.errors.stage", b"VALUE_CONVERTER"),
        ("__connect.errors.class.name", b"groundswell.ingest"),
        ("__connect.errors.exception.class.name", b"wrong-type"),
        (
            "__connect.errors.exception.message",
            b"metrics.wait_s: expected a number, got a string (topic cx.interactions, partition 3, offset 1234)",
        ),
        ("__connect.errors.exception.stacktrace", b""),
        (REASON_HEADER, b"wrong-type"),
    ]


def test_keeps_the_record_as_it_came() -> None:
    own: list[tuple[str, bytes | None]] = [("traceparent", b"00-1"), ("tag", b"a"), ("tag", None)]
    letter = dead_letter(FAILURE, b"key", b"\x00\xff", own, timestamp_ms=5)
    assert (letter.key, letter.value, letter.timestamp_ms) == (b"key", b"\x00\xff", 5)
    assert letter.headers[:3] == own
    assert (letter.reason, letter.message) == (Reason.WRONG_TYPE, FAILURE.message)


def test_never_overwrites_a_header() -> None:
    first = dead_letter_headers(FAILURE)
    second = Failure(reason=Reason.TOO_OLD, detail="older than 7 days", topic="cx.dead-letters", partition=0, offset=9)
    assert dead_letter_headers(second, first) == first
    kept = dead_letter_headers(second, [("__connect.errors.topic", b"theirs")])
    assert [value for name, value in kept if name == "__connect.errors.topic"] == [b"theirs"]


@pytest.mark.parametrize("detail", ["x" * 5_000, "é" * 5_000])
def test_cuts_the_detail_and_keeps_field_and_place(detail: str) -> None:
    failure = Failure(reason=Reason.NOT_JSON, detail=detail, field="text", topic="t", partition=1, offset=2)
    assert len(failure.message) == MAX_MESSAGE
    assert failure.message.startswith("text: ")
    assert failure.message.endswith("... (topic t, partition 1, offset 2)")


def test_bounds_the_message_whatever_is_long() -> None:
    failure = Failure(reason=Reason.NOT_JSON, detail="d", field="f" * 5_000, topic="t" * 5_000, partition=1, offset=2)
    assert len(failure.message) == MAX_MESSAGE


def test_headers_are_utf8_whatever_the_text() -> None:
    failure = Failure(reason=Reason.NOT_UTF8, detail="half a pair: \ud83d, café", topic="t", partition=0, offset=0)
    message = dict(dead_letter_headers(failure))["__connect.errors.exception.message"]
    assert message is not None
    assert message.decode().startswith("half a pair: ?, café")


def test_reasons_are_stable_names() -> None:
    assert {reason.value for reason in Reason} >= {
        "not-json", "wrong-type", "missing-field", "null-value", "bad-time", "far-future", "too-old",
        "text-too-long", "unknown-schema-version", "null-bytes", "no-theme-or-text",
    }  # fmt: skip


def test_too_many_headers_of_its_own_are_left_out_and_counted() -> None:
    headers = dead_letter_headers(FAILURE, [(f"h{n}", b"v") for n in range(100)])
    assert [name for name, _ in headers[:MAX_HEADERS]] == [f"h{n}" for n in range(MAX_HEADERS)]
    assert dict(headers)[LEFT_OUT_HEADER] == b"36"
    assert dict(headers)[REASON_HEADER] == b"wrong-type"


def test_too_large_headers_of_its_own_are_left_out_and_counted() -> None:
    headers = dead_letter_headers(FAILURE, [("small", b"v"), ("large", b"x" * MAX_HEADER_BYTES), ("last", b"v")])
    assert [name for name, _ in headers][:2] == ["small", "__connect.errors.topic"]
    assert dict(headers)[LEFT_OUT_HEADER] == b"2"
