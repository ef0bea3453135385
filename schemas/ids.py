"""Derived identifiers: the same facts always give the same id, on any worker, at any time."""

import hashlib
import zlib


def derived_id(prefix: str, *parts: str | int) -> str:
    """A short stable id of ``parts``, such as ``sig-4f0c...`` (16 hex digits, 64 bits).

    >>> derived_id("sig", "bank", "login-failure", "complaints", 1700000000)
    'sig-1624e369c51d6fa8'
    """
    text = "\x1f".join(str(part) for part in parts)
    return f"{prefix}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def source_id(topic_index: int, partition: int) -> int:
    """One number for a source partition: the input topic's place in the settings, and the partition."""
    return topic_index << 16 | partition


def series_partition(tenant: str, theme: str, partitions: int) -> int:
    """The theme-panes partition of a series (CRC-32 of its key).

    >>> series_partition("bank", "login-failure", 8) == series_partition("bank", "login-failure", 8)
    True
    """
    return zlib.crc32(f"{tenant}\x1f{theme}".encode()) % partitions
