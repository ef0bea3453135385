"""The benches still run: each in a small size, as a user would call it, and each says what it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import orjson
import pytest

from tests.bench.__main__ import NUMBERS, SPEED, headline
from tests.bench.scale import PARTS
from tests.support.brokers import Broker
from tests.support.real_kafka import GIVEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAID: dict[str, set[str]] = {
    "throughput": {"events_per_second", "ratio_to_limit", "ratio_to_bare_loop"},
    "latency": {"p50_ms", "p99_ms", "p999_ms"},
    "tagging": {"tagging_events_per_second", "redact_us"},
    "burst": {"most_lag", "drained_after_s", "rss_most_bytes"},
    "checkpoint": {"series"},
}


def said(name: str, broker: Broker | None, *arguments: str) -> dict[str, Any]:
    """The object that a bench ends with."""
    command = [sys.executable, "-m", f"tests.bench.{name}", "--quick", *arguments]
    env = {**os.environ, **({GIVEN: broker.bootstrap} if broker else {})}
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", SAID)
def test_a_bench_runs(real_kafka: Broker, name: str) -> None:
    found = said(name, real_kafka)
    assert [key for key in SAID[name] if not found.get(key)] == []


@pytest.mark.parametrize(
    "part", [part if part == "series" else pytest.param(part, marks=pytest.mark.long) for part in PARTS]
)
def test_a_part_of_scale_runs(real_kafka: Broker, part: str) -> None:
    assert said("scale", real_kafka, "--only", part)[part]


def test_the_backtest_is_timed_on_as_many_events_as_are_asked_for() -> None:
    found = said("backtest_speed", None)
    assert found["rows"]["events"] == 20_000
    # Drawn at random, so only nearly.
    assert found["cells"]["events"] == pytest.approx(20_000, rel=0.05)


def test_every_main_number_comes_from_a_bench_that_runs() -> None:
    assert {path[0] for path, _ in NUMBERS.values()} <= set(SPEED)


def test_a_smaller_run_gives_no_number_for_a_million_series() -> None:
    scale = {"series": {"series": 2000, "ready_s": 4.0, "rss_active_bytes": 1, "stall_ms": 2.0}}
    assert headline({"scale": scale})["recovery_s_1m_series"] is None
    scale["series"]["series"] = 1_000_000
    assert headline({"scale": scale})["recovery_s_1m_series"] == 4.0
    assert headline({"throughput": {"ratio_to_quix": 3.5}})["ratio_to_quix"] == 3.5
