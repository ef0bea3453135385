"""Whose records count in a changelog partition: those of the newest claim, from that claim on. Pure.

A worker that is given a partition first writes a claim, and reads the log up to it. The claim's
offset is the worker's epoch; every record it writes carries that number. A record that comes
after a newer claim was sent by somebody who has lost the partition and does not know it yet, and
is passed over. So two workers that both believe in their ownership cannot mix their states, and
the log itself says who is right: no clock, no lease and no second system are asked.

Compaction keeps only the newest record of a key, so a stale one could drive out the one that
counts. Its writer's successor therefore writes again what a stale record lies upon, and topics
are made with a ``min.compaction.lag.ms`` that leaves time for it.
"""

from collections.abc import Iterable
from typing import NamedTuple

CLAIM_PREFIX = b"\x1fclaim\x1f"
EPOCH_HEADER = "epoch"
BEFORE_CLAIMS = -1
"""The epoch of a record without one, as a build without claims has written."""


class Entry(NamedTuple):
    """A record of a changelog partition; ``value`` is None for a tombstone."""

    offset: int
    epoch: int
    key: bytes
    value: bytes | None


class Replayed:
    """What a partition's log comes to.

    Attributes:
        state: key -> value.
        claim: offset of the newest claim seen; -1 before the first.
        stale: keys upon which a stale record lies; they want to be written again.

    >>> log = Replayed()
    >>> log.take([Entry(0, -1, claim_key(3), b"a"), Entry(1, 0, b"login", b"1"), Entry(2, -1, claim_key(3), b"b")])
    >>> log.take([Entry(3, 0, b"login", b"of a, too late"), Entry(4, 2, b"crash", b"2")])
    >>> log.state, log.claim, log.stale
    ({b'login': b'1', b'crash': b'2'}, 2, {b'login'})
    """

    __slots__ = ("claim", "stale", "state")

    def __init__(self) -> None:
        self.state: dict[bytes, bytes] = {}
        self.claim = BEFORE_CLAIMS
        self.stale: set[bytes] = set()

    def take(self, entries: Iterable[Entry]) -> None:
        """Take in records in the order of their offsets."""
        for offset, epoch, key, value in entries:
            if key.startswith(CLAIM_PREFIX):
                self.claim = offset
            elif epoch < self.claim:
                self.stale.add(key)
            else:
                self.stale.discard(key)
                if value is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = value


def claim_key(partition: int) -> bytes:
    """The key of a partition's claims; compaction keeps the newest."""
    return CLAIM_PREFIX + str(partition).encode()


class Fenced(RuntimeError):
    """Another worker has claimed the partition: this one must not write another word."""


class Claim:
    """A worker's hold on one changelog partition, from its claim on.

    The log has one rightful writer, so the offsets of what it writes follow one another. A gap is
    somebody else's record: of a predecessor that did not know better, or of a successor.

    Args:
        offset: of the claim's own record.

    >>> claim = Claim("series", 3, offset=7)
    >>> claim.epoch, claim.gap(8), claim.gap(9), claim.gap(12)
    (7, None, None, (10, 12))
    >>> claim.judge([Entry(10, 2, b"login", b"1"), Entry(11, 2, b"crash", b"2")]) == {b"login", b"crash"}
    True
    >>> claim.judge([Entry(10, -1, claim_key(3), b"b")])
    Traceback (most recent call last):
    streams.claims.Fenced: series, partition 3: another worker has claimed it at offset 10, after our claim at 7
    """

    __slots__ = ("_next", "epoch", "partition", "topic")

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        self.topic, self.partition, self.epoch = topic, partition, offset
        self._next = offset + 1

    def gap(self, offset: int) -> tuple[int, int] | None:
        """Note that our record was written at ``offset``; the range of foreign records before it, if any."""
        expected, self._next = self._next, offset + 1
        return (expected, offset) if offset > expected else None

    def judge(self, foreign: Iterable[Entry]) -> set[bytes]:
        """The keys that stale records now lie upon.

        Raises:
            Fenced: if one of the records is a claim.
        """
        keys: set[bytes] = set()
        for entry in foreign:
            if entry.key.startswith(CLAIM_PREFIX):
                raise Fenced(
                    f"{self.topic}, partition {self.partition}: another worker has claimed it "
                    f"at offset {entry.offset}, after our claim at {self.epoch}"
                )
            keys.add(entry.key)
        return keys
