"""Assignment to ticket and thread, while targets fail and ``groundswell connect`` is killed.

    python -m tests.bench.workflow [--signals N] [--kills N] [--faults SHARE] [--seconds N] [--embedded]

Three parts, each on topics of its own, with a Jira and a Slack on this machine:

1. Signals with one to four revisions; one assignment in ten comes twice; of the different requests a tenth each is
   answered 429, 503, late, not at all, not at all though it took effect, and cut off though it took effect; the process
   is killed with SIGKILL again and again.
2. Healthy targets, 50 signals a second: from handing the assignment to the producer until the target has the ticket.
3. The same beside two more connectors whose targets are dead: one refuses connections, one never answers.

The last line is one JSON object. ``tickets`` are Jira's and ``threads`` Slack's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Producer

from schemas.assignment import Assignment, AssignmentState
from schemas.codec import encode_json
from schemas.signal import SignalState
from sinks.connectors.base import marker
from streams.config import load_settings
from streams.topics import Topics
from tests.bench.workflow_load import OWNERS, Verdict, judge, load, owner, revisions
from tests.bench.workflow_targets import Targets
from tests.support.brokers import Broker
from tests.support.embedded import embedded
from tests.support.fake_targets.jira import PROJECT, USER
from tests.support.fake_targets.jira import TOKEN as JIRA_TOKEN
from tests.support.fake_targets.slack import TOKEN as SLACK_TOKEN
from tests.support.ports import free_ports
from tests.support.real_kafka import real_kafka
from tests.support.workers import COMMAND

RATE = 50
SETTLED_S = 300.0
_SECRETS = {"JIRA_TOKEN": JIRA_TOKEN, "SLACK_TOKEN": SLACK_TOKEN}


class Connect:
    """``groundswell connect`` as a process, on a broker, for targets."""

    def __init__(self, broker: Broker, folder: Path, name: str, targets: Targets, more: str = "") -> None:
        self._port = free_ports(1)[0]
        self.config = folder / f"{name}.toml"
        member = f'member_id = "{name}"' if broker.kind == "real" else ""
        contacts = "".join(
            f'[contacts.{owner(number)}]\nslack = {{ channel = "C{number:06}" }}\n' for number in range(OWNERS)
        )
        self.config.write_text(
            f'[kafka]\nbootstrap = "{broker.bootstrap}"\ngroup = "{name}"\nprefix = "{name}."\npartitions = 4\n'
            f'session_timeout = "6s"\n{member}\n[connect]\nport = {self._port}\nbegin = "1h"\n'
            f'[ownership]\ndefault = {{ role = "cx", accountable = "head" }}\n{contacts}'
            f'[[connectors]]\nkind = "jira"\nname = "jira"\nurl = "{targets.jira.url}"\nuser = "{USER}"\n'
            f'token_env = "JIRA_TOKEN"\nproject = "{PROJECT}"\nsettle = "3s"\ntimeout = "1s"\n'
            f'rate = 500\nburst = 100\nparallel = 50\ndone = ["Done"]\n'
            f'[[connectors]]\nkind = "slack"\nname = "slack"\nurl = "{targets.slack.url}/api"\n'
            f'token_env = "SLACK_TOKEN"\ntimeout = "1s"\nrate = 500\nburst = 100\nparallel = 50\n{more}'
        )
        self.topics = Topics(load_settings(self.config).kafka)
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        if broker.kind == "real":
            subprocess.run([*COMMAND, "topics", "create", "-c", str(self.config)], check=True, capture_output=True)
        else:
            broker.create_topics(*(spec.name for spec in self.topics.specs()))

    def start(self) -> None:
        """Start it, and return once it is ready."""
        with self._log.open("ab") as log:
            command = [*COMMAND, "connect", "-c", str(self.config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment())
        deadline = time.monotonic() + 60
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"connect did not become ready:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """As if the power had gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As an operator would; harmless if it does not run."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                code = self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise
            if code != 0:
                raise AssertionError(f"exit code {code}:\n{self._log.read_text()[-4000:]}")

    def metric(self, name: str, label: str) -> float:
        """The sum of a metric, where a label is so."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name) and label in line)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            return False


def faults_and_kills(broker: Broker, folder: Path, signals: int, kills: int, share: float) -> dict[str, Any]:
    """Part 1."""
    sent, held = load(signals, seed=8)
    with Targets(share) as targets:
        connect = Connect(broker, folder, "faults", targets)
        dice = random.Random(4)
        began, next_kill, killed, due = time.monotonic(), dice.uniform(1, 5), 0, 0
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        waiting = list(sent)
        rate = max(len(sent) / max(kills * 5.0, 10.0), 10.0)
        connect.start()
        deadline = began + len(sent) / rate + kills * 15.0 + SETTLED_S
        verdicts: dict[str, Verdict] = {}
        while time.monotonic() < deadline:
            passed = time.monotonic() - began
            while waiting and due < passed * rate:
                due += 1
                ready, waiting = _next(waiting, targets)
                for each in ready:
                    producer.produce(connect.topics.assignments, encode_json(each), each.signal_id)
            producer.poll(0)
            if killed < kills and passed >= next_kill:
                connect.kill()
                killed += 1
                connect.start()
                next_kill = time.monotonic() - began + dice.uniform(1, 7)
            if not waiting and killed == kills:
                verdicts = {
                    "jira": judge(targets.jira.made(), held),
                    "slack": judge(targets.slack.made(), held),
                }
                if not any(each.lost for each in verdicts.values()):
                    # Whatever is still under way has time to do harm.
                    time.sleep(5)
                    break
                time.sleep(1)
            time.sleep(0.02)
        producer.flush()
        took = time.monotonic() - began
        verdicts = {"jira": judge(targets.jira.made(), held), "slack": judge(targets.slack.made(), held)}
        dropped = connect.metric("groundswell_connect_deliveries_total", 'outcome="dropped"')
        connect.stop()
    both = list(verdicts.values())
    return {
        "signals": signals,
        "assignments": len(sent),
        "kills": killed,
        "faults_of_each_kind": share,
        "tickets": verdicts["jira"].tickets,
        "threads": verdicts["slack"].tickets,
        "duplicates": sum(each.duplicates for each in both),
        "lost": sum(each.lost for each in both),
        "reordered": sum(each.reordered for each in both),
        "comments_repeated": sum(each.repeated for each in both),
        "dropped": dropped,
        "took_s": round(took, 1),
    }


def _next(waiting: list[Assignment], targets: Targets) -> tuple[list[Assignment], list[Assignment]]:
    """What may be sent now, one at most, and the rest. What is over before anybody was told gets no ticket, so a signal
    ends only once it has one in both targets."""
    held: set[str] = set()
    known: set[str] | None = None
    for index, each in enumerate(waiting):
        if each.signal_id in held:
            continue
        if each.state is AssignmentState.RESOLVED:
            known = targets.jira.made().keys() & targets.slack.made().keys() if known is None else known
            if marker(each.signal_id) not in known:
                held.add(each.signal_id)
                continue
        return [each], waiting[:index] + waiting[index + 1 :]
    return [], waiting


def pace(broker: Broker, folder: Path, name: str, seconds: int, more: str = "") -> dict[str, float]:
    """Parts 2 and 3: seconds from the assignment to the ticket, by target."""
    sent: dict[str, float] = {}
    with Targets(0.0) as targets:
        connect = Connect(broker, folder, name, targets, more)
        connect.start()
        producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 1})
        began = time.monotonic()
        for number in range(RATE * seconds):
            each = next(revisions(number, (SignalState.OPENED,)))
            sent[marker(each.signal_id)] = time.monotonic()
            producer.produce(connect.topics.assignments, encode_json(each), each.signal_id)
            producer.poll(0)
            time.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
        producer.flush()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and min(len(targets.jira.made()), len(targets.slack.made())) < len(sent):
            time.sleep(0.2)
        made = {"jira": targets.jira.made(), "slack": targets.slack.made()}
        connect.stop()
    return {target: _p99(sent, found) for target, found in made.items()}


def _p99(sent: Mapping[str, float], made: Mapping[str, list[tuple[float, Any]]]) -> float:
    waits = sorted(made[each][0][0] - at if each in made else float("inf") for each, at in sent.items())
    return round(waits[int(len(waits) * 0.99)], 3)


@contextlib.contextmanager
def dead_targets() -> Iterator[str]:
    """Tables of two connectors: one is refused, the other is listened to and never answered."""
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(1000)
    table = '[[connectors]]\nkind = "webhook"\nname = "{0}"\nurl = "http://127.0.0.1:{1}/"\ntimeout = "1s"\n'
    try:
        yield table.format("refused", free_ports(1)[0]) + table.format("silent", silent.getsockname()[1])
    finally:
        silent.close()


def _environment() -> dict[str, str]:
    return {**os.environ, **_SECRETS}


def main() -> None:
    """Run, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--embedded", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with embedded() if options.embedded else real_kafka(folder / "kafka") as broker:
            result = faults_and_kills(broker, folder, options.signals, options.kills, options.faults)
            sys.stderr.write(f"{orjson.dumps(result).decode()}\n")
            healthy = pace(broker, folder, "healthy", options.seconds)
            with dead_targets() as more:
                beside = pace(broker, folder, "beside", options.seconds, more)
    result["p99_s"] = max(healthy.values())
    result["p99_by_target_s"] = healthy
    result["p99_beside_dead_targets_s"] = beside
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
