"""The shared simulator and its evaluation, imported from beside the repository where they are."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

from tests.judges.interface import Source

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
QUALITY = SHARED / "quality"
SIM_START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())


class MissingData(Exception):
    """What a world needs is not on this machine; the message says which file."""


def shared_file(*parts: str) -> Path:
    """A file beside the repository.

    Raises:
        MissingData: it is not there.
    """
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise MissingData(f"../shared/{'/'.join(parts)} is not here")
    return path


@cache
def module(name: str) -> ModuleType:
    """A module of the shared quality folder, ``sim`` or ``evaluate``."""
    needed = {"sim": module("sim")} if name == "evaluate" else {}
    spec = importlib.util.spec_from_file_location(name, shared_file("quality", f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    # For "from sim import ..." alone: a detector has no business finding the simulator.
    sys.modules.update(needed)
    try:
        spec.loader.exec_module(loaded)
    finally:
        for each in needed:
            del sys.modules[each]
    return loaded


def simulated(seed: int, per_rate: int, incidents: bool = True) -> Source:
    """The shared simulator's themes of a seed as one source."""
    return Source(f"sim-{seed}", SIM_START, "UTC", module("sim").streams(seed, per_rate, incidents=incidents))
