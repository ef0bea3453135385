"""The broker refuses a checkpoint, and its cleaner removes old ones."""

import time
from collections.abc import Callable, Mapping

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tests.faults.oracle import Row
from tests.faults.scene import Scene
from tests.support.local_kafka import LocalKafka
from tests.support.reading import read_all, wait_for

Report = Callable[[Row], None]


def alter(bootstrap: str, topic: str, config: Mapping[str, str]) -> None:
    """Change a topic's configuration."""
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in config.items()]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_checkpoint_larger_than_the_topic_takes(stage: Scene, row: Report) -> None:
    worker = stage.worker()
    alter(stage.broker.bootstrap, worker.topics.series_log, {"max.message.bytes": "300"})
    worker.start()
    load = stage.load(20_000)
    assert worker.wait(60) == 1
    assert worker.topics.series_log in worker.log_end(), worker.log_end()
    load.wait()
    alter(stage.broker.bootstrap, worker.topics.series_log, {"max.message.bytes": "8388608"})
    began = time.monotonic()
    worker.start()
    load = stage.load(8000, label="after")
    recovery_s = stage.recovered_after(began)
    row(stage.finish("checkpoint larger than max.message.bytes", recovery_s))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_compaction_then_restart(own_kafka: LocalKafka, own_stage: Scene, row: Report) -> None:
    worker = own_stage.worker()
    often = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.001", "min.compaction.lag.ms": "0"}
    often |= {"delete.retention.ms": "100"}
    for topic in (worker.topics.series_log, worker.topics.assigned_log):
        alter(own_stage.broker.bootstrap, topic, often)
    worker.start()
    load = own_stage.load(60_000)
    load.wait()

    def written() -> tuple[int, int]:
        """(records, keys) of the changelog."""
        records = read_all(own_stage.broker, worker.topics.series_log)
        return len(records), len({(record.partition(), record.key()) for record in records})

    time.sleep(3.0)
    before = int(worker.metric("groundswell_checkpoint_records_total"))
    # A segment is closed by the next record, and the cleaner leaves the open one alone.
    wait_for(lambda: written()[0] < before / 2, 120, lambda: f"{written()} of {before}")
    worker.kill()
    began = time.monotonic()
    worker.start()
    load = own_stage.load(8000, label="after")
    recovery_s = own_stage.recovered_after(began)
    row(own_stage.finish("compaction, then kill -9 and restart", recovery_s))
