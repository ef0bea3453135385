"""A contender that cannot run here is skipped with its reason, and the others are still compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench import rivals
from tests.bench.load import Event, evenly, hot, recent
from tests.bench.measuring import PARTITIONS
from tests.bench.probes import quantile
from tests.bench.throughput import Bench, results
from tests.support.brokers import Broker


def test_without_java_kafka_streams_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals.shutil, "which", lambda _tool: None)
    with pytest.raises(rivals.Unavailable, match="no java on the PATH"):
        rivals.kafka_streams_classpath()


def test_what_cannot_be_installed_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rivals, "CACHE", tmp_path)
    monkeypatch.setattr(rivals.sys, "executable", "/nowhere/python")
    with pytest.raises(rivals.Unavailable, match="/nowhere/python"):
        rivals.quix_python()


def test_every_package_of_a_rival_is_pinned_with_its_hash() -> None:
    text = rivals.LOCK.read_text()
    packages = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []
    assert "://" not in text


def test_a_skipped_contender_has_no_ratio_and_a_reason(tmp_path: Path) -> None:
    bench = Bench(Broker("127.0.0.1:1", "real", "none"), tmp_path, "t.", [Event(b"a", b"{}", 0)])
    bench.rates = {"limit": [300.0, 100.0, 200.0], "worker": [100.0], "worker_1_processes": [150.0]}
    bench.skipped = {"quix": "no network"}
    found = results(bench, [0, 1])
    assert (found["events_per_second"], found["ratio_to_limit"], found["ratio_to_quix"]) == (100, 0.5, None)
    assert found["skipped"] == {"quix": "no network"}
    assert results(bench, [1, 0])["events_per_second"] == 150


def test_the_load_is_the_same_each_time_and_deals_every_partition_rising_times() -> None:
    def said(load: list[Event]) -> list[bytes | None]:
        return [event.key for event in load]

    load = recent(400, evenly(50))
    assert said(load) == said(recent(400, evenly(50)))
    assert all(
        [event.at_ms for event in load[first::PARTITIONS]] == sorted(event.at_ms for event in load[first::PARTITIONS])
        for first in range(PARTITIONS)
    )


def test_a_hot_theme_has_its_share() -> None:
    keys = [event.key for event in recent(5000, hot(100, 0.9))]
    assert keys.count(b"theme-0") == pytest.approx(4500, abs=100)
    assert len(set(keys)) > 90


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 1001)]
    assert [quantile(values, share) for share in (0.5, 0.99, 0.999, 1.0)] == [500.0, 990.0, 999.0, 1000.0]
