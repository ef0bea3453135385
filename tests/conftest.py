"""Brokers, topic names and shared data for every test."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from tests.support import real_kafka as kafka
from tests.support.brokers import Broker
from tests.support.embedded import embedded
from tests.support.real_kafka import LocalKafka, RealKafkaUnavailable

REPO = Path(__file__).resolve().parents[1]
KAFKA_FIXTURES = frozenset({"real_kafka", "own_kafka"})
KAFKA_SEEN = pytest.StashKey[str]()
# A broker given from outside outlives the run, and what an earlier run left there must not be met again.
RUN = secrets.token_hex(4)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the cases that take minutes")
    parser.addoption("--soak", default="20s", help="how long the soak takes, such as 15m")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if KAFKA_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any(item.get_closest_marker("kafka") for item in session.items)
    if wanted and not session.config.option.collectonly:
        try:
            kafka.prepare()
        except RealKafkaUnavailable as unavailable:
            session.config.stash[KAFKA_SEEN] = f"unavailable: {unavailable.reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"real Kafka: {config.stash.get(KAFKA_SEEN, 'not used')}")


@pytest.fixture(scope="session")
def real_kafka(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Broker]:
    """A real Apache Kafka, shared by the whole run; a test that kills or pauses its broker takes ``own_kafka``."""
    opened = kafka.real_kafka(tmp_path_factory.mktemp("kafka") / "data")
    try:
        broker = opened.__enter__()
    except RealKafkaUnavailable as unavailable:
        _no_kafka(pytestconfig, unavailable)
    pytestconfig.stash[KAFKA_SEEN] = f"{broker.source}, at {broker.bootstrap}"
    try:
        yield broker
    finally:
        opened.__exit__(None, None, None)


@pytest.fixture
def own_kafka(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[LocalKafka]:
    """A running server on the local Java for this test alone, to be killed, paused and started again."""
    try:
        server = kafka.local_kafka(tmp_path / "kafka").start()
    except RealKafkaUnavailable as unavailable:
        _no_kafka(pytestconfig, unavailable)
    pytestconfig.stash.setdefault(KAFKA_SEEN, "servers of the tests' own, on the local Java")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[Broker]:
    """The product's embedded broker, shared by the whole run."""
    with embedded() as broker:
        yield broker


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Runs the test once on each kind of broker."""
    found = request.getfixturevalue("real_kafka" if request.param == "real" else "embedded_broker")
    assert isinstance(found, Broker)
    return found


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """A start for topic and group names that no other test has."""
    return f"t{hashlib.sha256(f'{RUN} {request.node.nodeid}'.encode()).hexdigest()[:12]}."


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets beside the repository: the ``data`` folder of ``GROUNDSWELL_SHARED`` or of ``../shared``."""
    data = Path(os.environ.get("GROUNDSWELL_SHARED") or REPO.parent / "shared") / "data"
    if not data.is_dir():
        reason = f"no shared data: {data} is not a folder (GROUNDSWELL_SHARED names another place)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return data


def _no_kafka(config: pytest.Config, unavailable: RealKafkaUnavailable) -> Never:
    config.stash[KAFKA_SEEN] = f"unavailable: {unavailable.reason}"
    reason = f"no real Kafka: {unavailable.reason}"
    if os.environ.get("GROUNDSWELL_REQUIRE_KAFKA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
