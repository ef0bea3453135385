"""``groundswell worker``: pre-flight, then the worker until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import (
    MISUSED,
    ConfigOption,
    Fail,
    check_calendars,
    check_taxonomy,
    duration,
    load,
    shown,
    stderr,
)

if TYPE_CHECKING:
    from streams.settings import Web


def worker(
    config: ConfigOption = None,
    wait: Annotated[
        str, typer.Option(metavar="DURATION", help="Give up when no broker has answered for so long.")
    ] = "60s",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what the worker does.")] = False,
    end_with_input: Annotated[bool, typer.Option("--end-with-input", hidden=True)] = False,
) -> None:
    """Count, detect and assign until told to stop (Ctrl-C or SIGTERM).

    Waits for a broker first, and refuses to start on topics that are not as they must be. Start several to share the
    work.
    """
    if end_with_input:
        threading.Thread(target=_end_with_input, name="end-with-input", daemon=True).start()
    wait_s = duration("--wait", wait)
    settings, clients = load(config)
    from streams.config import ConfigError, member_id

    # What is wrong with the taxonomy, a calendar or the environment is said before anything is waited for.
    check_taxonomy(config, settings)
    check_calendars(config, settings)
    try:
        member_id(settings.kafka)
    except ConfigError as error:
        raise Fail(f"{shown(config)}: {error}", MISUSED) from None
    from streams.acls import Component, rights
    from streams.cli import cluster
    from streams.cli.topic_check import problems, told
    from streams.clock import SystemClock
    from streams.topics import Topics

    console = stderr()
    cluster.await_broker(clients, wait_s, SystemClock(), time.sleep, lambda line: console.print(line, soft_wrap=True))
    topics = Topics(settings.kafka)
    found = cluster.look(clients, topics.specs(), rights(Component.WORKER, settings.kafka))
    listed = problems(topics.specs(), topics.theme_panes, found, settings.kafka.bootstrap, shown(config))
    if listed:
        raise Fail(told(listed), MISUSED)
    unseen = "; the broker does not tell their clean-up policy, so it is not checked" if found.cleanup is None else ""
    console.print(f"broker {settings.kafka.bootstrap}: topics checked{unseen}; starting", soft_wrap=True)
    if not settings.rules:
        console.print("rules: there are none, so nothing will ever be signalled; events are only counted")
    from streams.shell.run import run_worker

    def tell_ready() -> None:
        console.print(_ready(settings.web), soft_wrap=True)

    run_worker(settings, clients, found.partitions, verbose=verbose, on_ready=tell_ready)


def _ready(web: Web) -> str:
    if not web.port:
        return "ready"
    host = "127.0.0.1" if web.host in ("0.0.0.0", "::", "") else web.host
    return f"ready; metrics at http://{host}:{web.port}/metrics"


def _end_with_input() -> None:
    """Whoever started us holds the other end: when it is gone, however it went, so are we."""
    # Not sys.stdin: its lock, held by a waiting thread, aborts the interpreter on the way out.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
