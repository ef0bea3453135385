"""Each tenant's whole traffic by slice, against which a theme's slices are held. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from detectors.customers import Customers
from detectors.evidence import NO_TRAFFIC, SliceTraffic
from detectors.history import History
from detectors.merge import Chunk, Merge
from detectors.panes import PANE_S
from detectors.series import UNREADABLE, SnapshotError
from schemas.panes import PaneUpdate

_SPAN_S = 86_400.0
_LATELY_S, _ENOUGH = 3 * 3600.0, 0.1
_VERSION = 1
_PREFIX = b"\x1ftraffic\x1f"
_MAX_TENANTS = 2000
_FORGOTTEN_S = 7 * 86_400.0


class _Record(msgspec.Struct, array_like=True):
    version: int
    tenant: str
    chunks: dict[int, Chunk]
    slices: dict[int, dict[str, int]]
    totals: dict[int, float] = {}
    themes: list[Any] = []


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)


class Traffic:
    """The traffic that one theme-panes partition has been told of; a checkpoint record a tenant.

    Args:
        partition: its number; part of the keys, since each partition is told of every tenant.
    """

    def __init__(self, partition: int) -> None:
        self._suffix = f"\x1f{partition}".encode()
        self._tenants: dict[str, tuple[Merge, History]] = {}
        self._shares: dict[str, tuple[float, SliceTraffic]] = {}
        self._dirty: set[str] = set()

    def __len__(self) -> int:
        return len(self._tenants)

    def apply(self, update: PaneUpdate) -> None:
        """Merge an update of a tenant's traffic."""
        found = self._tenants.get(update.tenant)
        if found is None:
            found = self._tenants[update.tenant] = (Merge(), History(_SPAN_S, 0.0))
        if found[0].apply(update, found[1], closed=0.0) is not None:
            self._dirty.add(update.tenant)

    def of(self, tenant: str) -> SliceTraffic:
        """``dimension=value`` -> events of the past day, at most a pane old; empty if unknown.

        What is usual is taken from before the last few hours, if enough is known of that: an incident that shows in
        many themes soon makes up much of the traffic, and would hide behind itself.
        """
        found = self._tenants.get(tenant)
        if found is None:
            return NO_TRAFFIC
        history = found[1]
        at, shares = self._shares.get(tenant, (0.0, NO_TRAFFIC))
        if shares is NO_TRAFFIC or history.latest - at >= PANE_S:
            day, lately = (history.slice_counts(span, history.latest) for span in (_SPAN_S, _LATELY_S))
            before = {name: count - lately.get(name, 0) for name, count in day.items()}
            known = sum(before.values()) >= _ENOUGH * sum(lately.values())
            shares = SliceTraffic(before if known else day, day)
            self._shares[tenant] = (history.latest, shares)
        return shares

    def __contains__(self, tenant: str) -> bool:
        return tenant in self._tenants

    def __iter__(self) -> Iterator[str]:
        return iter(self._tenants)

    def total(self, tenant: str, pane: int) -> float | None:
        """Events of all themes in a pane of the last day; None if that is longer ago."""
        history = self._tenants[tenant][1]
        if pane < history.latest - _SPAN_S:
            return None
        row = history.mentions.rows.get(pane)
        return row[0] if row is not None else 0.0

    def latest(self, tenant: str) -> float:
        """Time of the newest event, epoch seconds."""
        return self._tenants[tenant][1].latest

    def themes(self, tenant: str) -> int:
        """Themes mentioned within the last day; estimated if there are many."""
        history = self._tenants[tenant][1]
        return history.customers.distinct(history.latest - _SPAN_S)

    def checkpoint(self) -> Iterator[tuple[bytes, bytes | None]]:
        """(key, value) of what changed; a tombstone for a tenant that is forgotten."""
        for tenant in self._forgotten():
            del self._tenants[tenant]
            self._shares.pop(tenant, None)
            self._dirty.discard(tenant)
            yield self._key(tenant), None
        for tenant in sorted(self._dirty):
            merge, history = self._tenants[tenant]
            history.tidy(history.latest)
            themes = history.customers.snapshot()
            totals = {pane: row[0] for pane, row in history.mentions.rows.items()}
            yield (
                self._key(tenant),
                _encoder.encode(_Record(_VERSION, tenant, merge.chunks, history.slices, totals, themes)),
            )
        self._dirty.clear()

    def _forgotten(self) -> list[str]:
        """Tenants silent for a week, and the most silent ones of too many."""
        by_latest = sorted((history.latest, tenant) for tenant, (_, history) in self._tenants.items())
        if not by_latest:
            return []
        oldest = by_latest[-1][0] - _FORGOTTEN_S
        excess = len(by_latest) - _MAX_TENANTS
        return [tenant for n, (latest, tenant) in enumerate(by_latest) if latest < oldest or n < excess]

    def rewrite(self, key: bytes) -> bool:
        """Have the record under ``key`` written again; False if it is none of a tenant held here."""
        tenant = key[len(_PREFIX) : -len(self._suffix)].decode(errors="replace")
        known = tenant in self._tenants and key == self._key(tenant)
        if known:
            self._dirty.add(tenant)
        return known

    def _key(self, tenant: str) -> bytes:
        return _PREFIX + tenant.encode() + self._suffix

    def restore(self, key: bytes, value: bytes) -> bool:
        """Resume from a checkpoint record; False if it is none of ours.

        Raises:
            SnapshotError: if this build cannot read it.
        """
        if not key.startswith(_PREFIX):
            return False
        try:
            record = _decoder.decode(value)
        except UNREADABLE as error:
            raise SnapshotError(f"checkpoint of the traffic {key!r} cannot be read: {error}") from None
        if record.version != _VERSION:
            raise SnapshotError(
                f"checkpoint of the traffic of {record.tenant} has version {record.version}, expected {_VERSION}"
            )
        history = History(_SPAN_S, 0.0)
        history.slices = record.slices
        for pane, total in record.totals.items():
            history.mentions.add(pane, total, 0, 0.0)
        history.latest = float(max([*record.slices, *record.totals], default=0))
        try:
            if record.themes:
                history.customers = Customers.restore(record.themes)
        except UNREADABLE as error:
            raise SnapshotError(f"checkpoint of the traffic {key!r} cannot be read: {error}") from None
        self._tenants[record.tenant] = (Merge(record.chunks), history)
        return True
