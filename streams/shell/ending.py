"""How a worker ends when something fails: one line that says why, and exit code 1 within seconds."""

import logging
import os
import sys
import threading
from collections.abc import Callable

GRACE_S = 5.0
"""Time to leave the group in good order; a thread that hangs must not keep a dead worker's partitions."""

FAILED = 1
# What Faust's services say of it: a line and a traceback each.
_ECHOES = ("Crashed reason=", "We experienced a crash", "Error: ")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Ending:
    """Remembers the first reason, says it, and sees to it that the process ends.

    Args:
        verbose: let through what else is logged about it.
        say, leave: where the line goes, and how the process is ended if it does not end by itself.

    >>> ending = Ending(say=print, leave=lambda code: None)
    >>> ending.because(RuntimeError("cx.signals: Broker: Message size too large"))
    groundswell: worker stopped: cx.signals: Broker: Message size too large
    >>> ending.because(RuntimeError("what follows from it")), ending.reason
    (None, 'cx.signals: Broker: Message size too large')
    """

    def __init__(
        self,
        *,
        verbose: bool = False,
        say: Callable[[str], None] = _say,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        self.reason: str | None = None
        self._verbose, self._say, self._leave = verbose, say, leave

    def because(self, error: BaseException | str) -> None:
        """Begin to end; only the first reason counts."""
        if self.reason is not None:
            return
        self.reason = str(error) or type(error).__name__
        self._say(f"groundswell: worker stopped: {self.reason}")
        timer = threading.Timer(GRACE_S, self._leave, (FAILED,))
        timer.daemon = True
        timer.start()

    def now(self, error: BaseException | str) -> None:
        """End at once: the event loop no longer turns, so nothing can be put in order."""
        self.because(error)
        self._leave(FAILED)

    def lets_through(self, record: logging.LogRecord) -> bool:
        """Whether a log record adds anything to the reason, without its traceback; a filter for handlers."""
        if self._verbose:
            return True
        record.exc_info = record.exc_text = None
        return self.reason is None and not any(echo in str(record.msg) for echo in _ECHOES)
