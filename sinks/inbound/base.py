"""What comes in, what it may be made of, and why it may be turned away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from schemas.action import Action
from sinks.connectors.base import signal_of


class Incoming(NamedTuple):
    """One request.

    Attributes:
        headers: their names in lower case.
        received_at: wall time, epoch seconds.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: float


class Denied(Exception):
    """A request that is not taken, with the HTTP status that says so.

    The reason goes to the sender: it tells nothing that a stranger could use.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Told(NamedTuple):
    """What a request comes to: actions, or why there are none."""

    actions: list[Action]
    reason: str = ""


class Source(Protocol):
    """Somebody who tells of progress."""

    @property
    def name(self) -> str: ...

    def take(self, incoming: Incoming) -> Told:
        """Verify a request, then translate it.

        Raises:
            Denied: it is not from whom it should be, too old, or not what it should be.
        """


def document(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Denied: 400.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Denied(400, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise Denied(400, "the body is no JSON object")
    return found


def part(thing: Any, *path: str) -> Any:
    """What stands at a path of a document; None where there is nothing."""
    for key in path:
        thing = thing.get(key) if isinstance(thing, dict) else None
    return thing


def text(thing: Any, *path: str) -> str:
    """The text or number at a path; empty where there is none."""
    found = part(thing, *path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def signals(marks: Iterable[str]) -> list[str]:
    """The signals whose markers are among ``marks``, in their order.

    >>> signals(["mobile", "gs-sig-1", "gs-sig-1.2", "gs-"])
    ['sig-1']
    """
    return list(dict.fromkeys(found for found in map(signal_of, marks) if found))
