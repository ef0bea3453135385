"""The demo's progress bar."""

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from streams.demo.scenario import DAY, HOUR, MINUTE, Scenario

_DAYS_FROM: Final = 3


class Show:
    """A bar while the story is played; nothing where nobody watches."""

    def __init__(self, console: Console, story: Scenario, *, quiet: bool) -> None:
        self._began, self._total = story.began, len(story.occurrences)
        self._bar = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(),
            TaskProgressColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task("starting a broker and a worker", total=self._total)

    def progress(self, done: int, at: float) -> None:
        """``done`` events are counted, and the story has come to ``at``."""
        self._bar.update(self._task, completed=done, description=self._where(at - self._began))

    @staticmethod
    def _where(since: float) -> str:
        if since < 0:
            return f"an ordinary week: day {int(since // DAY) + 8}"
        return f"logins fail on iOS 17: {elapsed(since)}"

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def elapsed(seconds: float) -> str:
    """Time since the first complaint, such as ``+4:37`` (hours and minutes).

    >>> elapsed(16_620.0), elapsed(14 * DAY)
    ('+4:37', '+14 days')
    """
    if seconds >= _DAYS_FROM * DAY:
        return f"+{seconds / DAY:.0f} days"
    minutes = round(seconds / MINUTE)
    return f"+{minutes // round(HOUR / MINUTE)}:{minutes % 60:02d}"
