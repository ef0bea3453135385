"""Events at a steady pace, from a process of its own, with probes among them that are looked for at the other end.

    python -m tests.bench.traffic BOOTSTRAP TOPIC PHASES PROBES SERIES PARTITIONS

PHASES is ``RATE:SECONDS,RATE:SECONDS ...``; PROBES so many a second. A probe is a theme of its own with three
complaints. The last line is one JSON object: when each phase and each probe's third complaint was sent
(monotonic seconds, which all processes of a machine share), and by how much it fell behind.
"""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from confluent_kafka import Producer

from tests.bench.load import rest_of_event

_TICKS = 100
_DISTINCT = 20_000
_COMPLAINTS = 3

Phases = list[tuple[float, float]]
"""(events a second, seconds)."""


class Traffic:
    """The process, while it sends.

    Args:
        phases: it ends by itself after the last.
        probes: a second.
        series: themes that the other events are of, each as often as any other.
    """

    def __init__(
        self, bootstrap: str, topic: str, phases: Phases, *, probes: float = 0, series: int = 1000, partitions: int = 8
    ) -> None:
        told = ",".join(f"{rate:g}:{seconds:g}" for rate, seconds in phases)
        command = [sys.executable, "-m", "tests.bench.traffic", bootstrap, topic, told, f"{probes:g}", str(series),
                   str(partitions)]  # fmt: skip
        self._within_s = 2 * sum(seconds for _, seconds in phases) + 60
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    @property
    def sending(self) -> bool:
        """Whether it is at it."""
        return self._process.poll() is None

    def wait(self) -> dict[str, Any]:
        """What it says at the end.

        ``phases``: when each began, and when the last ended; ``counts``: events of each; ``probes``: theme -> when its
        third complaint was sent; ``sent``: events in all; ``behind_s``: by how much it fell behind at most.
        """
        try:
            out, _ = self._process.communicate(timeout=self._within_s)
        finally:
            self._process.kill()
        if self._process.returncode:
            raise RuntimeError("the traffic ended early")
        told: dict[str, Any] = orjson.loads(out.splitlines()[-1])
        return told


class _Sender:
    def __init__(self, bootstrap: str, topic: str, series: int, partitions: int) -> None:
        draw = random.Random(11)
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000}
        )
        self._topic, self._series, self._partitions = topic, series, partitions
        self._tails = [orjson.dumps(rest_of_event(draw))[1:] for _ in range(_DISTINCT)]
        self._themes = [f"theme-{number}".encode() for number in range(series)]
        # Themes in an order without a pattern, each equally often.
        draw.shuffle(self._themes)
        self._run = f"{time.time_ns():x}".encode()
        self.sent = 0
        self.probes: dict[str, float] = {}

    def send(self, count: int, time_text: bytes) -> None:
        """So many events of now."""
        for n in range(self.sent, self.sent + count):
            theme = self._themes[n % self._series]
            head = b'{"id":"e-%b-%d","time":"%b","theme":"%b",' % (self._run, n, time_text, theme)
            self._produce(head + self._tails[n % _DISTINCT], theme, n % self._partitions)
        self.sent += count
        self._producer.poll(0)

    def probe(self, number: int, time_text: str) -> None:
        """Three complaints of a theme that nobody has heard of."""
        theme = f"probe-{self._run.decode()}-{number}"
        for n in range(_COMPLAINTS):
            self.probes[theme] = time.monotonic()
            said = orjson.dumps({"id": f"{theme}-{n}", "time": time_text, "theme": theme})
            self._produce(said, theme.encode(), number % self._partitions)

    def _produce(self, value: bytes, key: bytes, partition: int) -> None:
        while True:
            try:
                self._producer.produce(self._topic, value, key, partition)
                return
            except BufferError:
                self._producer.poll(0.05)

    def close(self) -> None:
        """Wait for what is under way."""
        self._producer.flush(60)


def _send(sender: _Sender, phases: Phases, probes: float) -> dict[str, Any]:
    began_at: list[float] = []
    counts: list[int] = []
    behind = due = asked = 0.0
    for rate, seconds in phases:
        began = time.monotonic()
        began_at.append(began)
        before = sender.sent
        for tick in range(round(seconds * _TICKS)):
            text = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            due += rate / _TICKS
            sender.send(int(due), text.encode())
            due -= int(due)
            asked += probes / _TICKS
            if asked >= 1:
                asked -= 1
                sender.probe(len(sender.probes), text)
            left = began + (tick + 1) / _TICKS - time.monotonic()
            behind = max(behind, -left)
            time.sleep(max(0.0, left))
        counts.append(sender.sent - before)
    began_at.append(time.monotonic())
    sender.close()
    return {
        "phases": began_at,
        "counts": counts,
        "probes": sender.probes,
        "sent": sender.sent,
        "behind_s": behind,
    }


if __name__ == "__main__":
    bootstrap, topic, told, probes, series, partitions = sys.argv[1:7]
    phases = [(float(rate), float(seconds)) for rate, _, seconds in (part.partition(":") for part in told.split(","))]
    found = _send(_Sender(bootstrap, topic, int(series), int(partitions)), phases, float(probes))
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
