"""A progress bar by the bytes of a file that have been read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def reading(path: Path, console: Console) -> Iterator[Callable[[int], None] | None]:
    """What to tell how many bytes have been read; None, and no bar, where ``console`` is no terminal.

    A file of unknown size, such as a pipe, gets a bar that only shows that something happens.
    """
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    try:
        size = path.stat().st_size or None
    except OSError:
        size = None
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(path.name, total=size)
        yield lambda done: bar.update(task, completed=done)
