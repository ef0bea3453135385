"""Decides whether a worker still gets on, from what it is told; a worker that does not is better ended. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

Partition = tuple[str, int]
"""Topic and number."""

_PAUSE_S = 5.0
"""Observations further apart mean that nobody looked, not that nothing moved."""


class WatchdogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[watchdog]``: how long nothing may get on before the worker ends with a reason.

    Attributes:
        stalled_s: of a partition that has something to read or to commit, of the broker's answers, of the event loop.
        recovering_s: without a record read back from the changelogs.
        joining_s: without partitions, or the news that there are none, from the group.

    Raises:
        ValueError: naming the key.
    """

    stalled_s: float = 60.0
    recovering_s: float = 120.0
    joining_s: float = 120.0

    def __post_init__(self) -> None:
        for key in ("stalled", "recovering", "joining"):
            if getattr(self, f"{key}_s") <= 0:
                raise ValueError(f'{key}: expected more than 0, such as "60s"; it cannot be turned off')


class Reading(NamedTuple):
    """How far a partition has come.

    Attributes:
        position: offset that is fetched next; None if it is not known yet.
        end: offset after the last record that can be read, as the broker told; None if it has told nothing yet.
        answered: how often the broker has answered, or any other number that changes when it does.
        taken: offset after the last record that an agent has taken up.
        busy: whether an agent has not finished with what it has taken up.
        finished: offset that may be committed; None if there is none yet.
        committed: offset that is committed; None if there is none.
    """

    position: int | None
    end: int | None
    answered: float | None
    taken: int | None
    busy: bool
    finished: int | None
    committed: int | None


class Watchdog:
    """Holds what is observed against the limits. All times are monotonic seconds.

    >>> dog = Watchdog(WatchdogSettings(joining_s=120.0), 0.0)
    >>> dog.trouble(121.0)
    'the group has not said which partitions are ours for 121 s (watchdog.joining)'
    """

    def __init__(self, settings: WatchdogSettings, now: float) -> None:
        self._settings = settings
        self._joining_since: float | None = now
        self._recovering_since: float | None = None
        self._progress_at = now
        self._stopping_since: float | None = None
        self._stalls: dict[tuple[Partition, str], tuple[object, float, str]] = {}
        self._observed_at = now
        self.recovery_s = 0.0

    def revoked(self, now: float) -> None:
        """The group shares its partitions out anew."""
        self._joining_since, self._recovering_since = now, None
        self._stalls.clear()

    def assigned(self, now: float) -> None:
        """Partitions, or none, were given; their changelogs are read from now on."""
        self._joining_since, self._recovering_since = None, now
        self._progress_at = now

    def recovery_progressed(self, now: float) -> None:
        """Something was read back. May be called from any thread."""
        self._progress_at = now

    def recovered(self, now: float) -> None:
        """The agents begin. :attr:`recovery_s` says how long it took to come to that, in seconds."""
        if self._recovering_since is not None:
            self.recovery_s = now - self._recovering_since
        self._recovering_since = None

    def stopping(self, now: float) -> None:
        """The worker was told to stop."""
        if self._stopping_since is None:
            self._stopping_since = now

    @property
    def told_to_stop(self) -> bool:
        """Whether the worker was told to stop."""
        return self._stopping_since is not None

    @property
    def at_work(self) -> bool:
        """Whether the agents are at work, so that there is something to observe."""
        return self._joining_since is None and self._recovering_since is None and self._stopping_since is None

    def observe(self, now: float, readings: Mapping[Partition, Reading]) -> None:
        """How far each partition held has come; it counts only while the agents are at work."""
        pause, self._observed_at = now - self._observed_at, now
        if not self.at_work:
            return
        unseen_s = pause if pause > _PAUSE_S else 0.0
        seen: dict[tuple[Partition, str], tuple[object, float, str]] = {}
        for partition, reading in readings.items():
            for kind, value, what in _waiting(reading):
                key = partition, kind
                before = self._stalls.get(key)
                seen[key] = (value, now if before is None or before[0] != value else before[1] + unseen_s, what)
        self._stalls = seen

    def stalled_s(self, now: float) -> float:
        """For how long the partition that has stood still for longest has done so, in seconds."""
        return max((now - since for _, since, _ in self._stalls.values()), default=0.0)

    def trouble(self, now: float) -> str | None:
        """Why the worker had better end; None if there is no reason to."""
        limits = self._settings
        if self._stopping_since is not None:
            return self._over(now, self._stopping_since, limits.stalled_s, "told to stop, and has not ended", "stalled")
        if self._joining_since is not None:
            what = "the group has not said which partitions are ours"
            return self._over(now, self._joining_since, limits.joining_s, what, "joining")
        if self._recovering_since is not None:
            what = "no record of the changelogs was read back"
            return self._over(now, self._progress_at, limits.recovering_s, what, "recovering")
        return self._stall(now, limits.stalled_s)

    def not_ready(self, now: float) -> str | None:
        """Why the worker is not ready; None if it is. A worker that holds no partition is: it is a spare one."""
        if self._stopping_since is not None:
            return "stopping"
        if self._joining_since is not None:
            return f"waiting for the group to assign partitions, for {now - self._joining_since:.0f} s"
        if self._recovering_since is not None:
            return f"reading the changelogs back, for {now - self._recovering_since:.0f} s"
        return self._stall(now, self._settings.stalled_s / 2)

    def _over(self, now: float, since: float, limit_s: float, what: str, key: str) -> str | None:
        if now - since <= limit_s:
            return None
        return f"{what} for {now - since:.0f} s (watchdog.{key})"

    def _stall(self, now: float, limit_s: float) -> str | None:
        longest = max(self._stalls.items(), key=lambda item: now - item[1][1], default=None)
        if longest is None:
            return None
        ((topic, number), _), (_, since, what) = longest
        return self._over(now, since, limit_s, f"{topic}, partition {number}: {what}", "stalled")


def loop_trouble(now: float, turned_at: float, settings: WatchdogSettings) -> str | None:
    """Why a worker whose event loop last turned then had better end; None if it need not."""
    if now - turned_at <= settings.stalled_s:
        return None
    return f"the event loop has not turned for {now - turned_at:.0f} s (watchdog.stalled)"


def _waiting(reading: Reading) -> list[tuple[str, object, str]]:
    """What a partition waits for: kind, the value that must change, and the same in words."""
    waits: list[tuple[str, object, str]] = []
    position, end = reading.position, reading.end
    # Asked for again and again, also where there is nothing to read: no answer means no broker, or no fetching.
    waits.append(("answers", (reading.answered, position, reading.taken), f"no answer to a fetch at offset {position}"))
    if position is not None and end is not None and position < end:
        what = f"{end - position} records left, none read from offset {position} on"
        waits.append(("reading", position, what))
    if reading.busy:
        what = f"the agent is not done with the records before offset {reading.taken}"
        waits.append(("working", reading.taken, what))
    if reading.finished is not None and reading.finished > (reading.committed or 0):
        what = f"offset {reading.finished} may be committed, {reading.committed or 0} is"
        waits.append(("committing", reading.committed, what))
    return waits
