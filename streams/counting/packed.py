"""A record batch as the broker stores it, on its way to whoever counts it."""

import msgspec


class Packed(msgspec.Struct, array_like=True, gc=False):
    """A batch of records, perhaps compressed.

    Attributes:
        first, offset: the first offset that is wanted of it, and the last.
        timestamp, timestamp_type: for Faust, which asks every record.
    """

    data: bytes
    first: int
    offset: int
    timestamp: int = 0
    timestamp_type: int = 0

    def __len__(self) -> int:
        """Offsets that it spans."""
        return self.offset + 1 - self.first
