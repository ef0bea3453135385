"""The demo's worker: a process of its own, which never outlives the demo."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_STOP_S: Final = 5.0
_LAST_LINES: Final = 15


class WorkerEnded(RuntimeError):
    """The worker ended before the story did; the message holds its last words."""


class WorkerProcess:
    """``groundswell worker`` between ``__enter__`` and ``__exit__``.

    Args:
        config: its configuration.
        log: where its output goes.
    """

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raises WorkerEnded if it does not run any more."""
        if self._process is None or (code := self._process.poll()) is None:
            return
        words = "\n".join(self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
        raise WorkerEnded(f"the demo's worker ended with exit code {code}; it said:\n{words or '(nothing)'}")

    def terminate(self) -> None:
        """Ask it to end; ``__exit__`` waits until it has."""
        if self._process is not None:
            self._process.terminate()

    def __enter__(self) -> Self:
        # Its input stays open as long as we live: when we are killed, it closes, and the worker ends.
        command = [sys.executable, "-m", "streams.cli.main", "worker", "--config", str(self._config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--end-with-input"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the demo alone, which then ends the worker in good order.
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        try:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
