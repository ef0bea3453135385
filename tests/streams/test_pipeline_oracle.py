"""Events to signals, whoever dies when: every mention counts once, and a signal that left means one thing."""

import json
from collections import defaultdict

import pytest

from detectors.count import CountSpec
from detectors.rules import RuleSet
from detectors.sentiment import SentimentSpec
from detectors.velocity import VelocitySpec
from schemas.signal import Severity
from streams.detecting import DetectSettings
from streams.ingest.counter import CountSettings
from tests.support.pipeline_sim import Simulation, Told, oracle, traffic

RULES = RuleSet(
    [
        CountSpec(
            name="few",
            window_s=900.0,
            levels={Severity.LOW: 3.0, Severity.HIGH: 9.0},
            resolve_after_s=120.0,
            min_customers=2,
        ),
        VelocitySpec(
            name="surge",
            window_s=600.0,
            levels={Severity.MEDIUM: 1.5},
            min_count=3,
            min_customers=0,
            min_baseline_s=600.0,
            resolve_after_s=60.0,
        ),
        SentimentSpec(
            name="mood",
            window_s=1200.0,
            below={Severity.LOW: -0.1},
            drop={Severity.HIGH: 0.3},
            min_events=4,
            baseline_s=3600.0,
            resolve_after_s=60.0,
        ),
    ],
    "v1",
)


def one_meaning(sent: list[Told]) -> dict[str, list[int]]:
    """Check that no (id, revision) has two contents; id -> its revisions."""
    contents: dict[tuple[str, int], bytes] = {}
    for told in sent:
        key = (told.id, told.revision)
        assert contents.setdefault(key, told.content) == told.content
    revisions: dict[str, list[int]] = defaultdict(list)
    for name, revision in sorted(contents):
        revisions[name].append(revision)
    return revisions


def run(seed: int, **more: object) -> tuple[Simulation, list[tuple[str, str, float]]]:
    logs, mentions = traffic(seed)
    simulation = Simulation(logs, RULES, seed, **more)  # type: ignore[arg-type]
    simulation.run()
    return simulation, mentions


@pytest.mark.parametrize("seed", range(3))
def test_without_accidents(seed: int) -> None:
    simulation, mentions = run(seed)
    assert simulation.counts() == oracle(mentions)
    revisions = one_meaning(simulation.sent)
    assert len(revisions) > 5
    assert len(simulation.sent) == sum(map(len, revisions.values())), "nothing is sent twice without need"
    states = {json.loads(told.content)["state"] for told in simulation.sent}
    assert {"opened", "updated", "resolved"} <= states
    assert simulation.crashes == {}


@pytest.mark.parametrize("seed", range(100, 116))
@pytest.mark.parametrize("dying", [0.03, 0.1])
def test_whoever_dies_when(seed: int, dying: float) -> None:
    simulation, mentions = run(seed, dying=dying)
    assert simulation.crashes["ingest"] > 0
    assert simulation.crashes["detect"] > 0
    assert simulation.crashes["zombie"] > 0 or dying < 0.1
    assert simulation.counts() == oracle(mentions)
    for name, revisions in one_meaning(simulation.sent).items():
        assert revisions == list(range(1, len(revisions) + 1)), name


@pytest.mark.parametrize("seed", range(4))
def test_an_episode_ends_whoever_dies(seed: int) -> None:
    simulation, _ = run(seed, dying=0.03)
    last = {told.id: json.loads(told.content)["state"] for told in sorted(simulation.sent)}
    assert set(last.values()) == {"resolved"}


@pytest.mark.parametrize("seed", range(4))
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    assert run(seed, dying=0.02)[0].sent == run(seed, dying=0.02)[0].sent


@pytest.mark.parametrize("seed", range(4))
def test_chunks_of_any_length_count_alike(seed: int) -> None:
    logs, mentions = traffic(seed)
    for length, span in ((1, 600), (7, 60), (10_000, 3600)):
        counting = CountSettings(chunk_records=length, chunk_s=span, dedupe_s=600.0)
        # With chunks this short a repeat may lie in the next chunk, which is safe as long as nobody dies.
        simulation = Simulation(logs, RULES, seed, counting=counting)
        simulation.run()
        assert simulation.counts() == oracle(mentions)


@pytest.mark.parametrize("seed", range(4))
def test_every_mention_is_counted_or_late(seed: int) -> None:
    logs, mentions = traffic(seed, disorder_s=3000.0)
    simulation = Simulation(logs, RULES, seed, detecting=DetectSettings(lateness_s=0.0))
    simulation.run()
    tallies = [detector.tally for detector in simulation.detectors]
    late = sum(tally.late for tally in tallies)
    assert late > 0
    assert sum(simulation.counts().values()) == sum(tally.mentions for tally in tallies) == len(mentions) - late
    assert sum(tally.overlaps for tally in tallies) == 0


def test_refused_records_come_back_once_a_reading() -> None:
    simulation, _ = run(1)
    refused = [one.record for one in simulation.refused]
    garbage = [
        record
        for log in simulation.logs.values()
        for record in log
        if record.value is None or not record.value.startswith(b'{"id": "') or b"time" not in record.value
    ]
    assert sorted((r.offset, r.timestamp) for r in refused) == sorted((r.offset, r.timestamp) for r in garbage)
