"""A snapshot as it is kept and written: compressed with LZ4, a third to a half of its size, in a few microseconds."""

import cramjam
from cramjam import lz4

_MARK = b"\xc1"
"""No MessagePack begins with it, so what an older build has written is told from what is compressed."""

_LEAST_BYTES = 256
_SIZE_BYTES = 4
_MOST_RATIO, _SLACK = 255, 64
"""Of LZ4: a block that claims more is damaged, and not to be given the memory."""


def compressed(data: bytes) -> bytes:
    """A snapshot in less space; one that is short stays as it is."""
    return _MARK + bytes(lz4.compress_block(data)) if len(data) >= _LEAST_BYTES else data


def plain(data: bytes) -> bytes:
    """The inverse of :func:`compressed`.

    Raises:
        ValueError: it is damaged.

    >>> plain(compressed(b"a" * 1000)) == b"a" * 1000, len(compressed(b"a" * 1000)) < 30
    (True, True)
    """
    if not data.startswith(_MARK):
        return data
    block = data[1:]
    size = int.from_bytes(block[:_SIZE_BYTES], "little")
    if size > _MOST_RATIO * len(block) + _SLACK:
        raise ValueError("a compressed snapshot is damaged")
    try:
        return bytes(lz4.decompress_block(block))
    except cramjam.DecompressionError as error:
        raise ValueError(f"a compressed snapshot is damaged: {error}") from None
