"""The whole of it in one process and without Kafka: events in, signals and assignments out.

The same code as the agents run: for a backtest, for trying a rule, for tests. Memory only.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.assignment import Assignment
from schemas.audit import Audit
from schemas.codec import encode_json
from schemas.control import Control
from schemas.digest import Digest
from schemas.signal import Signal
from schemas.times import instant
from schemas.triage_codec import encode
from sinks.assigning import Outcome
from sinks.assignment_record import Record
from sinks.timers import Alarm, sent
from streams.config import assigner, enricher, rule_set, triage_policy
from streams.detecting import PartitionDetector
from streams.ingest.counter import Refused
from streams.ingest.ingest import Ingest
from streams.renaming import Names
from streams.settings import Settings
from streams.triaging import PartitionTriage

_SOURCE = 0


class _Record(NamedTuple):
    """An event as it would stand on an input topic."""

    offset: int
    timestamp: int
    value: bytes
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Told(NamedTuple):
    """What came of a few events, or of time alone.

    Attributes:
        signals: with the decision who hears of them; ``assignments``: theirs.
        refused: events that are none.
        candidates: what was detected, as triage was given it.
    """

    signals: list[Signal]
    assignments: list[Assignment]
    refused: list[Refused]
    candidates: list[Signal]
    digests: list[Digest]
    audits: list[Audit]


class Pipeline:
    """Ingest, detection, triage and assignment on one source partition.

    A new signal waits ``triage.group_wait`` for others that belong to it: it comes with the first call after that.

    >>> from pathlib import Path
    >>> from streams.config import parse_settings
    >>> rule = {"name": "third", "detector": "count", "window": "5h", "levels": {"low": 3}}
    >>> owner = {"default": {"role": "cx", "accountable": "head-of-cx"}}
    >>> pipeline = Pipeline(parse_settings({"rules": [rule], "ownership": owner}, Path()))
    >>> event = '{"id": "%d", "time": "2026-01-01T10:0%d:00Z", "theme": "login-failure"}'
    >>> [len(pipeline.feed([(event % (n, n)).encode()], at=1.8e9).assignments) for n in range(3)]
    [0, 0, 0]
    >>> [(each.owner, each.attention.value) for each in pipeline.turn(at=1.8e9 + 5).assignments]
    [('cx', 'digest')]
    """

    def __init__(self, settings: Settings) -> None:
        section = settings.ingest
        self._ingest = Ingest(1, section.counting, section.limits, section.flushing, enricher(settings))
        self._ingest.assign([_SOURCE], 0.0)
        names = Names(section.counting.renamed)
        self.detector = PartitionDetector(0, rule_set(settings), {_SOURCE}, settings.detect, 1, names)
        self.triage = PartitionTriage(0, triage_policy(settings))
        self._assigner = assigner(settings)
        self._records: dict[str, Record] = {}
        self._alarm: Alarm[str] = Alarm()
        self._offset = 0

    def feed(self, values: Iterable[bytes], at: float) -> Told:
        """Take in events, as the bytes of their records, recorded at ``at`` (epoch seconds), and tell what is ripe."""
        records = [_Record(self._offset + n, round(at * 1000), value) for n, value in enumerate(values)]
        self._offset += len(records)
        refused = self._ingest.take(_SOURCE, records, at)
        told = [key for output in self._ingest.flush(at) for key in self.detector.apply(output.value)]
        candidates = [(key, signal) for key, signal in list(self.detector.outbox()) if key in told]
        for key, signal in candidates:
            self.detector.sent(key, signal)
            self.triage.apply(encode_json(signal))
        return self._turned(at, refused, [signal for _, signal in candidates])

    def turn(self, at: float) -> Told:
        """Tell what is ripe at ``at`` (epoch seconds), though nothing has come."""
        return self._turned(at, [], [])

    def control(self, control: Control) -> None:
        """Put a silence or a snooze in force."""
        self.triage.control(control.id, encode(control))

    def _turned(self, at: float, refused: list[Refused], candidates: list[Signal]) -> Told:
        told = Told([], list(self._overdue(at)), refused, candidates, [], [])
        for outgoing in list(self.triage.outbox(self.triage.turn(at))):
            self.triage.sent(outgoing)
            entry = outgoing.entry
            if isinstance(entry, Signal):
                told.signals.append(entry)
                told.assignments.extend(self._assigned(entry, at))
            elif isinstance(entry, Digest):
                told.digests.append(entry)
            else:
                told.audits.append(entry)
        # There is no log, so what a checkpoint would hold is forgotten at once.
        for _ in self.triage.checkpoint():
            pass
        return told

    def _assigned(self, signal: Signal, at: float) -> Iterable[Assignment]:
        return self._kept(signal.id, self._assigner.on_signal(signal, self._records.get(signal.id), instant(at)))

    def _kept(self, signal_id: str, outcome: Outcome) -> Iterable[Assignment]:
        if outcome.record is not None:
            self._records[signal_id] = outcome.record
            due = self._assigner.due(outcome.record)
            self._alarm.set(signal_id, None if due is None else due.timestamp())
        if outcome.assignment is not None:
            yield outcome.assignment

    def _overdue(self, at: float) -> Iterable[Assignment]:
        for signal_id in list(self._alarm.due(at)):
            for assignment in self._kept(signal_id, self._assigner.on_time(self._records[signal_id], instant(at))):
                self._records[signal_id] = sent(self._records[signal_id], assignment.revision)
                yield assignment
