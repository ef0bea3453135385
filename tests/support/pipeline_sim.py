"""The whole pure pipeline in one process: logs, workers that die, and what is left of them.

A source partition is a list of records. theme-panes partitions and the changelog are lists too; whatever is
in them is durable. A worker is an ``Ingest`` or a ``PartitionDetector``: it can be dropped at any moment,
also halfway through what it was about to write. Everything random comes from one seeded generator.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from detectors.panes import PANE_S
from detectors.rules import RuleSet
from detectors.shelf import Key
from schemas.codec import encode_json
from schemas.signal import Signal
from streams.detecting import DetectSettings, PartitionDetector
from streams.ingest.counter import CountSettings, Refused
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import FlushSettings, Ingest
from tests.support.detecting import START


@dataclass
class Raw:
    """A record as a Kafka client hands it over."""

    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


def event(at: float, name: str, theme: str | None = "login", **fields: object) -> bytes:
    """An event's JSON; ``at`` in epoch seconds, to the millisecond."""
    millis = round(at * 1000)
    return json.dumps({"id": name, "time": _rfc3339(millis), "theme": theme, **fields}).encode()


def _rfc3339(millis: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    return moment.isoformat(timespec="milliseconds")


class Told(NamedTuple):
    """A signal that left, with its exact bytes."""

    id: str
    revision: int
    content: bytes


MOST_CRASHES = 60
"""Thereafter all goes well, so that a run comes to an end."""


class Crash(Exception):
    """The worker is gone."""


@dataclass
class Reader:
    """An ingest worker and where it reads on: source partition -> index in its log."""

    ingest: Ingest
    next: dict[int, int]


@dataclass
class Simulation:
    """Records in, signals out.

    Args:
        logs: source partition -> its records.
        partitions: of theme-panes.
        dying: chance that a worker dies at each point where it could.
    """

    logs: dict[int, list[Raw]]
    rules: RuleSet
    seed: int
    partitions: int = 2
    dying: float = 0.0
    counting: CountSettings = field(default_factory=lambda: CountSettings(chunk_records=16, chunk_s=600))
    detecting: DetectSettings = field(default_factory=lambda: DetectSettings(lateness_s=1e9))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.panes: list[list[bytes]] = [[] for _ in range(self.partitions)]
        self.committed = dict.fromkeys(self.logs, 0)
        self.changelog: list[dict[bytes, bytes]] = [{} for _ in range(self.partitions)]
        self.applied = [0] * self.partitions
        self.sent: list[Told] = []
        self.refused: list[Refused] = []
        self.crashes: Counter[str] = Counter()
        self.now = 0.0
        self.zombies: list[Reader] = []
        self.reader = self._new_reader()
        self.detectors = [self._new_detector(partition) for partition in range(self.partitions)]
        self.positions = list(self.applied)
        self.underway: list[tuple[PartitionDetector, Iterator[tuple[bytes, bytes | None] | None], int] | None] = [
            None
        ] * self.partitions

    def run(self) -> None:
        """Until every record is read, every update applied and every signal sent; then silence, in which all ends."""
        while self._unread() or any(len(log) > at for log, at in zip(self.panes, self.positions, strict=True)):
            self.step()
        self.dying = 0.0
        for _ in range(90):
            self.now += 300.0
            self._flush(self.reader)
            for partition in range(self.partitions):
                self._detect(partition, 10_000)
        for partition in range(self.partitions):
            self._checkpoint(partition)

    def step(self) -> None:
        """One turn of a worker drawn at random."""
        self.now += self.random.choice([0.0, 0.05, 0.2, 1.5])
        if self.random.random() < 0.5:
            try:
                self._rebalance()
                self._read(self.reader)
            except Crash:
                self.crashes["ingest"] += 1
                self.reader = self._new_reader()
        else:
            partition = self.random.randrange(self.partitions)
            try:
                self._detect(partition, self.random.randint(1, 8))
            except Crash:
                self.crashes["detect"] += 1
                self._recover(partition)

    def _unread(self) -> bool:
        return any(self.reader.next[source] < len(log) for source, log in self.logs.items())

    def _may_die(self) -> None:
        if self.random.random() < self.dying and self.crashes.total() < MOST_CRASHES:
            raise Crash

    # Ingest.

    def _rebalance(self) -> None:
        """Sometimes another worker takes over while this one, unaware, goes on for a while."""
        if self.random.random() < self.dying / 2:
            self.crashes["zombie"] += 1
            self.zombies.append(self.reader)
            self.reader = self._new_reader()
        for zombie in list(self.zombies):
            if self.random.random() < 0.3:
                self._read(zombie)
            if self.random.random() < 0.1:
                self.zombies.remove(zombie)

    def _new_reader(self) -> "Reader":
        ingest = Ingest(self.partitions, self.counting, Limits(), FlushSettings(), Enricher(None))
        ingest.assign(self.logs, self.now)
        begin = {
            source: next((i for i, record in enumerate(log) if record.offset >= self.committed[source]), len(log))
            for source, log in self.logs.items()
        }
        return Reader(ingest, begin)

    def _read(self, reader: "Reader") -> None:
        source = self.random.choice(sorted(self.logs))
        begin = reader.next[source]
        batch = self.logs[source][begin : begin + self.random.randint(1, 12)]
        if batch:
            self.refused += reader.ingest.take(source, batch, self.now)
            reader.next[source] = begin + len(batch)
        if reader is self.reader:
            self._may_die()
        if self.random.random() < 0.6:
            self._flush(reader)

    def _flush(self, reader: "Reader") -> None:
        drained = [source for source, log in self.logs.items() if reader.next[source] == len(log)]
        outputs = reader.ingest.flush(self.now, drained)
        committable = reader.ingest.committable()
        # Each partition keeps its order; between partitions there is none.
        self.random.shuffle(queues := [[out for out in outputs if out.partition == p] for p in range(self.partitions)])
        for queue in queues:
            for output in queue:
                if reader is self.reader:
                    self._may_die()
                self.panes[output.partition].append(output.value)
        if reader is self.reader:
            # The group does not take commits of a worker that it no longer knows.
            self._may_die()
            self.committed.update(committable)

    # Detect.

    def _new_detector(self, partition: int) -> PartitionDetector:
        return PartitionDetector(partition, self.rules, set(self.logs), self.detecting)

    def _recover(self, partition: int) -> None:
        detector = self.detectors[partition] = self._new_detector(partition)
        detector.restore(list(self.changelog[partition].items()))
        self.positions[partition] = self.applied[partition]
        for key, signal in list(detector.outbox()):
            self._send(detector, key, signal)

    def _detect(self, partition: int, records: int) -> None:
        detector = self.detectors[partition]
        begin = self.positions[partition]
        for data in self.panes[partition][begin : begin + records]:
            told = detector.apply(data)
            self.positions[partition] += 1
            if told:
                self._write(partition, detector.checkpoint(told))
                self._leave(partition, set(told))
            self._may_die()
        if self.random.random() < 0.3:
            self._checkpoint(partition)

    def _checkpoint(self, partition: int) -> None:
        """Write some more of what has changed; the rest when it comes by again, with more applied meanwhile."""
        detector = self.detectors[partition]
        begun = self.underway[partition]
        if begun is None or begun[0] is not detector:
            begun = self.underway[partition] = (detector, detector.checkpointing(), self.positions[partition])
        _, steps, at = begun
        some = None if self.random.random() < 0.5 else self.random.randint(1, 4)
        written = list(islice(steps, some))
        self._write(partition, (each for each in written if each is not None))
        if some is None or len(written) < some:
            self.underway[partition] = None
            self._leave(partition, None)
            self.applied[partition] = at

    def _write(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        for key, value in records:
            self._may_die()
            if value is None:
                self.changelog[partition].pop(key, None)
            else:
                self.changelog[partition][key] = value
        self._may_die()

    def _leave(self, partition: int, keys: set[Key] | None) -> None:
        detector = self.detectors[partition]
        for key, signal in list(detector.outbox()):
            if keys is None or key in keys:
                self._may_die()
                self._send(detector, key, signal)

    def _send(self, detector: PartitionDetector, key: Key, signal: Signal) -> None:
        self.sent.append(Told(signal.id, signal.revision, encode_json(signal)))
        # Sometimes the broker's answer is lost: the outbox keeps the signal.
        if self.random.random() >= self.dying:
            detector.sent(key, signal)

    # What came out.

    def counts(self) -> dict[tuple[str, str, int], int]:
        """(tenant, theme, pane) -> mentions, as the detectors hold them."""
        found: dict[tuple[str, str, int], int] = {}
        for detector in self.detectors:
            for tenant, theme in list(detector.series):
                for pane, row in detector.series[tenant, theme].history.mentions.rows.items():
                    if row[0]:
                        found[tenant, theme, pane] = found.get((tenant, theme, pane), 0) + int(row[0])
        return found


def oracle(events: Iterable[tuple[str, str, float]]) -> dict[tuple[str, str, int], int]:
    """(tenant, theme, time) of every event that counts -> the panes they belong to."""
    return dict(Counter((tenant, theme, int(at) // PANE_S * PANE_S) for tenant, theme, at in events))


def traffic(
    seed: int, sources: int = 3, records: int = 150, span_s: float = 3 * 3600, disorder_s: float = 60.0
) -> tuple[dict[int, list[Raw]], list[tuple[str, str, float]]]:
    """Logs of so many source partitions, and (tenant, theme, time) of every mention in them that counts.

    They hold gaps, garbage, repeats of the record before, several themes an event, and times out of order.
    """
    draw = random.Random(seed)
    logs: dict[int, list[Raw]] = {}
    mentions: list[tuple[str, str, float]] = []
    for source in range(sources):
        log: list[Raw] = []
        offset, clock = 0, START
        while len(log) < records:
            offset += draw.choice([1, 1, 1, 1, 3])
            clock += draw.expovariate(records / span_s)
            at = round(clock - draw.choice([0.0, 0.0, 5.0, disorder_s]), 3)
            stamp = round(clock * 1000)
            if draw.random() < 0.05:
                log.append(Raw(offset, stamp, draw.choice([None, b"{", b'{"id": "x"}'])))
                continue
            themes = draw.choice(
                [["login"], ["login"], ["login"], ["pay"], ["slow"], ["login", "slow"], ["new", "pay"]]
            )
            tenant = draw.choice(["bank", "bank", "shop"])
            value = event(
                at,
                f"{source}-{offset}",
                None,
                tenant=tenant,
                themes=themes,
                customer=f"c{draw.randrange(40)}",
                sentiment=draw.randint(-4, 4) / 4,
                os_version=draw.choice(["17", "16"]),
                text=draw.choice([None, "cannot log in"]),
            )
            log.append(Raw(offset, stamp, value))
            mentions += [(tenant, theme, at) for theme in themes]
            if draw.random() < 0.1 and (offset + 1) % 16:
                offset += 1
                log.append(Raw(offset, stamp, value))
        logs[source] = log
    return logs, mentions
