"""A worker that triages, on a log and a changelog that outlive it, and that dies when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from schemas.audit import Audit
from schemas.codec import decode_signal, encode_json
from schemas.control import Control
from schemas.digest import Digest
from schemas.signal import Signal
from schemas.triage_codec import encode
from sinks.triage.desk import Policy
from sinks.triage.ledger import Entry
from streams.triaging import Outgoing, PartitionTriage, tenant_key


class Died(Exception):
    """The worker has died."""


class Step(NamedTuple):
    """What happens at a moment: revisions and controls come in, and the clock has its turn."""

    now: float
    signals: tuple[Signal, ...] = ()
    controls: tuple[Control, ...] = ()


class Worker:
    """Keeps the promises that the agent keeps: what leaves has been written, and is committed after that.

    Attributes:
        sent: (kind, id, revision) -> content; one meaning each, or it fails.
        order: those keys, in the order in which they first left.
    """

    def __init__(self, policy: Callable[[], Policy], dies_at: Iterable[int] = ()) -> None:
        self._policy, self._dies_at = policy, set(dies_at)
        self._log: dict[bytes, bytes] = {}
        self._work = 0
        self.sent: dict[tuple[str, str, int], bytes] = {}
        self.order: list[tuple[str, str, int]] = []
        self.deaths = 0
        self.partition = self._born()

    def play(self, steps: list[Step], *, clock_stands: bool, every: int = 3) -> None:
        """Play all steps; after a death go on from what was committed last.

        Args:
            clock_stands: whether the clock of a replayed step shows what it showed the first time.
            every: steps between two checkpoints that nothing asked for.
        """
        committed, place, late_s = 0, 0, 0.0
        while place < len(steps):
            step = steps[place]
            try:
                for signal in step.signals:
                    self.partition.apply(encode_json(signal))
                for control in step.controls:
                    self.partition.control(control.id, encode(control))
                self._may_die()
                told = self.partition.turn(step.now + late_s)
                place += 1
                if told or place % every == 0 or place == len(steps):
                    self._checkpoint()
                    committed = place
            except Died:
                self.deaths += 1
                place = committed
                late_s += 0.0 if clock_stands else 60.0
                self.partition = self._born()

    def _born(self) -> PartitionTriage:
        while True:
            partition = PartitionTriage(0, self._policy())
            partition.restore(self._log.items())
            try:
                self._send(list(partition.outbox()), partition)
            except Died:
                self.deaths += 1
                continue
            return partition

    def _checkpoint(self) -> None:
        leaving = list(self.partition.outbox())
        for key, value in self.partition.checkpoint():
            self._may_die()
            if value is None:
                self._log.pop(key, None)
            else:
                self._log[key] = value
            self._send([each for each in leaving if tenant_key(each.tenant) == key], self.partition)

    def _send(self, leaving: list[Outgoing], partition: PartitionTriage) -> None:
        for each in leaving:
            key, content = identity(each.entry)
            if key not in self.sent:
                self.order.append(key)
            assert self.sent.setdefault(key, content) == content, f"{key} has two meanings"
            # It has left, and nobody may ever know.
            self._may_die()
            partition.sent(each)

    def _may_die(self) -> None:
        self._work += 1
        if self._work in self._dies_at:
            raise Died

    def signals(self) -> list[Signal]:
        """What left, in order, as a reader has it."""
        return [decode_signal(self.sent[key]) for key in self.order if key[0] == "signal"]


def identity(entry: Entry) -> tuple[tuple[str, str, int], bytes]:
    """What names an entry for ever, and its content."""
    if isinstance(entry, Signal):
        return ("signal", entry.id, entry.revision), encode_json(entry)
    kind = {Audit: "audit", Digest: "digest"}[type(entry)]
    return (kind, entry.id, 0), encode(entry)
