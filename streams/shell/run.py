"""Runs a worker until it is told to stop, or stops it loudly."""

import gc
import logging
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import faust

from streams.clients import Clients
from streams.clock import SystemClock
from streams.settings import Settings
from streams.shell.ending import FAILED, Ending
from streams.shell.malloc import return_what_is_freed
from streams.shell.repeats import Repeats
from streams.shell.worker import Worker


class Host(faust.Worker):
    """Faust's process: signals, logging, the event loop."""

    def __init__(self, ending: Ending, told_to_stop: Callable[[], None], *args: Any, **options: Any) -> None:
        self._ending, self._told_to_stop = ending, told_to_stop
        super().__init__(*args, **options)

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        """Logging is set up: from here on the worker's own words stand for what fails."""
        super().on_setup_root_logger(logger, level)
        repeats = Repeats(SystemClock())
        for handler in logger.handlers:
            handler.addFilter(self._ending.lets_through)
            if level > logging.INFO:
                handler.addFilter(repeats.lets_through)

    def _schedule_shutdown(self, number: signal.Signals) -> None:
        self._told_to_stop()
        super()._schedule_shutdown(number)


def run_worker(
    settings: Settings,
    clients: Clients,
    partitions: dict[str, int],
    *,
    verbose: bool = False,
    on_ready: Callable[[], None] | None = None,
) -> NoReturn:
    """Run until SIGTERM or SIGINT (exit 0), or until something fails (exit 1, the reason on stderr).

    Args:
        on_ready: called once, when the worker becomes ready for the first time.
    """
    ending = Ending(verbose=verbose)
    worker = Worker(settings, clients, partitions, ending)
    worker.on_ready = on_ready
    return_what_is_freed()
    # Hundreds of thousands of long-lived objects: the default thresholds would walk them over and over.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 10_000)
    host = Host(
        ending,
        worker.watching.told_to_stop,
        worker.app,
        loglevel="INFO" if verbose else "WARNING",
        redirect_stdouts=False,
        quiet=True,
        daemon=True,
    )
    # Its escape codes have no place in a log.
    host.spinner = None
    try:
        host.execute_from_commandline()
    except SystemExit as ended:
        if ended.code not in (None, 0):
            ending.because(f"exit code {ended.code}")
    except BaseException as error:  # the process ends here, and says why
        ending.because(error)
    sys.exit(0 if ending.reason is None else FAILED)
