"""Outages of each tenant's sources, told from its whole traffic, and the seasons its themes lend each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from detectors.series import UNREADABLE, SnapshotError
from detectors.surroundings import Surroundings
from schemas.panes import TRAFFIC_PANE_S
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


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)


class Outages:
    """The watches of one theme-panes partition; a checkpoint record a tenant.

    Args:
        partition: its number; part of the keys, since each partition is told of every tenant's traffic.
        around: tenant -> what its series share; the gaps are told to it.
    """

    def __init__(self, partition: int, around: Callable[[str], Surroundings]) -> None:
        self._suffix = f"\x1f{partition}".encode()
        self._around = around
        self._watches: dict[str, OutageWatch] = {}
        self._dirty: set[str] = set()
        self._closed = 0.0

    def close(self, now: float, traffic: Traffic, since: dict[str, float]) -> None:
        """Look at the panes that are over at event time ``now``.

        Args:
            since: tenant -> event time from which it has been observed.
        """
        end = (now - _SETTLE_S) // TRAFFIC_PANE_S * TRAFFIC_PANE_S
        if end <= self._closed:
            return
        self._closed = end
        for tenant in traffic:
            watch = self._watches.get(tenant) or self._begin(tenant, since.get(tenant, now))
            pane = max(watch.next, end - _LONGEST_S)
            while pane < end:
                total = traffic.total(tenant, int(pane))
                if total is None:
                    watch.skip(pane)
                else:
                    watch.observe(pane, total)
                pane += TRAFFIC_PANE_S
            self._around(tenant).series = max(traffic.themes(tenant), 1)
            self._dirty.add(tenant)

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
            self._dirty.discard(tenant)
            self._around(tenant).forget_outages()
            yield self._key(tenant), None
        for tenant in sorted(self._dirty):
            pools = {slots: pool.snapshot() for slots, pool in self._around(tenant).pools.items()}
            record = _Record(_VERSION, tenant, self._watches[tenant].snapshot(), pools)
            yield self._key(tenant), _encoder.encode(record)
        self._dirty.clear()

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
        except UNREADABLE as error:
            raise SnapshotError(f"{where} cannot be read: {error}") from None
        if record.version != _VERSION:
            raise SnapshotError(f"{where} has version {record.version}, expected {_VERSION}")
