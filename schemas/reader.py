"""For readers of signals and assignments: drops what was said before.

Both come at least once. A pair of id and revision has one meaning for ever, so a reader needs to keep
the highest revision of each id and no more. Pure, and needs nothing but this file.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum


class Seen(StrEnum):
    """What a record is to a reader; only what is new is to be acted on."""

    NEW = "new"
    REPEATED = "repeated"
    OLDER = "older"


class TwoMeanings(ValueError):
    """A pair of id and revision came with two contents; names both. Nothing has been taken in."""


State = list[tuple[str, int, int]]
"""(id, highest revision, 64-bit hash of its content), the least recently used first; fit for JSON."""


class Newest:
    """The highest revision seen of each id, in bounded memory: the ids used least recently go first.

    An id that went is new when it comes again, so the capacity must be larger than the number of
    ids that may be repeated: for connectors, those of the signals that are open, and of as much of
    the topic as may be read again.

    Args:
        capacity: most ids that are kept; some 200 bytes each.
        state: what :meth:`export` gave, to go on from there.

    Raises:
        ValueError: ``capacity`` is below 1, or ``state`` is no such thing.

    >>> newest = Newest(capacity=1000)
    >>> newest.take("sig-1", 1, b"opened"), newest.take("sig-1", 2, b"escalated")
    (<Seen.NEW: 'new'>, <Seen.NEW: 'new'>)
    >>> newest.take("sig-1", 2, b"escalated"), newest.take("sig-1", 1, b"opened")
    (<Seen.REPEATED: 'repeated'>, <Seen.OLDER: 'older'>)
    >>> newest.take("sig-1", 2, b"resolved")
    Traceback (most recent call last):
        ...
    schemas.reader.TwoMeanings: sig-1 revision 2 came with two contents
    >>> Newest(1000, newest.export()).take("sig-1", 2, b"escalated")
    <Seen.REPEATED: 'repeated'>
    """

    __slots__ = ("_capacity", "_newest")

    def __init__(self, capacity: int, state: Iterable[Iterable[object]] = ()) -> None:
        if capacity < 1:
            raise ValueError(f"capacity: expected at least 1, got {capacity}")
        self._capacity = capacity
        # In order of use: what is used is taken out and put at the end.
        self._newest: dict[str, tuple[int, int]] = {}
        for index, row in enumerate(state):
            identity, revision, hashed = _row(index, row)
            self._newest.pop(identity, None)
            self._newest[identity] = (revision, hashed)
        self._bound()

    def __len__(self) -> int:
        return len(self._newest)

    def take(self, identity: str, revision: int, content: bytes) -> Seen:
        """What a record is; it is then the newest of its id, if it is new.

        Args:
            identity: a signal's ``id`` or an assignment's ``signal_id``; one reader is for one of the topics.
            content: the record's value, byte for byte.

        Raises:
            TwoMeanings: the revision is the highest seen, and its content is another one.
        """
        hashed = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())
        known = self._newest.pop(identity, None)
        if known is not None and known[0] >= revision:
            self._newest[identity] = known
            if known[0] > revision:
                return Seen.OLDER
            if known[1] != hashed:
                raise TwoMeanings(f"{identity} revision {revision} came with two contents")
            return Seen.REPEATED
        self._newest[identity] = (revision, hashed)
        self._bound()
        return Seen.NEW

    def export(self) -> State:
        """What is remembered as plain data, to be kept with a reader's own offsets."""
        return [(identity, revision, hashed) for identity, (revision, hashed) in self._newest.items()]

    def _bound(self) -> None:
        while len(self._newest) > self._capacity:
            del self._newest[next(iter(self._newest))]


def _row(index: int, row: Iterable[object]) -> tuple[str, int, int]:
    match list(row) if isinstance(row, list | tuple) else None:
        case [str(identity), int(revision), int(hashed)] if 0 <= hashed < 1 << 64:
            return identity, revision, hashed
    raise ValueError(f"state[{index}]: expected an id, a revision and a 64-bit hash, got {row!r:.80}")
