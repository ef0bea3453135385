"""Too few replicas to be sure: nothing is said to be done that could still be lost."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.oracle import Row
from tests.faults.scene import scene
from tests.support import kafka_jars
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.unavailable import RealKafkaUnavailable

Report = Callable[[Row], None]


@pytest.fixture
def cluster(tmp_path: Path, own_kafka: object) -> Cluster:
    """Three servers, not started; skipped or failed with ``own_kafka`` where there is no Java."""
    try:
        return Cluster(kafka_jars.jars(), tmp_path / "cluster")
    except RealKafkaUnavailable as unavailable:
        pytest.skip(unavailable.reason)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_min_insync_replicas_violated(cluster: Cluster, tmp_path: Path, topic_prefix: str, row: Report) -> None:
    with cluster, scene(Broker(cluster.bootstrap, "real", "a cluster of three"), tmp_path, topic_prefix) as stage:
        worker = stage.worker(kafka="replication = 3").start()
        load = stage.load(acks="all")
        stage.recovered_after(time.monotonic())
        time.sleep(3.0)
        with stage.supervised(worker):
            for server in cluster.servers[1:]:
                server.kill()
            time.sleep(15.0)
            # What it has in memory only is gone; what it has committed meanwhile must be on two servers.
            worker.kill()
            for server in cluster.servers[1:]:
                server.start()
            recovery_s = stage.recovered_after(time.monotonic(), 90)
            time.sleep(5.0)
            load.stop()
            row(stage.finish("two of three brokers away for 15 s", recovery_s, broker=True, within_s=120))
