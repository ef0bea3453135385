"""Everything that is measured side by side on one topic, each in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.bench import rivals

_WITHIN_S = 1800


class Contender(NamedTuple):
    """Something to compare a worker with.

    Attributes:
        label: what it is, for the table.
        command: (bootstrap, topic, events, folder of its own) -> what to run; raises Unavailable.
    """

    label: str
    command: Callable[[str, str, int, Path], list[str]]


def _ours(kind: str) -> Callable[[str, str, int, Path], list[str]]:
    def command(bootstrap: str, topic: str, count: int, _folder: Path) -> list[str]:
        return [sys.executable, "-m", "tests.bench.baselines", kind, bootstrap, topic, str(count)]

    return command


def _quix(bootstrap: str, topic: str, count: int, folder: Path) -> list[str]:
    return [str(rivals.quix_python()), "-m", "tests.bench.quix", bootstrap, topic, str(count), str(folder)]


def _kafka_streams(bootstrap: str, topic: str, count: int, folder: Path) -> list[str]:
    return ["java", "-Xmx2g", "-cp", rivals.kafka_streams_classpath(), "WindowedCount", bootstrap, topic, str(count),
            str(folder)]  # fmt: skip


CONTENDERS = {
    "limit": Contender("Faust agent over record batches, parse and count: the limit", _ours("limit")),
    "bare": Contender("bare confluent-kafka consume(1000) loop, parse and count", _ours("bare")),
    "quix": Contender("Quix Streams, tumbling-window count", _quix),
    "kafka_streams": Contender("Kafka Streams (Java), windowed count, one thread", _kafka_streams),
    "faust": Contender("stock Faust agent, parse and count", _ours("faust")),
}
"""In the order in which they run."""


def rate(name: str, bootstrap: str, topic: str, count: int, folder: Path) -> float:
    """Events a second of a contender.

    Raises:
        rivals.Unavailable: it cannot run here.
        RuntimeError: it ran and failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = CONTENDERS[name].command(bootstrap, topic, count, folder)
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False, cwd=rivals.REPO)
    told = [line for line in done.stdout.splitlines() if line.startswith("RATE ")]
    if not told:
        raise RuntimeError(f"{name} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return float(told[0].split()[1])
