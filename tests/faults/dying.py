"""A worker that ends, or stops, itself at a chosen point.

    python -m tests.faults.dying POINT N kill|stop worker --config FILE

The product has no hooks for it: the shell's methods are wrapped here, then the command line runs.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from streams.cli.main import main
from streams.shell import changelog
from streams.shell.assigning import AssignAgent
from streams.shell.detecting import DetectAgent
from streams.shell.ingesting import IngestAgent
from streams.shell.producer import GuardedProducer


class Countdown:
    """Sends the signal at the N-th passage."""

    def __init__(self, passages: int, number: signal.Signals) -> None:
        self.left, self._signal = passages, number

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self._signal)


def before(owner: Any, name: str, pass_by: Countdown) -> None:
    """Pass by before each call of a method."""
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        pass_by()
        return original(self, *args, **kwargs)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str, pass_by: Countdown) -> None:
    """Pass by after each call of a method that left something undelivered."""
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, *args, **kwargs)
        if self.app.deliveries.undelivered:
            pass_by()
        return found

    setattr(owner, name, wrapped)


def flushed(pass_by: Countdown) -> None:
    """Everything is delivered, the commit is not sent yet."""
    original = GuardedProducer.flush

    async def flush(self: GuardedProducer) -> None:
        await original(self)
        pass_by()

    GuardedProducer.flush = flush  # type: ignore[method-assign]


def recovering(pass_by: Countdown) -> None:
    """The partitions are claimed, the changelogs not read yet."""
    original = changelog.replay

    def replay(*args: Any, **kwargs: Any) -> Any:
        pass_by()
        return original(*args, **kwargs)

    changelog.replay = replay


POINTS: dict[str, Callable[[Countdown], object]] = {
    "flushed": flushed,
    "sending": lambda pass_by: after(IngestAgent, "flush_if_due", pass_by),
    "handed over": lambda pass_by: [after(DetectAgent, name, pass_by) for name in ("_write", "_step")],
    "acknowledged": lambda pass_by: before(DetectAgent, "_send", pass_by),
    "signalled": lambda pass_by: before(DetectAgent, "_sent", pass_by),
    "recovering": recovering,
    "assigning": lambda pass_by: before(AssignAgent, "_send", pass_by),
}
"""Point -> what makes the worker pass by there; each says what has happened and what has not."""


def command(point: str, passages: int, how: str = "kill") -> tuple[str, ...]:
    """For :meth:`tests.support.workers.WorkerProcess.start`."""
    return (sys.executable, "-m", "tests.faults.dying", point, str(passages), how)


if __name__ == "__main__":
    point, passages, how = sys.argv[1:4]
    POINTS[point](Countdown(int(passages), signal.SIGSTOP if how == "stop" else signal.SIGKILL))
    sys.argv[1:4] = []
    main()
