"""When too much of what comes in cannot be taken, a worker stops, and has committed nothing of it. Pure.

A producer that changes its format would otherwise have its whole topic emptied into dead-letters.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple, Protocol

from msgspec import Struct

_BUCKETS = 60


class LetterLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[ingest.dead_letters]``.

    Attributes:
        share: of the records read within the window, the part that may be dead letters; 1.0 for no limit.
        window_s: how far back is looked, in seconds of the worker's own time.
        at_least: records in the window below which a share says nothing.

    Raises:
        ValueError: naming the key.
    """

    share: float = 0.5
    window_s: float = 300.0
    at_least: int = 1000

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError("share: expected more than 0, and 1.0 at most")
        if self.window_s <= 0:
            raise ValueError('window: expected more than 0, such as "5m"')
        if self.at_least < 1:
            raise ValueError("at_least: expected 1 or more")


class HasOffset(Protocol):
    """A record, as far as it matters here."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""


class Letter(NamedTuple):
    """A record that was refused: its offset, and the code of the reason."""

    offset: int
    reason: str


class TooManyLetters(RuntimeError):
    """The share of dead letters is beyond the limit; the message names it, the commonest reason and an example."""


class _Bucket:
    """What came within a sixtieth of the window."""

    __slots__ = ("began", "reasons", "records")

    def __init__(self, began: float) -> None:
        self.began, self.records = began, 0
        self.reasons: Counter[str] = Counter()


class _Source:
    """One input partition: what was read since its last chunk's start, and what is held back.

    Attributes:
        blocks: aligned block of offsets -> records, letters, and when the last came; none that is settled.
        held: (offset that may be committed in spite of it, when the block was read), oldest first.
        start: the last start of a chunk that was told.
    """

    __slots__ = ("blocks", "held", "start")

    def __init__(self) -> None:
        self.blocks: dict[int, list[float]] = {}
        self.held: deque[tuple[int | None, float]] = deque()
        self.start: int | None = None


class LetterLimit:
    """A sliding window over what all input partitions of a worker bring. All times are monotonic seconds.

    A chunk of which more than the limit's share was refused is held back: its offsets may be committed only once
    the window has passed without a stop. So whoever starts again after a stop begins at the first such chunk.

    Args:
        chunk_records: offsets that a chunk spans at most, aligned.
    """

    def __init__(self, settings: LetterLimits, chunk_records: int) -> None:
        self._settings, self._chunk = settings, chunk_records
        self._buckets: deque[_Bucket] = deque()
        self._records = 0
        self._reasons: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._sources: dict[int, _Source] = {}
        self._tripped = False

    def assign(self) -> None:
        """Partitions are given anew: what was held back is held by whoever reads it again."""
        self._sources.clear()

    def take(
        self, now: float, source: int, where: str, records: Sequence[HasOffset], letters: Sequence[Letter]
    ) -> None:
        """Note records of one source partition that were read, and those of them that were refused.

        Args:
            where: topic and partition, in words.
            records: in the order of their offsets.

        Raises:
            TooManyLetters: the limit is passed. Nothing of these records may be committed.
        """
        state = self._sources.setdefault(source, _Source())
        begin = 0
        while begin < len(records):
            offset = records[begin].offset
            boundary = (offset // self._chunk + 1) * self._chunk
            end = bisect_left(records, boundary, begin, key=attrgetter("offset"))
            self._block(state, offset, now)[0] += end - begin
            begin = end
        bucket = self._read(now, len(records))
        for letter in letters:
            self._block(state, letter.offset, now)[1] += 1
            bucket.reasons[letter.reason] += 1
            self._reasons[letter.reason] += 1
            self._examples[letter.reason] = f"{where}, offset {letter.offset}"
        if letters:
            self._judge()

    def read(self, now: float, source: int, first: int, end: int) -> None:
        """Note that the offsets ``[first, end)`` of a source partition were read; refusals of them may follow."""
        state = self._sources.setdefault(source, _Source())
        self._read(now, end - first)
        while first < end:
            boundary = min((first // self._chunk + 1) * self._chunk, end)
            self._block(state, first, now)[0] += boundary - first
            first = boundary

    def _read(self, now: float, count: int) -> _Bucket:
        bucket = self._bucket(now)
        bucket.records += count
        self._records += count
        return bucket

    def committable(self, now: float, source: int, start: int) -> int | None:
        """The offset that may be committed when the chunk being counted starts at ``start``; None if none may yet."""
        state = self._sources.get(source)
        if state is None or self._tripped:
            return None
        if start != state.start:
            for block in [block for block in state.blocks if block * self._chunk < start]:
                records, letters, read_at = state.blocks.pop(block)
                if letters > self._settings.share * records:
                    state.held.append((state.start, read_at))
            state.start = start
        while state.held and state.held[0][1] + self._settings.window_s <= now:
            state.held.popleft()
        return state.held[0][0] if state.held else start

    def _block(self, state: _Source, offset: int, now: float) -> list[float]:
        found = state.blocks.setdefault(offset // self._chunk, [0, 0, now])
        found[2] = now
        return found

    def _bucket(self, now: float) -> _Bucket:
        buckets, window_s = self._buckets, self._settings.window_s
        while buckets and buckets[0].began + window_s <= now:
            gone = buckets.popleft()
            self._records -= gone.records
            self._reasons -= gone.reasons
        if not buckets or buckets[-1].began + window_s / _BUCKETS <= now:
            buckets.append(_Bucket(now))
        return buckets[-1]

    def _judge(self) -> None:
        letters = self._reasons.total()
        if self._records < self._settings.at_least or letters <= self._settings.share * self._records:
            return
        ((reason, count),) = self._reasons.most_common(1)
        self._tripped = True
        raise TooManyLetters(
            f"{letters / self._records:.0%} of the last {self._records} records are dead letters, more than "
            f"ingest.dead_letters.share = {self._settings.share:g}; {count} of {letters} are {reason}, "
            f"such as {self._examples[reason]}"
        )
