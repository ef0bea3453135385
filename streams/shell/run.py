"""Runs a worker until it is told to stop, or stops it loudly."""

import gc
import logging
import sys
from typing import NoReturn

import faust

from streams.clients import Clients
from streams.settings import Settings
from streams.shell.worker import Worker


def run_worker(settings: Settings, clients: Clients, partitions: dict[str, int], *, verbose: bool = False) -> NoReturn:
    """Run until SIGTERM or SIGINT (exit 0), or until something fails (exit 1, the reason on stderr)."""
    worker = Worker(settings, clients, partitions)
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
    try:
        host.execute_from_commandline()
    except SystemExit:
        raise
    except BaseException as error:  # the process ends here, and says why
        logging.getLogger(__name__).critical("worker stopped: %s", error)
        sys.exit(1)
    sys.exit(0)
