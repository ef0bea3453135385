"""Input as it really comes: poison, repeats, out of order, replayed, with wrong clocks."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.faults.load import Load, Sent
from tests.faults.oracle import Row
from tests.faults.scene import Scene
from tests.faults.test_limits import alter
from tests.support.reading import read_all, wait_for

Report = Callable[[Row], None]


class Poisoned(Load):
    """Every fiftieth record is poison, of every kind in turn, several within a second."""

    def make(self) -> Iterator[Sent]:
        """Events, and what is none."""
        late = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        kinds: list[bytes | None] = [
            b"complaint: cannot log in",
            None,
            b'{"id": "\xff\xfe"}',
            b'{"id": "1"',
            json.dumps({"id": "x", "time": late, "theme": "t"}).encode(),
            json.dumps({"id": "x", "time": "2026-01-01T00:00:00", "theme": "t"}).encode(),
            json.dumps({"id": "x", "time": "2026-01-01T00:00:00Z", "theme": "t", "sentiment": 9}).encode(),
            json.dumps({"id": "x", "time": "2026-01-01T00:00:00Z", "schema_version": 99, "theme": "t"}).encode(),
            b"[" * 100_000,
            b"0" * 300_000,
        ]
        for n, good in enumerate(super().make()):
            yield good
            if n % 50 == 0:
                value: bytes | None = kinds[n // 50 % len(kinds)]
                yield good._replace(value=value, counts=False)  # type: ignore[arg-type]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_poison_of_every_kind(stage: Scene, row: Report) -> None:
    worker = stage.worker().start()
    load = stage.load(kind=Poisoned)
    stage.recovered_after(time.monotonic())
    time.sleep(2.0)
    began = time.monotonic()
    worker.kill()
    worker.start()
    recovery_s = stage.recovered_after(began)
    time.sleep(2.0)
    load.stop()
    found = stage.finish("poison of every kind, kill -9 between", recovery_s)
    letters = read_all(stage.broker, worker.topics.dead_letters)
    # A chunk that is counted again refuses its records again: by their place, each is there.
    places = {tuple(value for name, value in letter.headers() or [] if "errors." in name)[:3] for letter in letters}
    assert len(places) == load.records - load.events
    row(found)


class Disordered(Load):
    """A tenth of the events comes twice within seconds, and times lie up to ten minutes back."""

    def make(self) -> Iterator[Sent]:
        """Events, in no order."""
        draw = random.Random(self._seed)
        recent: list[Sent] = []
        for one in super().make():
            back = draw.choice((0, 0, 5, 60, 600)) * draw.random()
            at = datetime.fromtimestamp(one.at - back, UTC)
            value = orjson.loads(one.value) | {"time": at.isoformat()}
            moved = one._replace(value=orjson.dumps(value), at=at.timestamp())
            yield moved
            recent = [*recent[-500:], moved]
            if draw.random() < 0.1:
                yield draw.choice(recent)._replace(counts=False)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_repeats_out_of_order_and_a_kill(stage: Scene, row: Report) -> None:
    worker = stage.worker().start()
    load = stage.load(kind=Disordered)
    stage.recovered_after(time.monotonic())
    time.sleep(4.0)
    began = time.monotonic()
    worker.kill()
    worker.start()
    recovery_s = stage.recovered_after(began)
    time.sleep(4.0)
    load.stop()
    assert load.records > load.events * 1.05
    row(stage.finish("repeated and reordered, kill -9 between", recovery_s))


def rewind(stage: Scene, topics: tuple[str, ...]) -> None:
    """Reset the group's offsets to the beginning, as somebody might by mistake."""
    config = {"bootstrap.servers": stage.broker.bootstrap, "group.id": stage.workers[0].settings.kafka.group}
    consumer = Consumer({**config, "enable.auto.commit": False})
    try:
        wanted = [TopicPartition(topic, number, 0) for topic in topics for number in range(stage.broker.partitions)]
        for one in consumer.commit(offsets=wanted, asynchronous=False):
            assert one.error is None
    finally:
        consumer.close()


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", ["the input", "the input and theme-panes"])
def test_replayed_from_the_beginning_by_mistake(stage: Scene, row: Report, what: str) -> None:
    worker = stage.worker().start()
    stage.load(40_000).wait()
    stage.finish("before")
    worker.stop()
    topics = worker.topics.inputs
    rewind(stage, topics if what == "the input" else (*topics, worker.topics.theme_panes))
    worker.start()
    stage.load(8000, label="after").wait()
    wait_for(lambda: worker.metric("groundswell_events_total") >= 48_000, 60, worker.log_end)
    row(stage.finish(f"replayed from the beginning by mistake: {what}"))


class WrongClock(Load):
    """A producer whose clock is a day off: times, and the records' own timestamps, are too."""

    days = 1.0

    def make(self) -> Iterator[Sent]:
        """Events of a day ahead (or behind), which no pane may hold."""
        for one in super().make():
            at = one.at + self.days * 86_400
            value = orjson.loads(one.value) | {"time": datetime.fromtimestamp(at, UTC).isoformat()}
            yield one._replace(value=orjson.dumps(value), at=at, stamp_ms=round(at * 1000), counts=False)


class DayBehind(WrongClock):
    """A day behind."""

    days = -1.0


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [WrongClock, DayBehind])
def test_one_producers_clock_is_a_day_off(stage: Scene, row: Report, kind: type[WrongClock]) -> None:
    worker = stage.worker()
    for topic in worker.topics.inputs:
        # Kafka 4 refuses what is stamped an hour ahead; older ones, and brokers told otherwise, take it.
        alter(stage.broker.bootstrap, topic, {"message.timestamp.after.max.ms": str(2**62)})
    worker.start()
    stage.load(12_000, rate=2000)
    time.sleep(2.0)
    wrong = stage.load(2000, kind, rate=500, label="wrong")
    ahead = kind.days > 0
    found = stage.finish(f"one producer's clock a day {'ahead' if ahead else 'behind'}")
    assert worker.metric("groundswell_events_repeated_total") == 0
    if ahead:
        reasons = Counter(
            dict(letter.headers() or [])["groundswell.reason"]
            for letter in read_all(stage.broker, worker.topics.dead_letters)
        )
        assert reasons == {b"far-future": wrong.records}
        assert worker.metric("groundswell_mentions_late_total") == 0
    else:
        assert worker.metric("groundswell_mentions_late_total") == wrong.records
    row(found)
