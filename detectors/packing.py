"""Counts as few bytes: most of them are small, and most of those are zero."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.season import Floats

_WIDTHS: tuple[Any, ...] = (np.uint8, np.uint16, np.uint32)


def pack(counts: Floats) -> bytes:
    """Whole numbers from 0, or NaN, as bytes; what is not a whole number is kept as it is.

    >>> from math import nan
    >>> unpack(pack(np.array([0.0, nan, 7.0]))).tolist()
    [0.0, nan, 7.0]
    >>> len(pack(np.zeros(1344))) < 30
    True
    """
    flat = counts.ravel()
    known = np.nan_to_num(flat, nan=0.0)
    for code, width in enumerate(_WIDTHS):
        unknown = np.iinfo(width).max
        if known.max(initial=0.0) < unknown and not (known % 1.0).any():
            small = np.where(np.isnan(flat), unknown, known).astype(width)
            return bytes([code]) + zlib.compress(small.tobytes(), 1)
    return bytes([len(_WIDTHS)]) + zlib.compress(flat.astype(np.float64).tobytes(), 1)


def pack_row(counts: Sequence[float]) -> bytes:
    """The same of a short row that is no array: most are of small whole numbers.

    >>> from math import nan
    >>> unpack(pack_row([0.0, nan, 7.0])).tolist(), pack_row([0.5]) == pack(np.array([0.5]))
    ([0.0, nan, 7.0], True)
    """
    # NaN is the one number that is not itself.
    if all(0.0 <= count < 255.0 and count == int(count) for count in counts if count == count):
        return b"\x00" + zlib.compress(bytes([int(count) if count == count else 255 for count in counts]), 1)
    return pack(np.array(counts))


def unpack(data: bytes) -> Floats:
    """The inverse of :func:`pack`, as one row.

    Raises:
        ValueError: if the bytes were not made by it.
    """
    try:
        raw = zlib.decompress(data[1:])
        if data[0] == len(_WIDTHS):
            return np.frombuffer(raw, np.float64).copy()
        width = _WIDTHS[data[0]]
    except (zlib.error, IndexError) as error:
        raise ValueError(f"packed counts cannot be read: {error}") from None
    small = np.frombuffer(raw, width)
    return np.where(small == np.iinfo(width).max, np.nan, small.astype(np.float64))
