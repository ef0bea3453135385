"""The series of a partition: those in use as objects, the quiet rest as their snapshots.

Most series are quiet most of the time, and a snapshot takes a small part of the memory of the
objects it is made from, compressed less still. One is woken by the next update it gets.
"""

from collections.abc import Callable, Iterator

import msgspec

from detectors.compression import compressed, plain
from detectors.rules import RuleSet
from detectors.series import SNAPSHOT_VERSION, UNREADABLE, Record, Series, SnapshotError
from detectors.surroundings import Surroundings

Key = tuple[str, str]
"""Tenant and theme."""

_EMPTY_MAP, _EMPTY_LIST = b"\x80", b"\x90"


class _Version(msgspec.Struct, array_like=True):
    version: int


class _HistoryHead(msgspec.Struct, array_like=True):
    retention_s: float
    since: float
    latest: float
    total: int


class _Head(msgspec.Struct, array_like=True):
    """The start of a :class:`detectors.series.Record`: enough to know whether it must be woken."""

    version: int
    tenant: str
    theme: str
    history: _HistoryHead
    chunks: msgspec.Raw
    quotes: msgspec.Raw
    detectors: msgspec.Raw
    episodes: msgspec.Raw
    outbox: msgspec.Raw

    @property
    def quiet(self) -> bool:
        return bytes(self.episodes) == _EMPTY_MAP and bytes(self.outbox) == _EMPTY_LIST


_encoder = msgspec.msgpack.Encoder()
_whole = msgspec.msgpack.Decoder(Record)
_version = msgspec.msgpack.Decoder(_Version)
_head = msgspec.msgpack.Decoder(_Head)


class _Asleep(msgspec.Struct, gc=False):
    """A snapshot, compressed as the changelog has it."""

    latest: float
    data: bytes


class Shelf:
    """Series by (tenant, theme).

    Args:
        rules: that series are woken with.
        heard_ratio: see :class:`detectors.series.Series`.

    >>> shelf = Shelf(RuleSet([], "v1"), 0.004)
    >>> shelf.add(Series("bank", "login", RuleSet([], "v1"), 0.0, 0.004))
    >>> shelf.settle(before=60.0, busy=lambda key: False), len(shelf), shelf.asleep
    (1, 1, 1)
    >>> shelf.get(("bank", "login")).theme, shelf.asleep
    ('login', 0)
    """

    __slots__ = ("_around", "_asleep", "_heard_ratio", "_rules", "awake")

    def __init__(self, rules: RuleSet, heard_ratio: float) -> None:
        self._rules, self._heard_ratio = rules, heard_ratio
        self.awake: dict[Key, Series] = {}
        self._asleep: dict[Key, _Asleep] = {}
        self._around: dict[str, Surroundings] = {}

    def around(self, tenant: str) -> Surroundings:
        """What the series of a tenant share."""
        found = self._around.get(tenant)
        if found is None:
            calendars = self._rules.calendars
            if calendars is None:
                found = Surroundings()
            else:
                calendar = calendars.of(tenant)
                found = Surroundings(
                    calendar.local.offset, lambda pane, theme, pane_s: calendar.guidance(pane, tenant, theme, pane_s)
                )
            self._around[tenant] = found
        return found

    def __len__(self) -> int:
        return len(self.awake) + len(self._asleep)

    def __contains__(self, key: Key) -> bool:
        return key in self.awake or key in self._asleep

    def __iter__(self) -> Iterator[Key]:
        yield from self.awake
        yield from self._asleep

    def __getitem__(self, key: Key) -> Series:
        series = self.get(key)
        if series is None:
            raise KeyError(key)
        return series

    @property
    def asleep(self) -> int:
        """How many are kept as snapshots."""
        return len(self._asleep)

    def add(self, series: Series) -> None:
        """Take in a new series."""
        self.awake[series.tenant, series.theme] = series

    def get(self, key: Key) -> Series | None:
        """A series, woken if need be; None if it is not here.

        Raises:
            SnapshotError: if its snapshot cannot be read.
        """
        series = self.awake.get(key)
        if series is None:
            asleep = self._asleep.pop(key, None)
            if asleep is not None:
                series = self.awake[key] = self._restored(asleep.data, key)
        return series

    def load(self, data: bytes, key: Key) -> Series | None:
        """Take in a snapshot from a changelog; the series, if it must be awake: it is open, or has signals to send.

        Raises:
            SnapshotError: if this build cannot read it, or it is another series'.
        """
        where = f"checkpoint of series {key[0]}/{key[1]}"
        try:
            # The version first: the shape of an unknown one cannot be decoded.
            whole = plain(data)
            version = _version.decode(whole).version
            head = _head.decode(whole) if version == SNAPSHOT_VERSION else None
        except UNREADABLE as error:
            raise SnapshotError(f"{where} cannot be read: {error}") from None
        if head is None:
            raise SnapshotError(f"{where} has version {version}, expected {SNAPSHOT_VERSION}")
        if (head.tenant, head.theme) != key:
            raise SnapshotError(f"{where} holds {head.tenant}/{head.theme}")
        if head.quiet:
            self._asleep[key] = _Asleep(head.history.latest, data)
            return None
        series = self.awake[key] = self._restored(data, key)
        return series

    def _restored(self, data: bytes, key: Key) -> Series:
        try:
            return Series.restore(_whole.decode(plain(data)), self._rules, self._heard_ratio, self.around(key[0]))
        except UNREADABLE as error:
            raise SnapshotError(f"checkpoint of series {key[0]}/{key[1]} cannot be read: {error}") from None

    def settle(self, before: float, busy: Callable[[Key], bool], closed: float = 0.0) -> int:
        """Put to sleep what has not been mentioned since ``before`` (epoch seconds) and is not busy; how many.

        Args:
            closed: event time before which panes take no more mentions, epoch seconds.
        """
        sleepy = [key for key, series in self.awake.items() if series.history.latest < before and not busy(key)]
        for key in sleepy:
            series = self.awake.pop(key)
            series.merge.tidy(closed)
            data = compressed(_encoder.encode(series.record(max(series.judged, series.history.latest))))
            self._asleep[key] = _Asleep(series.history.latest, data)
        return len(sleepy)

    def snapshot(self, key: Key, at: float) -> bytes | None:
        """The snapshot of a series as of event time ``at``, compressed; None if it is not here."""
        asleep = self._asleep.get(key)
        if asleep is not None:
            return asleep.data
        series = self.awake.get(key)
        return None if series is None else compressed(_encoder.encode(series.record(max(at, series.history.latest))))

    def total(self, key: Key) -> int:
        """Mentions of a series since it began; 0 if it is not here. Wakes nobody."""
        asleep = self._asleep.get(key)
        if asleep is not None:
            return _head.decode(plain(asleep.data)).history.total
        series = self.awake.get(key)
        return 0 if series is None else series.history.total

    def seen(self) -> Iterator[tuple[float, Key]]:
        """(event time of the newest mention, key) of every series."""
        for key, series in self.awake.items():
            yield series.history.latest, key
        for key, asleep in self._asleep.items():
            yield asleep.latest, key

    def rename(self, key: Key, theme: str) -> None:
        """Have a series, which must be here, go on under another theme."""
        series = self[key]
        record = series.record(max(series.judged, series.history.latest))
        record = msgspec.structs.replace(record, theme=theme)
        self.drop(key)
        self.add(Series.restore(record, self._rules, self._heard_ratio, self.around(key[0])))

    def drop(self, key: Key) -> None:
        """Forget a series."""
        self.awake.pop(key, None)
        self._asleep.pop(key, None)
