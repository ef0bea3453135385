"""Triage on one partition of the candidates: every tenant whose signals come here. Pure: no Kafka, no clock."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from schemas.codec import decode_signal
from schemas.control import Control
from schemas.triage_codec import decode_control
from sinks.triage.controls import Controls
from sinks.triage.desk import Policy
from sinks.triage.ledger import Entry, Ledger, decode_entry
from sinks.triage.state import STATE_VERSION, TenantState
from sinks.triage.tenant import TenantTriage

_PARTITION_VERSION = 1
_SWEEP_S = 3600.0


class TriageStateError(ValueError):
    """A checkpoint that this build cannot read; names the tenant, or the partition, and the reason."""


class Outgoing(NamedTuple):
    """An entry of the outbox: a Signal, an Audit or a Digest, each for a topic of its own."""

    tenant: str
    number: int
    entry: Entry


class TriageTally:
    """What happened, for the metrics."""

    __slots__ = ("repeats", "revisions")

    def __init__(self) -> None:
        self.revisions = self.repeats = 0


class _PartitionRecord(msgspec.Struct, array_like=True):
    version: int
    controls: list[Control]


class _Head(msgspec.Struct, array_like=True):
    version: int


_encoder = msgspec.msgpack.Encoder()
_head = msgspec.msgpack.Decoder(_Head)
_state = msgspec.msgpack.Decoder(TenantState)
_partition = msgspec.msgpack.Decoder(_PartitionRecord)


def tenant_key(tenant: str) -> bytes:
    """The checkpoint key of a tenant; once its record is acknowledged, the tenant's outbox may leave."""
    return f"t\x1f{tenant}".encode()


def _entry_key(tenant: str, number: int) -> bytes:
    return f"e\x1f{tenant}\x1f{number}".encode()


class PartitionTriage:
    """Every tenant of one partition.

    Nothing decided may leave before the checkpoint that holds it is acknowledged: after a crash it is decided again,
    perhaps otherwise.

    Args:
        partition: its number; part of the key of what is kept beside the tenants.
    """

    def __init__(self, partition: int, policy: Policy) -> None:
        self.policy, self.controls, self.tally = policy, Controls(), TriageTally()
        self.tenants: dict[str, TenantTriage] = {}
        self.dirty: set[str] = set()
        self._partition_key = f"\x1fpartition\x1f{partition}".encode()
        self._write_controls = False
        self._due: dict[str, float] = {}
        self._gone: set[bytes] = set()
        self._swept = 0.0

    def apply(self, data: bytes) -> str:
        """Take in one record of the candidates; its tenant.

        Raises:
            msgspec.DecodeError: it is no signal.
        """
        signal = decode_signal(data)
        triage = self.tenants.get(signal.tenant)
        if triage is None:
            triage = self.tenants[signal.tenant] = TenantTriage(self.policy, self.controls, signal.tenant)
        self.tally.revisions += 1
        if triage.apply(signal):
            self.dirty.add(signal.tenant)
            self._due[signal.tenant] = 0.0
        else:
            self.tally.repeats += 1
        return signal.tenant

    def control(self, key: str, data: bytes | None) -> None:
        """Take in one record of the controls; every partition is to be told of each. None lets it go.

        Raises:
            msgspec.DecodeError: it is no control.
        """
        if data is None:
            self.controls.drop(key)
        else:
            self.controls.take(decode_control(data))
        if self.controls.changed:
            self._heed()

    def turn(self, now: float) -> list[str]:
        """Decide on what is ripe at ``now`` (epoch seconds); the tenants that have something new in their outbox."""
        if now - self._swept >= _SWEEP_S:
            self._swept = now
            self.controls.expire(now - self.policy.config.remember_s)
            self._due = dict.fromkeys(self.tenants, 0.0)
        if self.controls.changed:
            self._heed()
        told = []
        for tenant in sorted(name for name, due in self._due.items() if due <= now):
            triage = self.tenants[tenant]
            before = _encoder.encode(triage.state)
            if triage.turn(now):
                told.append(tenant)
            if _encoder.encode(triage.state) != before:
                self.dirty.add(tenant)
            due = triage.due(now)
            if due is None:
                self._due.pop(tenant, None)
                self._let_go(tenant, triage, now)
            else:
                self._due[tenant] = due
        return told

    def outbox(self, tenants: Iterable[str] | None = None) -> Iterator[Outgoing]:
        """What is not yet known to be delivered, what an earlier one left among it, in the order it was decided."""
        for tenant in sorted(self.tenants if tenants is None else tenants):
            triage = self.tenants[tenant]
            for number in list(triage.state.outbox):
                yield Outgoing(tenant, number, triage.ledger.entries[number])

    def sent(self, outgoing: Outgoing) -> None:
        """Note that it is delivered; the next checkpoint no longer holds it."""
        triage = self.tenants.get(outgoing.tenant)
        if triage is not None:
            triage.sent(outgoing.number)
            self.dirty.add(outgoing.tenant)

    def checkpoint(self) -> Iterator[tuple[bytes, bytes | None]]:
        """(key, value) of all that changed, in the order in which it must be written; None is a tombstone.

        A tenant's entries come before its own record, and the tombstones of what it no longer refers to after it.
        """
        # First: what a tenant keeps back for a control that nobody knows would be told.
        if self._write_controls:
            self._write_controls = False
            yield self._partition_key, _encoder.encode(_PartitionRecord(_PARTITION_VERSION, list(self.controls)))
        # Before what has since been written under the same keys; a record before the entries that it refers to.
        yield from ((key, None) for key in sorted(self._gone, reverse=True))
        self._gone.clear()
        for tenant in sorted(self.dirty):
            triage = self.tenants.get(tenant)
            if triage is None:
                continue
            triage.tidy()
            for number, data in triage.ledger.written():
                yield _entry_key(tenant, number), data
            yield tenant_key(tenant), _encoder.encode(triage.state)
            for number in triage.ledger.erased():
                yield _entry_key(tenant, number), None
        self.dirty.clear()

    def rewrite(self, keys: Iterable[bytes]) -> list[bytes]:
        """Have the next checkpoint hold these again; those that nothing is known of, and that want a tombstone."""
        unknown: list[bytes] = []
        for key in keys:
            kind, _, rest = key.decode(errors="replace").partition("\x1f")
            tenant, _, number = rest.rpartition("\x1f") if kind == "e" else (rest, "", "")
            triage = self.tenants.get(tenant)
            if key == self._partition_key:
                self._write_controls = True
            elif kind not in ("t", "e") or triage is None or (kind == "e" and int(number) not in triage.ledger.entries):
                unknown.append(key)
            else:
                triage.ledger.new.update([int(number)] if number else [])
                self.dirty.add(tenant)
        return unknown

    def restore(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Resume from checkpoints.

        Raises:
            TriageStateError: if another build wrote one, or it is corrupt.
        """
        ledgers: dict[str, Ledger] = {}
        states: dict[str, bytes] = {}
        for key, value in records:
            kind, _, rest = key.decode(errors="replace").partition("\x1f")
            if key == self._partition_key:
                self._restore_controls(value)
            elif kind == "t":
                states[rest] = value
            elif kind == "e":
                tenant, _, number = rest.rpartition("\x1f")
                ledgers.setdefault(tenant, Ledger()).entries[int(number)] = _read(tenant, value)
        for tenant, value in states.items():
            self._resume(tenant, value, ledgers.pop(tenant, Ledger()))
        # Of tenants whose record was never written, or that have been let go.
        self._gone = {_entry_key(tenant, number) for tenant, left in ledgers.items() for number in left.entries}

    def _resume(self, tenant: str, value: bytes, ledger: Ledger) -> None:
        try:
            version = _head.decode(value).version
            if version != STATE_VERSION:
                raise ValueError(f"it has version {version}, this build knows {STATE_VERSION}")
            state = _state.decode(value)
        except (ValueError, RecursionError) as error:
            raise TriageStateError(f"checkpoint of tenant {tenant}: {error}") from None
        waiting = {each.body for each in [*state.fresh, *state.held]}
        lacking = (waiting | {*state.outbox} | {known.body for known in state.signals.values()}) - ledger.entries.keys()
        if lacking:
            raise TriageStateError(f"checkpoint of tenant {tenant}: entries {sorted(lacking)[:5]} are missing")
        self.tenants[tenant] = TenantTriage(self.policy, self.controls, tenant, state, ledger)
        self._due[tenant] = 0.0
        self.dirty.add(tenant)

    def _restore_controls(self, value: bytes) -> None:
        try:
            record = _partition.decode(value)
            if record.version != _PARTITION_VERSION:
                raise ValueError(f"it has version {record.version}, this build knows {_PARTITION_VERSION}")
        except (ValueError, RecursionError) as error:
            raise TriageStateError(f"checkpoint of partition {self._partition_key!r}: {error}") from None
        for control in record.controls:
            self.controls.take(control)
        self.controls.changed = False

    def _heed(self) -> None:
        """The controls have changed: whoever has open signals looks at them again."""
        self.controls.changed = False
        self._write_controls = True
        self._due = {**self._due, **{name: 0.0 for name, each in self.tenants.items() if each.state.signals}}

    def _let_go(self, tenant: str, triage: TenantTriage, now: float) -> None:
        """Forget a tenant of whom nothing is known any more; the ids of what it was sent are not given again."""
        state = triage.state
        quiet = now - state.touched_at > self.policy.config.remember_s
        if not quiet or state.signals or state.incidents or state.outbox or state.digests:
            return
        self._gone.add(tenant_key(tenant))
        self._gone |= {
            _entry_key(tenant, number) for number in triage.ledger.entries | dict.fromkeys(triage.ledger.gone)
        }
        del self.tenants[tenant]
        self.dirty.discard(tenant)


def _read(tenant: str, value: bytes) -> Entry:
    try:
        return decode_entry(value)
    except (ValueError, RecursionError) as error:
        raise TriageStateError(f"checkpoint of tenant {tenant}: {error}") from None
