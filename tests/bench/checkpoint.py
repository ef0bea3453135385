"""What a checkpoint writes against what changed, and how long a recovery takes, by the number of series.

    python -m tests.bench.checkpoint [--series N ...] [--changed N ...] [--quick]

A worker recovers so many series (one in ten busy, see recovery); then some of the quiet ones are
mentioned once each, and what comes to the changelog is read and weighed. The state of a worker is in memory
and in its changelog topic. There is no second store: Faust's Tables, and with them RocksDB, are not used (see
streams/shell/changelog.py). The last line is one JSON object.
"""

import argparse
import time
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.claims import CLAIM_PREFIX
from tests.bench import telling
from tests.bench.load import Event, events, write
from tests.bench.measuring import PARTITIONS, arena, body, until
from tests.bench.recovery import recovered, roomy
from tests.support.brokers import Broker
from tests.support.workers import RULES, WorkerProcess

_CHECKPOINT_S = 2
_SERIES, _CHANGED = (10_000, 100_000, 1_000_000), (100, 1000, 10_000)


def ends(consumer: Consumer, topic: str) -> list[int]:
    """The next offset of each partition."""
    parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    return [consumer.get_watermark_offsets(part, timeout=30)[1] for part in parts]


def written(consumer: Consumer, topic: str, first: list[int], last: list[int]) -> dict[str, int]:
    """Records and bytes (keys and values) between two times: of series, and of what is kept once a partition."""
    parts = [TopicPartition(topic, number, offset) for number, offset in enumerate(first) if offset < last[number]]
    found = dict.fromkeys(("records", "bytes", "other_records", "other_bytes"), 0)
    if not parts:
        return found
    consumer.assign(parts)
    left = {part.partition for part in parts}
    while left:
        message = consumer.poll(30)
        if message is None:
            raise TimeoutError(f"{topic}: nothing came within 30 s")
        if message.error():
            continue
        partition, offset = message.partition() or 0, message.offset() or 0
        if offset + 1 >= last[partition]:
            left.discard(partition)
        key = message.key() or b""
        if offset >= last[partition] or key.startswith(CLAIM_PREFIX):
            continue
        kind = "other_" if key.startswith(b"\x1f") else ""
        found[f"{kind}records"] += 1
        found[f"{kind}bytes"] += len(key) + len(message.value() or b"")
    consumer.unassign()
    return found


def touched(broker: Broker, worker: WorkerProcess, consumer: Consumer, changed: int, run: int) -> dict[str, int]:
    """Mention so many series once, and see what is written to the changelog for it."""
    topic = worker.topics.series_log
    before, already = ends(consumer, topic), worker.metric("groundswell_mentions_total")
    numbers = iter(range(changed))
    now = datetime.now(UTC)
    load = list(events(changed, lambda _draw: next(numbers), now, 0.001, seed=run))
    fresh = [Event(one.key, one.value.replace(b'"e-', b'"e%d-' % run), one.at_ms) for one in load]
    write(broker.bootstrap, worker.topics.feedback, fresh, PARTITIONS)

    def merged() -> bool:
        return worker.metric("groundswell_mentions_total") - already >= changed

    until(merged, f"{changed} mentions merged", 120.0)
    # The next checkpoint of every partition, and the signals that it lets go.
    time.sleep(2.5 * _CHECKPOINT_S)
    return {"changed": changed, **written(consumer, topic, before, ends(consumer, topic))}


def point(count: int, changes: list[int]) -> dict[str, Any]:
    """Recovery and checkpoints with ``count`` series."""
    text = body(rules=RULES, detect=roomy(count))
    top = f'checkpoint = "{_CHECKPOINT_S}s"'
    with (
        arena() as (broker, directory, prefix),
        WorkerProcess(broker, directory, prefix, text, top=top, partitions=PARTITIONS) as worker,
    ):
        found = recovered(broker, worker, count)
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": f"{prefix}weigh"})
        try:
            runs = enumerate(number for number in changes if number <= count)
            found["checkpoints"] = [touched(broker, worker, consumer, number, run) for run, number in runs]
        finally:
            consumer.close()
    return found


def main() -> None:
    """Run, print tables, a chart and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, nargs="+", default=_SERIES)
    parser.add_argument("--changed", type=int, nargs="+", default=_CHANGED)
    parser.add_argument("--quick", action="store_true", help="two thousand series")
    options = parser.parse_args()
    sizes, changes = ([2000], [10, 100]) if options.quick else (options.series, options.changed)
    found = {str(count): point(count, changes) for count in sizes}
    rows = [
        (f"{int(count):,}", one["changed"], one["records"], one["bytes"], one["bytes"] / max(1, one["changed"]),
         one["other_records"], one["other_bytes"])
        for count, of in found.items() for one in of["checkpoints"]
    ]  # fmt: skip
    columns = ("series held", "changed", "records of series", "bytes", "bytes a changed series", "other records",
               "other bytes")  # fmt: skip
    telling.table("What checkpoints write", columns, rows)
    stores = [
        (f"{int(count):,}", of["changelog_bytes"], of["ready_s"], of["rss_bytes"], "not used: no Tables")
        for count, of in found.items()
    ]
    columns = ("series", "changelog bytes", "memory: ready after s", "memory: RSS bytes", "RocksDB")
    telling.table("Recovery, by the store of the state", columns, stores)
    telling.chart("Seconds until ready", {f"{int(count):,}": of["ready_s"] for count, of in found.items()}, "s")
    telling.result({"series": found})


if __name__ == "__main__":
    main()
