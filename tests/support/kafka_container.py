"""An Apache Kafka in a container, where a Docker engine answers."""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.support.brokers import Broker
from tests.support.ports import free_ports
from tests.support.readiness import answers
from tests.support.unavailable import RealKafkaUnavailable

IMAGE = "apache/kafka:4.1.0"

_ENGINE_SECONDS = 5
_START_SECONDS = 60.0


def why_not() -> str | None:
    """Why no container can be had here; None when one can."""
    reason = None
    # docker leaves its socket open when the engine does not answer: collected here, it fails no test by its warning.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            with contextlib.closing(docker.from_env(timeout=_ENGINE_SECONDS)) as engine:
                engine.ping()
        except (DockerException, OSError) as failed:
            reason = f"no Docker engine answers ({failed})"
        gc.collect()
    return reason


@contextmanager
def container() -> Iterator[Broker]:
    reason = why_not()
    if reason is not None:
        raise RealKafkaUnavailable(reason)
    # testcontainers' own KafkaContainer starts Confluent's image only. The port is the same inside and outside,
    # since a broker tells its clients which port to come back to.
    (port,) = free_ports(1)
    server = DockerContainer(IMAGE).with_bind_ports(port, port)
    bootstrap = f"{server.get_container_host_ip()}:{port}"
    for name, value in _settings(bootstrap, port).items():
        server.with_env(name, value)
    try:
        server.start()
    except Exception as failed:
        raise RealKafkaUnavailable(f"the container {IMAGE} does not start: {failed}") from failed
    try:
        if not answers(bootstrap, within=_START_SECONDS):
            log = b"\n".join(server.get_logs()).decode(errors="replace")
            raise RealKafkaUnavailable(f"the container {IMAGE} does not answer; its log ends:\n{log[-2000:]}")
        yield Broker(bootstrap, "real", f"container {IMAGE}")
    finally:
        server.stop()


def _settings(bootstrap: str, port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9099",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{bootstrap}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9099",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
