"""Real complaints through the real worker on a real Kafka: the storm's cancellations are found, the rest stays quiet.

American Airlines is left out: the collection holds almost none of its tweets before 22 February.
"""

import csv
import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.codec import decode_signal, encode_event
from schemas.signal import Severity, Signal, SignalState
from streams.cli.mapping import Columns, TimeColumn
from streams.cli.pacing import in_time
from streams.cli.rows import read
from streams.cli.to_events import Mapped
from tests.support.brokers import Broker
from tests.support.reading import counted, read_all, wait_for
from tests.support.workers import OWNERS, WorkerProcess

SLICE_S = 7200
SENTIMENT: dict[str, str | int | float | bool | None] = {"negative": -0.8, "neutral": 0.0, "positive": 0.8}
RULES = """
[[rules]]
name = "surge"
detector = "velocity"
themes = ["!no-complaint"]
window = "3h"
baseline = "48h"
min_baseline = "24h"
min_count = 30
min_customers = 20
levels = { medium = 4.0, high = 5.0 }
resolve_after = "3h"

[[rules]]
name = "mood"
detector = "sentiment"
window = "6h"
baseline = "48h"
min_events = 200
drop = { medium = 0.3 }

[[rules]]
name = "ledger"  # Never trips: it makes the history reach back over the whole file.
detector = "count"
window = "10d"
levels = { critical = 1000000 }

[ingest.counting]
dimensions = ["airline"]
[ingest.flushing]
idle = "1s"
"""


def tweets(data: Path, folder: Path) -> list[Mapped]:
    """The tweets as events, read by the product's own replay."""
    source = data / "airline_tweets" / "Tweets.csv"
    kept = folder / "tweets.csv"
    with source.open(encoding="utf-8", newline="") as file, kept.open("w", encoding="utf-8", newline="") as out:
        rows = csv.DictReader(file)
        assert rows.fieldnames is not None
        writer = csv.DictWriter(out, rows.fieldnames)
        writer.writeheader()
        for row in rows:
            if row["airline"] != "American":
                reason = row["negativereason"].lower().replace("'", "-").replace(" ", "-") or "no-complaint"
                writer.writerow({**row, "negativereason": reason})
    mapping = Columns(
        columns={
            "id": "tweet_id",
            "theme": "negativereason",
            "text": "text",
            "customer": "name",
            "sentiment": "airline_sentiment",
        },
        time=TimeColumn(column="tweet_created", format="%Y-%m-%d %H:%M:%S %z"),
        values={"sentiment": SENTIMENT},
        attributes={"airline": "airline"},
    )
    found = list(read(kept, mapping))
    events = [one for one in found if isinstance(one, Mapped)]
    assert len(events) == len(found) == 11_881
    return in_time(events, None)


def play(worker: WorkerProcess, events: list[Mapped]) -> None:
    """Send two hours at a time, so that all partitions stand at about the same event time."""
    producer = Producer({"bootstrap.servers": worker.broker.bootstrap})
    topic = worker.topics.inputs[1]
    sent, at = 0, events[0].event.time.timestamp()
    while sent < len(events):
        at += SLICE_S
        while sent < len(events) and events[sent].event.time.timestamp() < at:
            event = events[sent].event
            producer.produce(topic, encode_event(event), key=event.id)
            sent += 1
        producer.flush()
        want = sent
        wait_for(
            lambda want=want: worker.metric("groundswell_mentions_total") >= want,  # type: ignore[misc]
            20,
            worker.log_end,
        )
    time.sleep(2)


@pytest.mark.timeout(240)
def test_the_storm_is_found_and_quiet_themes_stay_quiet(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str, shared_data: Path
) -> None:
    events = tweets(shared_data, tmp_path)
    body = RULES + OWNERS
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, body, 'checkpoint = "1s"') as worker:
        worker.create_topics().start()
        play(worker, events)
        oracle = Counter(
            (one.event.theme, int(one.event.time.timestamp()) // 60 * 60) for one in events if one.event.theme
        )
        wait_for(lambda: sum(counted(real_kafka, worker.topics.series_log).values()) >= len(events), 20)
        # Older panes are coarsened once there are many, so the oracle is coarsened alike.
        assert _coarse(counted(real_kafka, worker.topics.series_log)) == _coarse(dict(oracle))
        assert worker.metric("groundswell_mentions_late_total") == 0
    signals = [decode_signal(message.value() or b"") for message in read_all(real_kafka, worker.topics.signals)]
    check(signals)
    assignments = [json.loads(message.value() or b"{}") for message in read_all(real_kafka, worker.topics.assignments)]
    assert {one["signal_id"] for one in assignments} == {one.id for one in signals}


def check(signals: list[Signal]) -> None:
    """One episode in eight days: cancelled flights, on the day of the storm, gone by the next."""
    assert {signal.theme for signal in signals} == {"cancelled-flight"}
    opened, *_, last = sorted(signals, key=lambda signal: signal.revision)
    assert opened.state is SignalState.OPENED
    storm = datetime(2015, 2, 21, 18, tzinfo=UTC), datetime(2015, 2, 22, 8, tzinfo=UTC)
    assert storm[0] < opened.opened_at < storm[1]
    assert max(signal.severity.rank for signal in signals) == Severity.HIGH.rank
    assert last.state is SignalState.RESOLVED
    assert last.at < datetime(2015, 2, 23, 8, tzinfo=UTC)
    assert opened.customers >= 20
    assert opened.quotes
    # "@ 5pm" tells a time.
    assert not any(re.search(r"@[a-z]", quote.text, re.I) for signal in signals for quote in signal.quotes), (
        "handles are redacted"
    )


def _coarse(panes: dict[tuple[str, int], int]) -> Counter[tuple[str, int]]:
    coarse: Counter[tuple[str, int]] = Counter()
    for (theme, pane), count in panes.items():
        coarse[theme, pane // 900 * 900] += count
    return coarse
