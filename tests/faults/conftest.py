"""Options of the fault suite, and how a case's row reaches whoever prints the table."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.duration import parse_duration
from tests.faults.oracle import Row
from tests.faults.scene import BODY, Scene, scene
from tests.support.brokers import Broker
from tests.support.real_kafka import LocalKafka

ROW = "fault_row"


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Puts a row into the report of the test."""
    return lambda found: request.node.user_properties.append((ROW, found._asdict()))


@pytest.fixture
def stage(real_kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[Scene]:
    """A scene on the broker that the run shares."""
    with scene(real_kafka, tmp_path, topic_prefix) as made:
        yield made


@pytest.fixture
def own_stage(own_kafka: LocalKafka, tmp_path: Path, topic_prefix: str) -> Iterator[Scene]:
    """A scene on a broker of its own, which the case may stop."""
    broker = Broker(own_kafka.bootstrap, "real", "a server of this case's own")
    with scene(broker, tmp_path, topic_prefix, BODY) as made:
        yield made


@pytest.fixture(scope="session")
def soak_s(pytestconfig: pytest.Config) -> float:
    """How long the soak takes, seconds."""
    return parse_duration(pytestconfig.getoption("--soak"))
