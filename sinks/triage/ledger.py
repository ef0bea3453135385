"""Entries of a tenant: revisions waiting or newest, and what is still to be sent. An entry never changes.

They are written before the tenant's own record, which says by number which of them count. So what a crash has cut off
is simply not referred to.
"""

from collections.abc import Callable, Iterator

from schemas.audit import Audit
from schemas.codec import decode_signal, encode_json
from schemas.digest import Digest
from schemas.signal import Signal
from schemas.triage_codec import decode_audit, decode_digest, encode

Entry = Signal | Audit | Digest

_KINDS: dict[bytes, Callable[[bytes], Entry]] = {b"s": decode_signal, b"a": decode_audit, b"d": decode_digest}


class Ledger:
    """Entries by number.

    Attributes:
        new: numbers that no checkpoint holds yet; ``gone``: those that one may still hold.
    """

    __slots__ = ("entries", "gone", "new")

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.new: set[int] = set()
        self.gone: set[int] = set()

    def add(self, number: int, entry: Entry) -> None:
        """Keep an entry."""
        self.entries[number] = entry
        self.new.add(number)
        self.gone.discard(number)

    def keep(self, numbers: set[int]) -> None:
        """Forget all others."""
        for number in self.entries.keys() - numbers:
            del self.entries[number]
            if number in self.new:
                self.new.discard(number)
            else:
                self.gone.add(number)

    def written(self) -> Iterator[tuple[int, bytes]]:
        """What a checkpoint must hold before the tenant's record."""
        for number in sorted(self.new):
            yield number, encode_entry(self.entries[number])
        self.new.clear()

    def erased(self) -> list[int]:
        """What a checkpoint must erase after it."""
        gone = sorted(self.gone)
        self.gone.clear()
        return gone


def encode_entry(entry: Entry) -> bytes:
    """A letter for its kind, and JSON as it will be sent: the same to the byte after a restart."""
    if isinstance(entry, Signal):
        return b"s" + encode_json(entry)
    return (b"a" if isinstance(entry, Audit) else b"d") + encode(entry)


def decode_entry(data: bytes) -> Entry:
    """The inverse of :func:`encode_entry`.

    Raises:
        ValueError: it is no entry.
    """
    if data[:1] not in _KINDS:
        raise ValueError("no entry of triage")
    return _KINDS[data[:1]](data[1:])
