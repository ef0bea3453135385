"""Whether a request is from whom it says it is, compared in constant time, and not an old one sent again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

from sinks.inbound.base import Denied, Incoming

_STRANGER = Denied(401, "not signed as it should be")


def hex_hmac(key: str, *parts: bytes) -> str:
    """HMAC-SHA256 over ``parts``, as hex digits."""
    return hmac.new(key.encode(), b"".join(parts), hashlib.sha256).hexdigest()


def check_same(given: str, expected: str) -> None:
    """Whether two secrets or signatures are the same.

    Raises:
        Denied: 401.
    """
    # As bytes: text with other characters than ASCII is refused by compare_digest.
    if not given or not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Denied(_STRANGER.status, _STRANGER.reason)


def check_body(incoming: Incoming, header: str, key: str) -> None:
    """Whether ``header`` holds ``sha256=`` and the HMAC of the body, as WebSub writes it.

    Raises:
        Denied: 401.
    """
    check_same(incoming.headers.get(header, ""), f"sha256={hex_hmac(key, incoming.body)}")


def check_stamped(incoming: Incoming, stamp: str, header: str, signed: Callable[[str], str], window_s: float) -> None:
    """Whether ``header`` holds the signature over a time and the body, and is fresh.

    Args:
        stamp: the header with the epoch seconds at which it was signed.
        signed: the right signature, from the content of that header.

    Raises:
        Denied: 401.
    """
    at = incoming.headers.get(stamp, "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise Denied(_STRANGER.status, _STRANGER.reason)
    check_same(incoming.headers.get(header, ""), signed(at))
    check_fresh(float(at), incoming, window_s)


def check_fresh(at: float, incoming: Incoming, window_s: float) -> None:
    """Whether something was said, at epoch seconds ``at``, no longer ago than the window, and not in the future.

    Raises:
        Denied: 401.
    """
    if abs(incoming.received_at - at) > window_s:
        raise Denied(401, "too old, or the clocks differ")


def check_basic(incoming: Incoming, username: str, password: str) -> None:
    """Whether a user and a password came with it (RFC 7617).

    Raises:
        Denied: 401.
    """
    scheme, _, given = incoming.headers.get("authorization", "").partition(" ")
    try:
        login = base64.b64decode(given.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        login = b""
    check_same(login.decode(errors="replace"), f"{username}:{password}")
