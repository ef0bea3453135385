"""When every input partition is being read again: by the workers' own pages, and by what reaches theme-panes."""

import re
import time
from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import decode_flush
from schemas.ids import source_id
from tests.support.brokers import Broker
from tests.support.patience import patiently
from tests.support.workers import WorkerProcess

_LAG = re.compile(r'^kafka_consumergroup_lag\{.*partition="(\d+)".*topic="([^"]+)"')
_WAIT_S = 0.1


def lags(worker: WorkerProcess) -> set[tuple[str, int]]:
    """(topic, partition) of which a worker says how far behind it is.

    It does so once it has taken a record of a partition, and no longer when that is taken away.
    """
    found = (_LAG.match(line) for line in worker.page("/metrics").splitlines())
    return {(match[2], int(match[1])) for match in found if match}


class Reached:
    """Which input partitions have been polled since a moment, as counts on theme-panes prove.

    Args:
        since: epoch seconds; a count that was sent before does not prove anything.
    """

    def __init__(self, broker: Broker, theme_panes: str, since: float) -> None:
        self._sources: set[int] = set()
        self._consumer = Consumer(
            {"bootstrap.servers": broker.bootstrap, "group.id": f"reached-{theme_panes}", "enable.auto.commit": False}
        )
        stamp = int(since * 1000)
        wanted = [TopicPartition(theme_panes, number, stamp) for number in range(broker.partitions)]
        self._consumer.assign(patiently(lambda: self._consumer.offsets_for_times(wanted, timeout=30)))

    def sources(self) -> set[int]:
        """The input partitions proven up to now."""
        for message in self._consumer.consume(500, _WAIT_S):
            value = message.value()
            if message.error() is None and value:
                self._sources.update(update.source for update in decode_flush(value).updates)
        return self._sources

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


def recovered(workers: Iterable[WorkerProcess], broker: Broker, since: float, deadline: float) -> bool:
    """Wait until every input partition is read again; False if it is not by ``deadline`` (monotonic).

    Some worker that runs must name each partition's lag, and counts of each must have been sent after
    ``since`` (epoch seconds), so a page that has not heard of the fault yet is no proof.
    """
    workers = list(workers)
    topics = workers[0].topics
    places = {(topic, number) for topic in topics.inputs for number in range(broker.partitions)}
    sources = {source_id(n, number) for n in range(len(topics.inputs)) for number in range(broker.partitions)}
    reached: Reached | None = None
    try:
        while time.monotonic() < deadline:
            named = set().union(*(lags(worker) for worker in workers if worker.returncode is None))
            if named >= places:
                reached = reached or Reached(broker, topics.theme_panes, since)
                if reached.sources() >= sources:
                    return True
            else:
                time.sleep(_WAIT_S)
        return False
    finally:
        if reached is not None:
            reached.close()
