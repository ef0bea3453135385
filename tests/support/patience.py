"""Asking a broker again: on a busy machine it may stand still for seconds, which is not what is tested."""

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaException

T = TypeVar("T")

_PAUSE_S = 0.5


def patiently(ask: Callable[[], T], within_s: float = 60.0) -> T:
    """What ``ask`` returns, as soon as it succeeds; its last error once the time is over."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return ask()
        except (KafkaException, subprocess.SubprocessError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)
