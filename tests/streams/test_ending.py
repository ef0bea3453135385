"""How a worker ends: one reason, one line, and for certain."""

import logging
import sys

import pytest

from streams.shell import ending as module
from streams.shell.ending import Ending


def record(message: str) -> logging.LogRecord:
    try:
        raise ValueError("inside")
    except ValueError:
        return logging.LogRecord("faust", logging.ERROR, "f.py", 1, message, (), sys.exc_info())


def test_only_the_first_reason_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    left: list[int] = []
    ending = Ending(leave=left.append)
    ending.because(RuntimeError("cx.signals: message too large"))
    ending.because("what follows from it")
    assert capsys.readouterr().err == "groundswell: worker stopped: cx.signals: message too large\n"
    ending.now("the event loop has not turned")
    assert left == [1]


def test_an_error_without_words_is_named() -> None:
    said: list[str] = []
    Ending(say=said.append, leave=lambda _: None).because(KeyError())
    assert said == ["groundswell: worker stopped: KeyError"]


def test_who_does_not_end_by_himself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(module, "GRACE_S", 0.01)
    gone = threading.Event()
    Ending(say=lambda _: None, leave=lambda code: gone.set() if code == 1 else None).because("stuck")
    assert gone.wait(10)


def test_no_traceback_and_no_echo_is_logged_unless_asked_for() -> None:
    quiet, loud = Ending(leave=lambda _: None), Ending(verbose=True)
    other = record("Commit failed")
    assert quiet.lets_through(other)
    assert other.exc_info is None
    assert not quiet.lets_through(record("[^--Timers]: Crashed reason=%r"))
    kept = record("[^--Timers]: Crashed reason=%r")
    assert loud.lets_through(kept)
    assert kept.exc_info is not None
