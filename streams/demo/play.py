"""Plays the story: a broker in this process, a worker beside it, and the events as fast as they are counted."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from schemas.action import Action
from schemas.assignment import Assignment, AssignmentState
from schemas.ids import derived_id
from schemas.signal import Severity
from schemas.times import instant
from streams.clients import Clients
from streams.clock import Clock
from streams.config import load_settings
from streams.demo.child import WorkerProcess
from streams.demo.scenario import Deed, Scenario
from streams.demo.steps import steps
from streams.demo.wire import Wire
from streams.demo.words import LOGIN
from streams.embedded import EmbeddedBroker
from streams.topics import Topics

_START_S: Final = 40.0
_STEP_S: Final = 20.0
_TURN_S: Final = 0.05
_SETTLE_S: Final = 0.5
_ADDRESS: Final = "127.0.0.1:9092"

Progress = Callable[[int, float], None]
"""Told how many events have been counted, and the event time reached (epoch seconds)."""


class DemoStuck(RuntimeError):
    """Something did not happen in time; the message says what."""


class Played(NamedTuple):
    """What came of it: the assignments, and how long the worker took to start and to count everything."""

    assignments: list[Assignment]
    dead_letters: int
    start_s: float
    play_s: float


def play(story: Scenario, clock: Clock, progress: Progress) -> Played:
    """Play ``story`` from beginning to end; whatever happens, nothing is left running.

    Raises:
        DemoStuck, streams.demo.child.WorkerEnded: with words for the person who asked for the demo.
    """
    began = clock.monotonic()
    with TemporaryDirectory(prefix="groundswell-demo-") as folder, EmbeddedBroker() as broker:
        config = _configure(Path(folder), broker.bootstrap)
        settings = load_settings(config)
        with (
            closing(Wire(Topics(settings.kafka), Clients(settings))) as wire,
            WorkerProcess(config, Path(folder) / "worker.log") as worker,
        ):
            player = _Player(wire, worker, clock)
            done, started = 0, 0.0
            for step in steps(story):
                if isinstance(step, Deed):
                    player.act(step)
                    continue
                wire.send(step)
                player.wait(lambda: wire.counted, "the events sent to be counted", _STEP_S if done else _START_S)
                started = started or clock.monotonic() - began
                done += len(step)
                progress(done, step[-1].at)
            player.wait(lambda: player.has(AssignmentState.RESOLVED), "the signal to be resolved")
            player.settle()
            worker.terminate()
            played_s = clock.monotonic() - began - started
            return Played(list(wire.assignments.values()), wire.dead_letters, started, played_s)


def _configure(folder: Path, bootstrap: str) -> Path:
    with as_file(files("streams.demo")) as ours:
        shutil.copy(ours / "taxonomy.toml", folder)
        text = (ours / "demo.toml").read_text(encoding="utf-8")
    config = folder / "demo.toml"
    config.write_text(text.replace(_ADDRESS, bootstrap), encoding="utf-8")
    return config


class _Player:
    """Waits for what the worker does, and acts in the names of those who own the incident."""

    def __init__(self, wire: Wire, worker: WorkerProcess, clock: Clock) -> None:
        self._wire, self._worker, self._clock = wire, worker, clock

    def wait(self, happened: Callable[[], bool], what: str, within_s: float = _STEP_S) -> None:
        """Listen until it has happened."""
        deadline = self._clock.monotonic() + within_s
        while not happened():
            self._worker.check()
            if self._clock.monotonic() > deadline:
                raise DemoStuck(f"waited {within_s:.0f} s for {what}")
            self._wire.listen(_TURN_S)

    def settle(self) -> None:
        """Listen a little longer: what else there may be is on its way."""
        deadline = self._clock.monotonic() + _SETTLE_S
        while self._clock.monotonic() < deadline:
            self._wire.listen(_TURN_S)

    def has(self, state: AssignmentState) -> bool:
        """Whether the incident's assignment has been in ``state``."""
        return any(one.state is state for one in self._incident())

    def act(self, deed: Deed) -> None:
        """Do it once the assignment is critical, and wait until the assignment says so."""
        self.wait(
            lambda: any(one.severity is Severity.CRITICAL for one in self._incident()),
            "a critical assignment about failing logins",
        )
        signal_id = next(one.signal_id for one in self._incident() if one.severity is Severity.CRITICAL)
        self._wire.act(
            Action(
                id=derived_id("act", signal_id, deed.kind.value),
                signal_id=signal_id,
                kind=deed.kind,
                at=instant(deed.at),
                by=deed.by,
                note=deed.note,
            )
        )
        state = AssignmentState(deed.kind.value)
        self.wait(lambda: self.has(state), f"the assignment to be {state.value}")

    def _incident(self) -> Iterator[Assignment]:
        return (one for one in self._wire.assignments.values() if one.theme == LOGIN)
