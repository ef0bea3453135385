"""What ``groundswell tail`` leaves out of signals and assignments: what was said before. Pure."""

from typing import Final

import msgspec

from schemas.reader import Newest, Seen, TwoMeanings

_CAPACITY: Final = 100_000


class _Signal(msgspec.Struct):
    id: str
    revision: int


class _Assignment(msgspec.Struct):
    signal_id: str
    revision: int


class Repeats:
    """Drops records whose revision, or a later one, was shown before.

    Args:
        kind: what is watched; only ``signals`` and ``assignments`` have revisions.

    Attributes:
        dropped: how many records were left out.

    >>> repeats = Repeats("signals")
    >>> repeats.told(b'{"id": "sig-1", "revision": 1}'), repeats.told(b'{"id": "sig-1", "revision": 1}')
    (False, True)
    """

    def __init__(self, kind: str) -> None:
        self.dropped = 0
        self._newest = Newest(_CAPACITY)
        self._signal = msgspec.json.Decoder(_Signal).decode if kind == "signals" else None
        self._assignment = msgspec.json.Decoder(_Assignment).decode if kind == "assignments" else None

    def told(self, value: bytes) -> bool:
        """Whether a record is to be left out; one that cannot be read, or contradicts another, never is."""
        try:
            if self._signal:
                signal = self._signal(value)
                identity, revision = signal.id, signal.revision
            elif self._assignment:
                assignment = self._assignment(value)
                identity, revision = assignment.signal_id, assignment.revision
            else:
                return False
            new = self._newest.take(identity, revision, value) is Seen.NEW
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TwoMeanings):
            return False
        self.dropped += not new
        return not new
