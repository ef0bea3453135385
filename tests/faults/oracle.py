"""What must have come out, computed from the very input, and what did."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import Message

from schemas.codec import decode_assignment, decode_signal

Panes = Mapping[tuple[str, int], int]


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        recovery_s: seconds until every input partition was being read again; None if nothing had stopped.
        broker: whether it was the broker that was away, so that the time is the broker's as well.
        named: whether the workers had names of their own in the group, so that the time is the session's as well.
    """

    fault: str
    events: int
    counted: int
    lost: int
    doubled: int
    signals: int
    two_meanings: int
    recovery_s: float | None = None
    broker: bool = False
    rss: tuple[int, ...] = ()
    named: bool = False

    @property
    def exact(self) -> bool:
        """Whether nothing was lost, doubled or given a second meaning."""
        return self.lost == self.doubled == self.two_meanings == 0


def compare(expected: Panes, found: Panes) -> tuple[int, int]:
    """(lost, doubled), pane by pane."""
    keys = expected.keys() | found.keys()
    lost = sum(max(0, expected.get(key, 0) - found.get(key, 0)) for key in keys)
    return lost, sum(max(0, found.get(key, 0) - expected.get(key, 0)) for key in keys)


def differences(expected: Panes, found: Panes, most: int = 8) -> str:
    """The first panes that differ, in words."""
    lines = [
        f"{theme} at {pane}: {found.get((theme, pane), 0)} counted, {expected.get((theme, pane), 0)} sent"
        for theme, pane in sorted(expected.keys() | found.keys())
        if expected.get((theme, pane), 0) != found.get((theme, pane), 0)
    ]
    return "\n".join([*lines[:most], f"... {len(lines)} panes in all"] if lines else ["no pane differs"])


class Meanings:
    """Contents by id and revision, of signals and of assignments."""

    def __init__(self) -> None:
        self.signals: dict[tuple[str, int], bytes] = {}
        self.assignments: dict[tuple[str, int], bytes] = {}
        self.second: Counter[tuple[str, int]] = Counter()

    def read(self, signals: Iterable[Message], assignments: Iterable[Message]) -> None:
        """Take in all records of both topics."""
        for message in signals:
            value = _bytes(message)
            signal = decode_signal(value)
            self._note(self.signals, (signal.id, signal.revision), value)
        for message in assignments:
            value = _bytes(message)
            assignment = decode_assignment(value)
            self._note(self.assignments, (assignment.signal_id, assignment.revision), value)

    def _note(self, known: dict[tuple[str, int], bytes], key: tuple[str, int], value: bytes) -> None:
        if known.setdefault(key, value) != value:
            self.second[key] += 1

    def unassigned(self) -> set[str]:
        """Signals whose newest revision no assignment has followed."""
        newest: dict[str, int] = {}
        for signal_id, revision in self.signals:
            newest[signal_id] = max(revision, newest.get(signal_id, 0))
        followed: dict[str, int] = {}
        for value in self.assignments.values():
            assignment = decode_assignment(value)
            followed[assignment.signal_id] = max(assignment.signal.revision, followed.get(assignment.signal_id, 0))
        return {signal_id for signal_id, revision in newest.items() if followed.get(signal_id) != revision}

    def gaps(self) -> set[str]:
        """Signals of which a revision is missing."""
        revisions: dict[str, set[int]] = {}
        for signal_id, revision in self.signals:
            revisions.setdefault(signal_id, set()).add(revision)
        return {signal_id for signal_id, seen in revisions.items() if seen != set(range(1, max(seen) + 1))}


def _bytes(message: Message) -> bytes:
    value = message.value()
    assert isinstance(value, bytes)
    return value
