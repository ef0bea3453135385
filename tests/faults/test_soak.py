"""Hours in small: a steady load, and memory that stays where it was."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median

import pytest

from tests.faults.load import Load, Sent
from tests.faults.oracle import Row
from tests.faults.scene import Scene
from tests.faults.test_limits import alter
from tests.support.local_kafka import LocalKafka
from tests.support.workers import OWNERS, RULES

Report = Callable[[Row], None]

LONG_S = 600.0
"""From here on it is a soak, at half the rate a worker sustains; below, a check that the case works."""
RATE, GENTLE_RATE = 50_000.0, 5000.0
THEMES = 1000
_SETTLED_S, _AROUND_S, _SAMPLE_S = 180.0, 30.0, 15.0
_GROWTH = 1.10
_SMALL = {"segment.bytes": str(64 * 1024 * 1024), "retention.ms": "60000", "retention.bytes": str(512 * 1024 * 1024)}


class Steady(Load):
    """Events that are cheap to make: one theme of a thousand, some slices, customers, a number."""

    def make(self) -> Iterator[Sent]:
        """Events without end."""
        draw = random.Random(self._seed)
        topics, partitions = self._topics, self._partitions
        places = [(topic, number) for topic in topics for number in range(partitions)]
        tails = [
            f'","theme":"theme-{n}","customer":"c{draw.randrange(500_000)}",'
            f'"region":"{draw.choice(("eu", "us", "asia"))}",'
            f'"channel":"{draw.choice(("chat", "call", "review"))}","sentiment":{draw.uniform(-1, 1):.2f},'
            f'"metrics":{{"handle_s":{draw.randrange(30, 900)}}}}}'.encode()
            for n in range(THEMES)
            for _ in range(20)
        ]
        themes = [f"theme-{n // 20}" for n in range(len(tails))]
        n = 0
        while True:
            now = datetime.now(UTC)
            head = f'{{"time":"{now.isoformat()}","id":"e'
            at = now.timestamp()
            for _ in range(50):
                which = draw.randrange(len(tails))
                topic, partition = places[n % len(places)]
                yield Sent(f"{head}{n}".encode() + tails[which], topic, partition, themes[which], at)
                n += 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_soak(own_kafka: LocalKafka, own_stage: Scene, row: Report, soak_s: float) -> None:
    long = soak_s >= LONG_S
    rate = RATE if long else GENTLE_RATE
    # As shipped, unlike in the other cases: chunks and checkpoints of the usual size.
    worker = own_stage.worker(body=RULES + OWNERS, top="")
    for topic in (*worker.topics.inputs, worker.topics.theme_panes):
        alter(own_stage.broker.bootstrap, topic, _SMALL)
    worker.start()
    began = time.monotonic()
    load = own_stage.load(kind=Steady, rate=rate, **{"linger.ms": 20, "compression.type": "lz4", "batch.size": 500_000})
    sizes: list[int] = []
    settled: list[int] = []
    while (passed := time.monotonic() - began) < soak_s:
        time.sleep(min(_SAMPLE_S, soak_s - passed + 0.01))
        sizes.append(worker.memory())
        if abs(passed - _SETTLED_S) <= _AROUND_S:
            settled.append(sizes[-1])
    load.stop()
    achieved = load.events / (time.monotonic() - began)
    sizes.append(worker.memory())
    name = f"soak, {soak_s / 60:.0f} minutes at {achieved:,.0f} events/s" if long else "soak, in short"
    found = own_stage.finish(name, within_s=180)
    row(found._replace(rss=tuple(sizes)))
    if long:
        assert achieved > 0.9 * rate, f"the load itself came to {achieved:,.0f} events/s only"
        # Medians over a minute: tables of megabytes come and go, so single samples differ by a tenth by themselves.
        grown = f"memory grew: {[f'{size / 1e6:.0f}' for size in sizes]} MB"
        assert median(sizes[-5:]) <= median(settled) * _GROWTH, grown
