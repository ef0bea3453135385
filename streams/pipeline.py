"""The whole of it in one process and without Kafka: events in, signals and assignments out.

The same code as the agents run: for a backtest, for trying a rule, for tests. Memory only.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.assignment import Assignment
from schemas.signal import Signal
from sinks.assigning import Assigner, Record
from sinks.deadlines import Deadlines
from sinks.ownership import Ownership
from streams.config import enricher, rule_set
from streams.detecting import PartitionDetector
from streams.ingest.counter import Refused
from streams.ingest.ingest import Ingest
from streams.settings import Settings

_SOURCE = 0


class _Record(NamedTuple):
    """An event as it would stand on an input topic."""

    offset: int
    timestamp: int
    value: bytes
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Told(NamedTuple):
    """What came of a few events: signals with their assignments, and events that are none."""

    signals: list[Signal]
    assignments: list[Assignment]
    refused: list[Refused]


class Pipeline:
    """Ingest, detection and assignment on one source partition, told after every call.

    >>> from pathlib import Path
    >>> from streams.config import parse_settings
    >>> rule = {"name": "third", "detector": "count", "window": "5h", "levels": {"low": 3}}
    >>> owner = {"default": {"role": "cx", "accountable": "head-of-cx"}}
    >>> pipeline = Pipeline(parse_settings({"rules": [rule], "ownership": owner}, Path()))
    >>> event = '{"id": "%d", "time": "2026-01-01T10:0%d:00Z", "theme": "login-failure"}'
    >>> [len(pipeline.feed([(event % (n, n)).encode()], at=1.8e9).assignments) for n in range(3)]
    [0, 0, 1]
    """

    def __init__(self, settings: Settings) -> None:
        section = settings.ingest
        self._ingest = Ingest(1, section.counting, section.limits, section.flushing, enricher(settings))
        self._ingest.assign([_SOURCE], 0.0)
        self.detector = PartitionDetector(0, rule_set(settings), {_SOURCE}, settings.detect)
        self._assigner = Assigner(Ownership(settings.ownership), Deadlines(settings.deadlines))
        self._records: dict[str, Record] = {}
        self._offset = 0

    def feed(self, values: Iterable[bytes], at: float) -> Told:
        """Take in events, as the bytes of their records, recorded at ``at`` (epoch seconds)."""
        records = [_Record(self._offset + n, round(at * 1000), value) for n, value in enumerate(values)]
        self._offset += len(records)
        refused = self._ingest.take(_SOURCE, records, at)
        told = [key for output in self._ingest.flush(at) for key in self.detector.apply(output.value)]
        signals = [(key, signal) for key, signal in list(self.detector.outbox()) if key in told]
        assignments: list[Assignment] = []
        for key, signal in signals:
            self.detector.sent(key, signal)
            outcome = self._assigner.on_signal(signal, self._records.get(signal.id))
            if outcome.record is not None:
                self._records[signal.id] = outcome.record
            if outcome.assignment is not None:
                assignments.append(outcome.assignment)
        return Told([signal for _, signal in signals], assignments, refused)
