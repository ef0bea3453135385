"""The silences and snoozes in force."""

from collections.abc import Iterator

from msgspec import to_builtins

from schemas.control import Control, ControlKind, Match
from schemas.signal import Signal
from sinks.triage.matching import Facts, Globs
from sinks.triage.state import Known

MOST = 2_000
"""Controls that are kept; of more, those that end first are let go."""

# Names that no theme has: what matches them matches whatever comes.
_UNSEEN = ("qzxvkj", "qzx-vkj", "qzx_vkj.9")


class Controls:
    """Controls by id; times are by the clock of the one who decides.

    >>> from datetime import UTC, datetime, timedelta
    >>> noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    >>> controls = Controls()
    >>> controls.take(Control(id="sil-1", kind=ControlKind.SILENCE, by="ann", reason="move", at=noon, starts=noon,
    ...                       expires=noon + timedelta(hours=2), match=Match(theme=["login-*"])))
    >>> facts = Facts("bank", ("login-failure",), "surge", "high", (), "mobile")
    >>> [controls.silence(facts, noon.timestamp() + 3600 * hours) is not None for hours in (-1, 0, 1, 2)]
    [False, True, True, False]
    """

    __slots__ = ("_globs", "_known", "_snoozes", "changed")

    def __init__(self) -> None:
        self._known: dict[str, Control] = {}
        self._globs: dict[str, Globs] = {}
        self._snoozes: dict[str, set[str]] = {}
        self.changed = False

    def __iter__(self) -> Iterator[Control]:
        return iter(sorted(self._known.values(), key=lambda control: control.id))

    def take(self, control: Control) -> None:
        """Put a control in force; an older record of one that is known changes nothing."""
        held = self._known.get(control.id)
        if held is not None and held.at > control.at:
            return
        if held != control:
            self._known[control.id] = control
            self._globs[control.id] = Globs(to_builtins(control.match))
            if control.kind is ControlKind.SNOOZE:
                self._snoozes.setdefault(control.signal_id, set()).add(control.id)
            self.changed = True
        while len(self._known) > MOST:
            self.drop(min(self._known, key=lambda name: (self._known[name].expires, name)))

    def drop(self, name: str) -> None:
        """Let a control go."""
        control = self._known.pop(name, None)
        if control is not None:
            del self._globs[name]
            self._snoozes.get(control.signal_id, set()).discard(name)
            self.changed = True

    def expire(self, before: float) -> None:
        """Let those go that ended before a moment."""
        for name in [name for name, control in self._known.items() if control.expires.timestamp() < before]:
            self.drop(name)

    def silence(self, facts: Facts, now: float) -> Control | None:
        """The silence that holds longest of those that match."""
        matching = [
            control
            for name, control in self._known.items()
            if control.kind is ControlKind.SILENCE and in_force(control, now) and self._globs[name].match(facts)
        ]
        return max(matching, key=lambda control: (control.expires, control.id), default=None)

    def snooze(self, known: Known, now: float) -> Control | None:
        """The snooze of a signal, unless it has become worse since, or been mentioned often enough.

        ``known`` remembers how it stood when the snooze was first seen.
        """
        own = [self._known[name] for name in self._snoozes.get(known.id, ()) if in_force(self._known[name], now)]
        control = max(own, key=lambda control: (control.at, control.id), default=None)
        if control is None:
            return None
        if known.snooze != control.id:
            known.snooze, known.snoozed_from, known.snoozed_severity = control.id, known.total, known.severity
        if known.severity.rank > known.snoozed_severity.rank:
            return None
        if control.mentions is not None and known.total - known.snoozed_from >= control.mentions:
            return None
        return control

    def has_snooze(self, name: str) -> bool:
        """Whether there is a snooze of a signal, in force or not."""
        return bool(self._snoozes.get(name))


def in_force(control: Control, now: float) -> bool:
    """Whether a control is in force at a moment."""
    return control.starts.timestamp() <= now < control.expires.timestamp()


def facts_of(signal: Signal, owner: str, themes: tuple[str, ...] = ()) -> Facts:
    """What patterns can ask of a signal; an incident has the themes of its members."""
    slices = tuple(driver.slice for driver in signal.drivers)
    return Facts(signal.tenant, themes or (signal.theme,), signal.rule, signal.severity.value, slices, owner)


def too_broad(match: Match) -> str:
    """A warning, in words, if a silence would also hide themes that nobody has seen yet; empty if it would not.

    >>> too_broad(Match(theme=["login-*"])), too_broad(Match(slice=["os_version=17.*"]))
    ('', '')
    >>> too_broad(Match(theme=["*"], severity=["low"]))
    'theme * and severity low also hides themes that nobody has seen yet; name themes, a rule or a slice'
    """
    themes = Globs({"theme": match.theme})
    unseen = any(themes.match(Facts("", (name,), "", "", (), "")) for name in _UNSEEN)
    narrowed = any(_narrow(patterns) for patterns in (match.slice, match.rule))
    if not unseen or narrowed:
        return ""
    return f"{Globs(to_builtins(match))} also hides themes that nobody has seen yet; name themes, a rule or a slice"


def _narrow(patterns: list[str]) -> bool:
    return bool(patterns) and all(pattern.strip("*?=") for pattern in patterns)
