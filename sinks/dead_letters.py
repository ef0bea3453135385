"""Dead letters: a record that cannot be processed, as it came, with the reason in its headers."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

MAX_MESSAGE = 1_000
"""Characters of ``exception.message``."""

MAX_HEADERS, MAX_HEADER_BYTES = 64, 16_384
"""A record's own headers that are kept, and bytes of their names and values together; the first ones."""

REASON_HEADER = "groundswell.reason"
LEFT_OUT_HEADER = "groundswell.headers-left-out"
_CONNECT = "__connect.errors."

Headers = list[tuple[str, bytes | None]]
"""Kafka headers in order; a key may repeat, a value may be null."""


class Reason(StrEnum):
    """Why a record is a dead letter; machines count by these names, so they never change."""

    NULL_VALUE = "null-value"
    TOO_LARGE = "too-large"
    NULL_BYTES = "null-bytes"
    NOT_UTF8 = "not-utf8"
    NOT_JSON = "not-json"
    UNKNOWN_SCHEMA_VERSION = "unknown-schema-version"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    OUT_OF_RANGE = "out-of-range"
    NO_THEME_OR_TEXT = "no-theme-or-text"
    TEXT_TOO_LONG = "text-too-long"
    BAD_TIME = "bad-time"
    FAR_FUTURE = "far-future"
    TOO_OLD = "too-old"
    UNDELIVERABLE = "undeliverable"
    INTERNAL_ERROR = "internal-error"


class Failure(Struct, frozen=True, kw_only=True):
    """What went wrong with which record.

    Attributes:
        detail: the reason for people; holds no customer's words.
        field: path of the offending field, such as ``metrics.wait_s``; empty if it is none.
        topic, partition, offset: where the record came from.
        stage: Kafka Connect's name of the step: ``VALUE_CONVERTER``, ``TASK_PUT`` ...
        component: the part that refused the record (``class.name``).
        error: the kind of error (``exception.class.name``); empty takes the reason.
    """

    reason: Reason
    detail: str
    field: str = ""
    topic: str
    partition: int
    offset: int
    stage: str = "VALUE_CONVERTER"
    component: str = "groundswell.ingest"
    connector: str = "groundswell"
    task: int = 0
    error: str = ""

    @property
    def message(self) -> str:
        """Field, detail and place in one line of at most 1,000 characters; the detail is what is cut."""
        place = f" (topic {self.topic}, partition {self.partition}, offset {self.offset})"[:MAX_MESSAGE]
        text = f"{self.field}: {self.detail}" if self.field else self.detail
        room = MAX_MESSAGE - len(place)
        return (text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."[:room]) + place


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What to send to the dead-letter topic.

    Attributes:
        key, value: the record's own bytes, untouched.
        headers: the record's own headers, then ours.
        message: the reason for people, at most 1,000 characters.
        timestamp_ms: the record's own timestamp, milliseconds; None if it has none.
    """

    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: Reason
    message: str
    timestamp_ms: int | None = None


def dead_letter(
    failure: Failure,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]] = (),
    timestamp_ms: int | None = None,
) -> DeadLetter:
    """The dead letter of a record with ``key``, ``value``, ``headers`` and ``timestamp_ms`` as it came."""
    return DeadLetter(
        key=key,
        value=value,
        headers=dead_letter_headers(failure, headers),
        reason=failure.reason,
        message=failure.message,
        timestamp_ms=timestamp_ms,
    )


def dead_letter_headers(failure: Failure, headers: Iterable[tuple[str, bytes | None]] = ()) -> Headers:
    """``headers`` as they came, then Kafka Connect's error headers and our reason, in UTF-8.

    A header that is already there is left alone: the first failure is the one to look into. Of too many headers the
    first are kept, and ``groundswell.headers-left-out`` says how many are not.

    >>> lost = Failure(reason=Reason.BAD_TIME, detail="no offset", field="time", topic="cx", partition=0, offset=7)
    >>> dict(dead_letter_headers(lost))["__connect.errors.exception.message"]
    b'time: no offset (topic cx, partition 0, offset 7)'
    """
    kept, left_out = _bounded(headers)
    present = {name for name, _ in kept}
    ours = {
        f"{_CONNECT}topic": failure.topic,
        f"{_CONNECT}partition": str(failure.partition),
        f"{_CONNECT}offset": str(failure.offset),
        f"{_CONNECT}connector.name": failure.connector,
        f"{_CONNECT}task.id": str(failure.task),
        f"{_CONNECT}stage": failure.stage,
        f"{_CONNECT}class.name": failure.component,
        f"{_CONNECT}exception.class.name": failure.error or failure.reason.value,
        f"{_CONNECT}exception.message": failure.message,
        # Empty on purpose: a stack trace tells readers of the topic about our insides.
        f"{_CONNECT}exception.stacktrace": "",
        REASON_HEADER: failure.reason.value,
    }
    if left_out:
        ours[LEFT_OUT_HEADER] = str(left_out)
    # A half of a surrogate pair, as a broken escape in JSON leaves, has no UTF-8.
    kept += [(name, text.encode(errors="replace")) for name, text in ours.items() if name not in present]
    return kept


def header_size(name: str, content: bytes | None) -> int:
    """Characters of a header's name and bytes of its value."""
    return len(name) + len(content or b"")


def _bounded(headers: Iterable[tuple[str, bytes | None]]) -> tuple[Headers, int]:
    """The first headers, as many as are kept, and how many are not."""
    kept: Headers = []
    size = left_out = 0
    for name, content in headers:
        size += header_size(name, content)
        if left_out or len(kept) == MAX_HEADERS or size > MAX_HEADER_BYTES:
            left_out += 1
        else:
            kept.append((name, content))
    return kept, left_out
