"""The demo's story, and what our own pure code makes of it, judged after every single event."""

from __future__ import annotations

import zlib
from collections import Counter
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import pytest

from schemas.codec import encode_event
from schemas.ids import source_id
from schemas.signal import Severity, Signal, SignalState
from streams.config import enricher, load_settings, rule_set
from streams.demo.scenario import Deed, Scenario, scenario
from streams.demo.steps import steps
from streams.demo.words import COMPLAINTS, LOGIN, ORDINARY, RARE_LOGIN, UNTAGGED
from streams.detecting import PartitionDetector
from streams.ingest.ingest import Ingest
from streams.ingest.tagger import Tagger, load_taxonomy

REPO = Path(__file__).resolve().parents[3]
PARTITIONS = 4
ENDS = 1_790_000_000.0


class Raw(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[()] = ()


def detect(story: Scenario) -> list[Signal]:
    """What a worker with the demo's configuration signals; nothing may be refused on the way."""
    with as_file(files("streams.demo") / "demo.toml") as path:
        settings = load_settings(path)
        section = settings.ingest
        ingest = Ingest(PARTITIONS, section.counting, section.limits, section.flushing, enricher(settings))
    sources = {source_id(topic, partition) for topic in range(2) for partition in range(PARTITIONS)}
    ingest.assign(sources, 0.0)
    rules = rule_set(settings)
    detectors = [PartitionDetector(number, rules, sources, settings.detect) for number in range(PARTITIONS)]
    offsets: Counter[int] = Counter()
    told: list[Signal] = []
    for now, one in enumerate(story.occurrences, 1):
        partition = zlib.crc32((one.event.customer or "").encode()) % PARTITIONS
        source = source_id(one.topic == "feedback", partition)
        record = Raw(offsets[source], int(one.at * 1000), None, encode_event(one.event))
        assert ingest.take(source, [record], float(now)) == []
        offsets[source] += 1
        for output in ingest.flush(float(now)):
            detector = detectors[output.partition]
            for key in detector.apply(output.value):
                for found, signal in list(detector.outbox()):
                    if found == key:
                        told.append(signal)
                        detector.sent(key, signal)
    return told


def test_the_same_seed_gives_the_same_story() -> None:
    one, two, other = scenario(ENDS), scenario(ENDS), scenario(ENDS, seed=18)
    assert [encode_event(item.event) for item in one.occurrences] == [
        encode_event(item.event) for item in two.occurrences
    ]
    assert [item.event.id for item in one.occurrences] != [item.event.id for item in other.occurrences]


def test_the_story_ends_now_whatever_the_time_of_day() -> None:
    early, late = scenario(ENDS), scenario(ENDS + 11 * 3600 + 59)
    for story, ends in ((early, ENDS), (late, ENDS + 11 * 3600 + 59)):
        times = [item.at for item in story.occurrences]
        assert times == sorted(times)
        assert max(times) <= story.ends <= ends < story.ends + 60
    assert [item.at - early.began for item in early.occurrences] == pytest.approx(
        [item.at - late.began for item in late.occurrences], abs=0.01
    )


def test_the_week_is_ordinary_and_the_incident_has_23_complaints() -> None:
    story = scenario(ENDS)
    ids = [item.event.id for item in story.occurrences]
    assert len(set(ids)) == len(ids)
    assert 4000 < len(ids) < 16_000
    complaints = [item.at - story.began for item in story.occurrences if item.event.id.startswith("complaint-")]
    assert len(complaints) == 23
    assert complaints[0] == 0.0
    assert complaints[14] < 5 * 3600 < complaints[16]
    week = Counter(item.event.theme for item in story.occurrences if item.at < story.began)
    assert week[LOGIN] == 3
    assert set(week) == {*ORDINARY, LOGIN, None}


def test_events_carry_what_their_channel_knows() -> None:
    events = [item.event for item in scenario(ENDS).occurrences]
    kinds = Counter(
        (event.theme is not None, bool(event.text), "stars" in event.metrics, event.sentiment is not None)
        for event in events
    )
    assert kinds[False, True, False, False] > 100, "words only, for the tagger"
    assert kinds[True, False, True, False] > 100, "stars only"
    assert sum(n for (_, _, _, given), n in kinds.items() if given) > 1000, "with a sentiment"


def test_every_text_names_its_theme_in_the_words_of_the_taxonomy() -> None:
    with as_file(files("streams.demo") / "taxonomy.toml") as path:
        tagger = Tagger(load_taxonomy(path))
    for theme, talk in ORDINARY.items():
        assert {text: tagger.tag(text) for text in talk.texts} == {text: [theme] for text in talk.texts}
    for text in (*COMPLAINTS, *RARE_LOGIN):
        assert tagger.tag(text) == [LOGIN], text
    assert [tagger.tag(text) for text in UNTAGGED] == [[]] * len(UNTAGGED)


def test_the_demo_and_the_example_share_one_taxonomy() -> None:
    assert (REPO / "deploy/taxonomy.toml").read_text() == (files("streams.demo") / "taxonomy.toml").read_text()


def test_steps_keep_everything_in_order_and_end_with_each_complaint() -> None:
    story = scenario(ENDS)
    cut = list(steps(story))
    events = [one for step in cut if not isinstance(step, Deed) for one in step]
    assert events == story.occurrences
    assert [step for step in cut if isinstance(step, Deed)] == story.deeds
    last = [step[-1].event.id for step in cut if not isinstance(step, Deed)]
    assert sum(name.startswith("complaint-") for name in last) == 23
    reached = 0.0
    for step in cut:
        at = step.at if isinstance(step, Deed) else step[0].at
        assert at >= reached
        reached = step.at if isinstance(step, Deed) else step[-1].at


@pytest.mark.parametrize("seed", [17, 1, 2])
def test_the_incident_is_the_only_signal(seed: int) -> None:
    story = scenario(ENDS, seed)
    told = detect(story)
    assert {signal.theme for signal in told} == {LOGIN}
    assert len({signal.id for signal in told}) == 1
    hours = {signal.state: (signal.at.timestamp() - story.began) / 3600 for signal in told}
    by_state = {signal.state: signal for signal in told}
    first, worst, last = told[0], by_state[SignalState.ESCALATED], told[-1]
    assert (first.state, first.severity, first.mentions) == (SignalState.OPENED, Severity.LOW, 3)
    assert (worst.severity, worst.mentions) == (Severity.CRITICAL, 15)
    assert hours[SignalState.ESCALATED] < 5
    assert worst.drivers[0].slice == "os_version=iOS 17"
    assert (last.state, last.total_mentions) == (SignalState.RESOLVED, 23)
    assert last.customers_estimated > 5000
    assert 24 < hours[SignalState.RESOLVED] < 27
