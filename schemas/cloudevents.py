"""The CloudEvents 1.0 Kafka binding: binary mode out; binary, structured and plain JSON in."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

Headers = Sequence[tuple[str, bytes]]

CONTENT_TYPE = b"application/json"
_STRUCTURED = b"application/cloudevents"
_CONTEXT = {"id", "time"}


class CloudEventError(ValueError):
    """A record that claims to be a CloudEvent and is none."""


class UnknownVersionError(CloudEventError):
    """A CloudEvent of a version other than 1.0."""


def headers_for(kind: str, source: str, event_id: str, time: datetime) -> list[tuple[str, bytes]]:
    """The headers of a binary-mode record; its value is the JSON data.

    Args:
        kind: the event type, such as ``dev.groundswell.signal.opened.v1``.
        source: a URI reference, such as ``/groundswell/detect``.
    """
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", kind.encode()),
        ("ce_source", source.encode()),
        ("ce_id", event_id.encode()),
        ("ce_time", time.isoformat().replace("+00:00", "Z").encode()),
        ("content-type", CONTENT_TYPE),
    ]


def from_record(value: bytes, headers: Iterable[tuple[str, bytes]]) -> bytes:
    """The event's JSON, with ``id`` and ``time`` filled in from the CloudEvent where the data lacks them.

    Plain JSON comes back as it is.

    Raises:
        CloudEventError: if the envelope is not a CloudEvent 1.0 with JSON data.
    """
    named = {name.lower(): content for name, content in headers if content is not None}
    if named.get("content-type", b"").lower().startswith(_STRUCTURED):
        return _structured(value)
    if "ce_specversion" not in named:
        return value
    _check_version(named["ce_specversion"].decode(errors="replace"))
    context: dict[str, object] = {
        name: named[f"ce_{name}"].decode(errors="replace") for name in _CONTEXT if f"ce_{name}" in named
    }
    return _with_context(msgspec.json.decode(value), context, value)


def _structured(value: bytes) -> bytes:
    envelope = msgspec.json.decode(value)
    if not isinstance(envelope, dict) or "specversion" not in envelope:
        raise CloudEventError("a structured CloudEvent needs `specversion`")
    _check_version(str(envelope["specversion"]))
    if not isinstance(envelope.get("data"), dict):
        raise CloudEventError("`data` of the CloudEvent must be a JSON object")
    return _with_context(envelope["data"], {name: envelope[name] for name in _CONTEXT if name in envelope}, None)


def _check_version(version: str) -> None:
    if version != "1.0":
        raise UnknownVersionError(f"CloudEvents specversion {version!r} is not known, 1.0 is")


def _with_context(data: object, context: dict[str, object], raw: bytes | None) -> bytes:
    if not isinstance(data, dict):
        raise CloudEventError("the data of the CloudEvent must be a JSON object")
    missing = {name: content for name, content in context.items() if name not in data}
    if not missing and raw is not None:
        return raw
    return msgspec.json.encode({**missing, **data})
