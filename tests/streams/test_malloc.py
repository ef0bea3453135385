"""What the allocator is told, where there is one that listens."""

import sys
from pathlib import Path

import pytest

from streams.shell.malloc import return_what_is_freed


@pytest.mark.skipif(sys.platform != "linux" or not list(Path("/lib").rglob("libc.so.6")), reason="not glibc")
def test_glibc_listens() -> None:
    assert return_what_is_freed()


def test_where_nothing_listens_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    assert not return_what_is_freed()
