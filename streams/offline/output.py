"""Output of an offline command: a file that is whole or not there, or standard output."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

STDOUT = "-"


@contextmanager
def whole_file(path: str) -> Iterator[IO[str]]:
    """A file to write text to, which takes its name only when the block ends without an exception.

    Until then it stands beside, under a hidden name. A name that ends in .gz is gzipped, the same bytes each time;
    ``-`` is standard output; what is there and is no regular file, such as a pipe, is written to directly.

    Raises:
        OSError: it cannot be written.
    """
    if path == STDOUT:
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(path)
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8", newline="") as text:
            yield text
        return
    target = target.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as raw, _text(raw, target) as text:
            yield text
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _text(raw: IO[bytes], target: Path) -> Iterator[IO[str]]:
    if target.suffix.lower() != ".gz":
        with io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
            yield text
        return
    # The time and the name in gzip's header would make each run's bytes different.
    packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
    with packed, io.TextIOWrapper(packed, encoding="utf-8", newline="") as text:
        yield text
