"""Runs a worker until it is told to stop, or stops it loudly."""

import gc
import logging
import sys
from collections.abc import Callable
from typing import NoReturn

import faust

from streams.clients import Clients
from streams.settings import Settings
from streams.shell.worker import Worker


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
    worker = Worker(settings, clients, partitions)
    worker.on_ready = on_ready
    # Hundreds of thousands of long-lived objects: the default thresholds would walk them over and over.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    host = faust.Worker(
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
    except SystemExit:
        raise
    except BaseException as error:  # the process ends here, and says why
        logging.getLogger(__name__).critical("worker stopped: %s", error)
        sys.exit(1)
    sys.exit(0)
