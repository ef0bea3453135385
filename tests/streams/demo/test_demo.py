"""The demo as a newcomer runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "streams.cli.main", "demo"]


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pids: list[int], within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_the_demo_tells_the_whole_story_in_json() -> None:
    done = subprocess.run([*COMMAND, "--json"], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    flat = {"signal_id", "revision", "state", "theme", "severity", "owner", "due_at", "reason"}
    assert all(flat <= set(one) for one in told)
    incident = [one for one in told if one["theme"] == "login-failure"]
    assert [one["revision"] for one in incident] == list(range(1, len(incident) + 1))
    assert len({one["signal_id"] for one in told} - {incident[0]["signal_id"]}) <= 1

    first = incident[0]
    assert (first["severity"], first["state"], first["assignment"]["signal"]["mentions"]) == ("low", "open", 3)
    critical = next(one for one in incident if one["severity"] == "critical")
    assert (critical["owner"], critical["assignment"]["signal"]["mentions"]) == ("product-mobile", 15)
    assert 8.0 <= critical["impact"] <= 9.0
    drivers = critical["assignment"]["signal"]["drivers"]
    assert "os_version=iOS 17" in [driver["slice"] for driver in drivers]
    states = [one["state"] for one in incident]
    assert states.index("acknowledged") < states.index("fix_shipped") < states.index("resolved")
    assert states[-1] == "resolved"
    over = incident[-1]["assignment"]["signal"]
    assert over["total_mentions"] == 23
    took = datetime.fromisoformat(over["resolved_at"]) - datetime.fromisoformat(over["first_mention"])
    assert 25 < took.total_seconds() / 3600 < 27


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_demo_ends_its_worker_ends_too(number: signal.Signals) -> None:
    demo = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while not (started := children(demo.pid)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert started
        time.sleep(1.0)
        os.kill(demo.pid, number)
        out, err = demo.communicate(timeout=20)
    finally:
        demo.kill()
        demo.wait()
    assert gone(started, within=20)
    assert out == ""
    assert err == ""
    assert demo.returncode == (-number if number is signal.SIGKILL else 128 + number)
