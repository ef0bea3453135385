"""Outages and repeats of each tenant's sources, told from its whole traffic; the seasons its themes lend. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from detectors.doubling import Part
from detectors.series import UNREADABLE, SnapshotError
from detectors.shelf import Key
from detectors.surroundings import Surroundings
from schemas.ids import series_partition
from schemas.panes import TRAFFIC_PANE_S
from schemas.signal import Signal
from streams.source_signal import SOURCE_LATE, SOURCE_OUT, SOURCE_TWICE, SourceSignal, signal_of, take
from streams.traffic import Traffic

if TYPE_CHECKING:
    from detectors.outage import OutageWatch

_VERSION = 1
OUTAGES = b"\x1foutages\x1f"
"""How the keys of its checkpoint records begin."""

_SETTLE_S = 30.0
_LONGEST_S = 28 * 86_400.0


class _Record(msgspec.Struct, array_like=True):
    version: int
    tenant: str
    watch: list[Any]
    pools: dict[int, list[Any]]
    signal: SourceSignal | None = None
    outbox: list[Signal] = []
    twice: SourceSignal | None = None
    late: SourceSignal | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)


class Outages:
    """The watches of one theme-panes partition; a checkpoint record a tenant.

    Args:
        partition: its number; part of the keys, since each partition is told of every tenant's traffic.
        around: tenant -> what its series share; the gaps are told to it.
        parts: tenant, start and end of a stretch -> what its series had in it.
        partitions: how many there are; one of them tells of a tenant's outage.
        config: version of the configuration.
    """

    def __init__(
        self,
        partition: int,
        around: Callable[[str], Surroundings],
        parts: Callable[[str, float, float], list[Part]],
        partitions: int = 1,
        config: str = "",
    ) -> None:
        self._partition, self._partitions, self._config = partition, partitions, config
        self._suffix = f"\x1f{partition}".encode()
        self._around, self._parts = around, parts
        self._watches: dict[str, OutageWatch] = {}
        self._signals: dict[tuple[str, str], SourceSignal] = {}
        self._outboxes: dict[str, list[Signal]] = {}
        self._dirty: set[str] = set()
        self._closed = self._looked = 0.0
        self._late_since: float | None = None

    def close(self, now: float, traffic: Traffic, since: dict[str, float]) -> list[Key]:
        """Look at the panes that are over at event time ``now``; keys of what has a new signal in its outbox.

        Args:
            since: tenant -> event time from which it has been observed.
        """
        end = (now - _SETTLE_S) // TRAFFIC_PANE_S * TRAFFIC_PANE_S
        if end <= self._closed:
            self._suspect(now, traffic)
            return []
        self._closed = end
        told: list[Key] = []
        for tenant in traffic:
            watch = self._watches.get(tenant) or self._begin(tenant, since.get(tenant, now))
            pane = max(watch.next, end - _LONGEST_S)
            while pane < end:
                total = traffic.total(tenant, int(pane))
                if total is None:
                    watch.skip(pane)
                else:
                    watch.observe(pane, total, partial(self._parts, tenant))
                    around, numbers = self._around(tenant), (total, watch.expected)
                    out = self._tell(tenant, SOURCE_OUT, pane, around.out_since, numbers, traffic)
                    if self._tell(tenant, SOURCE_TWICE, pane, around.twice_since, numbers, traffic) or out:
                        told.append(self.key(tenant))
                pane += TRAFFIC_PANE_S
            self._around(tenant).series = max(traffic.themes(tenant), 1)
            self._dirty.add(tenant)
        return list(dict.fromkeys(told))

    def late(self, now: float, behind_s: float | None, traffic: Traffic) -> list[Key]:
        """Look at wall time ``now`` whether an input is late; keys of what has a new signal in its outbox.

        Args:
            behind_s: how far the slowest input is behind the newest, seconds; None while none is late.
        """
        pane = now // TRAFFIC_PANE_S * TRAFFIC_PANE_S
        if pane <= self._looked:
            return []
        self._looked = pane
        self._late_since = None if behind_s is None else self._late_since or pane
        told: list[Key] = []
        for tenant in traffic:
            # One look may be a partition that is read while another waits.
            since = self._late_since if self._late_since is not None and pane > self._late_since else None
            if tenant in self._watches and self._tell(
                tenant, SOURCE_LATE, pane, since, (behind_s or 0.0, 0.0), traffic
            ):
                told.append(self.key(tenant))
            if (tenant, SOURCE_LATE) in self._signals:
                self._dirty.add(tenant)
        return told

    def _suspect(self, now: float, traffic: Traffic) -> None:
        for tenant, watch in self._watches.items():
            if watch.next < now and tenant in traffic:
                total = traffic.total(tenant, int(watch.next))
                if total is not None:
                    watch.suspect(now, total, partial(self._parts, tenant))

    def _tell(
        self,
        tenant: str,
        theme: str,
        pane: float,
        since: float | None,
        numbers: tuple[float, float],
        traffic: Traffic,
    ) -> bool:
        """Move an operational signal on, if it is this partition's to tell; whether there is something to send."""
        if series_partition(tenant, theme, self._partitions) != self._partition:
            return False
        held, state = take(
            self._signals.pop((tenant, theme), None), theme, tenant, pane, TRAFFIC_PANE_S, since, numbers
        )
        if held is not None:
            self._signals[tenant, theme] = held
        if held is None or state is None:
            return False
        signal = signal_of(held, tenant, state, pane + TRAFFIC_PANE_S, traffic.latest(tenant), self._config)
        self._outboxes.setdefault(tenant, []).append(signal)
        return True

    def key(self, tenant: str) -> Key:
        """The key of a tenant's record, in two parts as that of a series."""
        return "", self._key(tenant)[1:].decode()

    def _tenant(self, key: Key) -> str | None:
        """The inverse of :meth:`key`; None if it is the key of a series."""
        name = f"\x1f{key[1]}".encode()
        return name[len(OUTAGES) : -len(self._suffix)].decode() if not key[0] and name.startswith(OUTAGES) else None

    def outbox(self) -> Iterator[tuple[Key, Signal]]:
        """Signals not yet known to be delivered."""
        for tenant in sorted(self._outboxes):
            for signal in self._outboxes[tenant]:
                yield self.key(tenant), signal

    def sent(self, key: Key, signal: Signal) -> bool:
        """Note that a signal is delivered; False if it is none of these."""
        tenant = self._tenant(key)
        if tenant is None:
            return False
        kept = [one for one in self._outboxes.pop(tenant, []) if (one.id, one.revision) != (signal.id, signal.revision)]
        if kept:
            self._outboxes[tenant] = kept
        if tenant in self._watches:
            self._dirty.add(tenant)
        return True

    def records(self, keys: Iterable[Key]) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of those of the keys that are no series'."""
        for key in keys:
            tenant = self._tenant(key)
            if tenant in self._watches:
                yield self._key(tenant), self._record(tenant)

    @property
    def lasting(self) -> set[str]:
        """Tenants whose sources are out."""
        return {tenant for tenant in self._watches if self._around(tenant).out_since is not None}

    def _begin(self, tenant: str, since: float) -> OutageWatch:
        # It brings numpy, which only rules that heed outages need.
        from detectors.outage import OutageWatch

        found = self._watches[tenant] = OutageWatch(TRAFFIC_PANE_S, since, self._around(tenant))
        return found

    def checkpoint(self, traffic: Traffic) -> Iterator[tuple[bytes, bytes | None]]:
        """(key, value) of what changed; a tombstone for a tenant whose traffic is forgotten."""
        for tenant in [tenant for tenant in self._watches if tenant not in traffic]:
            del self._watches[tenant]
            for theme in (SOURCE_OUT, SOURCE_TWICE, SOURCE_LATE):
                self._signals.pop((tenant, theme), None)
            self._outboxes.pop(tenant, None)
            self._dirty.discard(tenant)
            self._around(tenant).forget_outages()
            yield self._key(tenant), None
        for tenant in sorted(self._dirty):
            yield self._key(tenant), self._record(tenant)
        self._dirty.clear()

    def _record(self, tenant: str) -> bytes:
        pools = {slots: pool.snapshot() for slots, pool in self._around(tenant).pools.items()}
        watch, outbox = self._watches[tenant].snapshot(), self._outboxes.get(tenant, [])
        out, twice, late = (self._signals.get((tenant, theme)) for theme in (SOURCE_OUT, SOURCE_TWICE, SOURCE_LATE))
        return _encoder.encode(_Record(_VERSION, tenant, watch, pools, out, outbox, twice, late))

    def rewrite(self, key: bytes) -> bool:
        """Have the record under ``key`` written again; False if it is none of a tenant held here."""
        tenant = key[len(OUTAGES) : -len(self._suffix)].decode(errors="replace")
        known = tenant in self._watches and key == self._key(tenant)
        if known:
            self._dirty.add(tenant)
        return known

    def _key(self, tenant: str) -> bytes:
        return OUTAGES + tenant.encode() + self._suffix

    def restore(self, key: bytes, value: bytes) -> None:
        """Resume from a checkpoint record.

        Raises:
            SnapshotError: if this build cannot read it.
        """
        where = f"checkpoint of the outages {key!r}"
        try:
            record = _decoder.decode(value)
            if record.version == _VERSION:
                self._begin(record.tenant, 0.0).restore(record.watch)
                for slots, kept in record.pools.items():
                    self._around(record.tenant).pool(slots).restore(kept)
                for signal in (record.signal, record.twice, record.late):
                    if signal is not None:
                        self._signals[record.tenant, signal.theme] = signal
                if record.outbox:
                    self._outboxes[record.tenant] = record.outbox
        except UNREADABLE as error:
            raise SnapshotError(f"{where} cannot be read: {error}") from None
        if record.version != _VERSION:
            raise SnapshotError(f"{where} has version {record.version}, expected {_VERSION}")
