"""Controls, audits and digests to bytes and back: JSON."""

from typing import TypeVar

import msgspec

from schemas.audit import Audit
from schemas.control import Control
from schemas.digest import Digest

Shape = TypeVar("Shape", Control, Audit, Digest)

_control = msgspec.json.Decoder(Control)
_audit = msgspec.json.Decoder(Audit)
_digest = msgspec.json.Decoder(Digest)
_encoder = msgspec.json.Encoder()


def encode(thing: Control | Audit | Digest) -> bytes:
    """JSON, as it stands on the topics."""
    return _encoder.encode(thing)


def decode_control(data: bytes) -> Control:
    """A control from JSON; raises msgspec.DecodeError, which names the field."""
    return _decoded(_control, data)


def decode_audit(data: bytes) -> Audit:
    """An audit record from JSON; raises msgspec.DecodeError, which names the field."""
    return _decoded(_audit, data)


def decode_digest(data: bytes) -> Digest:
    """A digest from JSON; raises msgspec.DecodeError, which names the field."""
    return _decoded(_digest, data)


def _decoded(decoder: msgspec.json.Decoder[Shape], data: bytes) -> Shape:
    try:
        return decoder.decode(data)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
