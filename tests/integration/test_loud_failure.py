"""A worker that cannot do its work ends with exit code 1 and one line that says why; nothing is lost by it."""

import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.support.brokers import Broker
from tests.support.local_kafka import LocalKafka
from tests.support.reading import counted, read_all, wait_for
from tests.support.workers import OWNERS, RULES, WorkerProcess

BODY = RULES + OWNERS
TOP = 'checkpoint = "1s"'
DOG = '[watchdog]\nstalled = "4s"\nrecovering = "4s"\njoining = "20s"\n'
CHUNK = 256

PATCHED = """
import asyncio, os, sys, time
from streams.shell import changelog
from streams.shell.detecting import DetectAgent
from streams.shell.ingesting import IngestAgent

original = changelog.replay

def never(*args, cancelled, **kwargs):
    while not cancelled():
        time.sleep(0.05)
    raise changelog.Cancelled

def slow(*args, **kwargs):
    time.sleep(3)
    return original(*args, **kwargs)

async def hang(self, stream):
    async for _ in self.app.batches(stream):
        await asyncio.sleep(3600)

match os.environ["FAULT"]:
    case "recovery hangs": changelog.replay = never
    case "recovery is slow": changelog.replay = slow
    case "agent hangs": DetectAgent.run = hang
    case "loop hangs": IngestAgent.flush_if_due = lambda self: time.sleep(3600)

from streams.cli.main import main
main()
"""
"""The product has no hooks for faults: its shell is changed, then the command line runs."""


def said(worker: WorkerProcess) -> str:
    """The one line of a failed worker that is the program's own; there is no traceback beside it."""
    text = worker.log_end(1000)
    assert "Traceback" not in text, text
    lines = [line for line in text.splitlines() if line.startswith("groundswell:")]
    assert len(lines) == 1, text
    return lines[0]


def asked(worker: WorkerProcess, path: str) -> tuple[int, str]:
    """Status and text of a page; 0 if nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("recovery hangs", r"no record of the changelogs was read back for \d s \(watchdog.recovering\)"),
        ("agent hangs", r"the agent is not done with the records before offset \d+ for \d s \(watchdog.stalled\)"),
        ("loop hangs", r"the event loop has not turned for \d s \(watchdog.stalled\)"),
    ],
)
def test_a_worker_that_hangs_ends(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str, fault: str, reason: str
) -> None:
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY + DOG, TOP) as worker:
        command = (sys.executable, "-c", PATCHED)
        worker.create_topics().start(wait_ready_s=0, env={"FAULT": fault}, command=command)
        assert worker.wait(40) == 1
        assert re.search(reason, said(worker)), said(worker)


def test_readiness_and_liveness_tell_the_truth_while_it_recovers(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY, TOP) as worker:
        command = (sys.executable, "-c", PATCHED)
        worker.create_topics().start(wait_ready_s=0, env={"FAULT": "recovery is slow"}, command=command)
        seen: dict[str, int] = {}
        deadline = time.monotonic() + 40
        while not worker.ready() and time.monotonic() < deadline:
            status, text = asked(worker, "/readyz")
            if status:
                assert status == (200 if text == "ready\n" else 503)
                seen[text.partition(",")[0]] = asked(worker, "/healthz")[0]
                assert (worker.metric("groundswell_ready") == 1) <= worker.ready()
            time.sleep(0.1)
        assert seen.get("reading the changelogs back") == 200, seen
        assert asked(worker, "/healthz")[1].startswith("ok, for ")
        assert worker.metric("groundswell_ready") == 1
        assert worker.metric("groundswell_recovery_seconds") >= 3
        assert worker.metric("groundswell_rebalances_total") == 1


def test_what_transactions_leave_unread_is_no_stall(real_kafka: Broker, tmp_path: Path, topic_prefix: str) -> None:
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY + DOG, TOP) as worker:
        worker.create_topics().start()
        topic = worker.topics.inputs[0]
        config = {"bootstrap.servers": real_kafka.bootstrap, "transactional.id": f"{topic_prefix}writer"}
        producer = Producer(config)
        producer.init_transactions(20)
        for end in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            producer.produce(topic, b"{}", partition=0)
            end(20)
        producer.begin_transaction()
        producer.produce(topic, b"{}", partition=0)
        producer.flush(20)
        time.sleep(7.0)
        assert worker.returncode is None, worker.log_end()
        assert worker.ready()
        assert worker.metric("groundswell_stalled_seconds") < 2
        assert worker.metric("groundswell_dead_letters_total") == 1
        producer.abort_transaction(20)


def test_a_broker_that_stays_away_ends_the_worker(own_kafka: LocalKafka, tmp_path: Path) -> None:
    broker = Broker(own_kafka.bootstrap, "real", "own")
    with WorkerProcess(broker, tmp_path, "away.", BODY + DOG, TOP) as worker:
        worker.create_topics().start()
        own_kafka.pause()
        wait_for(lambda: asked(worker, "/readyz")[0] == 503, 10)
        assert "no answer to a fetch" in asked(worker, "/readyz")[1] or worker.returncode is not None
        assert worker.wait(20) == 1
        own_kafka.resume()
        assert "no answer to a fetch at offset" in said(worker)
        assert "(watchdog.stalled)" in said(worker)
        worker.start()


def committed(worker: WorkerProcess, topic: str, partition: int) -> int:
    """The group's committed offset; 0 if there is none."""
    config = {"bootstrap.servers": worker.broker.bootstrap, "group.id": worker.settings.kafka.group}
    consumer = Consumer(config)
    try:
        (found,) = consumer.committed([TopicPartition(topic, partition)], timeout=10)
        return max(0, found.offset)
    finally:
        consumer.close()


def produce(worker: WorkerProcess, topic: str, good: range, bad: int = 0) -> None:
    """Events with these numbers onto partition 1, then records that are none."""
    producer = Producer({"bootstrap.servers": worker.broker.bootstrap, "linger.ms": 20})
    for n in good:
        at = 1_790_000_000 + n / 100
        event = {"id": f"e{n}", "time": at, "theme": f"theme-{n % 5}"}
        producer.produce(topic, orjson.dumps({**event, "time": _iso(at)}), partition=1, timestamp=int(at * 1000))
    for n in range(bad):
        producer.produce(topic, b"<event>%d</event>" % n, partition=1)
        if n % 100 == 0:
            # Piece by piece: whole chunks are finished, and would be committed, before the limit is reached.
            producer.flush()
            time.sleep(0.1)
    producer.flush()


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


@pytest.mark.timeout(240)
def test_too_many_dead_letters_stop_the_worker_and_nothing_of_them_is_committed(
    real_kafka: Broker, tmp_path: Path, topic_prefix: str
) -> None:
    limits = f"[ingest.counting]\nchunk_records = {CHUNK}\n[ingest.dead_letters]\nat_least = 1000\n"
    good, bad = 2000, 6000
    first_poisoned = (good // CHUNK + 1) * CHUNK
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY + limits, TOP) as worker:
        topic = worker.topics.inputs[0]
        worker.create_topics()
        produce(worker, topic, range(good), 0)
        worker.start()
        wait_for(lambda: committed(worker, topic, 1) == good // CHUNK * CHUNK, 30)
        produce(worker, topic, range(0), bad)
        for _ in range(4):
            assert worker.wait(40) == 1
            line = said(worker)
            assert "are dead letters, more than ingest.dead_letters.share = 0.5" in line
            assert f"are not-json, such as {topic}, partition 1, offset " in line
            assert committed(worker, topic, 1) <= first_poisoned
            worker.log.unlink()
            worker.start(wait_ready_s=0)
        assert worker.wait(40) == 1
    raised = limits + "share = 1.0\n"
    with WorkerProcess(real_kafka, tmp_path, topic_prefix, BODY + raised, TOP) as worker:
        produce(worker, topic, range(good, good + 1000))
        worker.start()
        wait_for(lambda: sum(counted(real_kafka, worker.topics.series_log).values()) >= good + 1000, 60)
        time.sleep(2.0)
        assert sum(counted(real_kafka, worker.topics.series_log).values()) == good + 1000
        refused = {message.value() for message in read_all(real_kafka, worker.topics.dead_letters)}
        assert len(refused) == bad
