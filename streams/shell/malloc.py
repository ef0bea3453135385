"""Keeps the C library from holding on to what was freed, so that a worker's memory stays where it was.

glibc gives each thread an arena of its own, and raises, with every large block that is freed, the
size from which it returns blocks to the system. A worker has a dozen threads of librdkafka's, and
tables of megabytes that come and go.
"""

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 1024 * 1024
_ARENAS = 2


def return_what_is_freed() -> bool:
    """Tell the allocator; False where there is none that listens (macOS, musl)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)) and bool(mallopt(_M_ARENA_MAX, _ARENAS))
