"""Triage of a partition: whatever dies when, a revision has one meaning, and who heard of a beginning hears the end."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.codec import encode_json
from schemas.signal import Attention, Severity, Signal, SignalState
from schemas.triage_codec import encode
from sinks.triage.desk import Policy
from sinks.triage.section import TriageConfig
from streams.triaging import PartitionTriage, TriageStateError, tenant_key
from tests.support.triage import DAY, IOS, OWNERS, START, driver, found, silence, snooze
from tests.support.triage_sim import Step, Worker

THEMES = ("login", "pay", "cards", "loans", "slow")
SLICES = ([], [driver(IOS)], [driver("region=north")], [driver("channel=app", 0.9, 0.4), driver(IOS, 0.8, 0.1)])
AFTER = {
    "opened": ("updated", "escalated", "ongoing", "resolving", "flapping", "resolved"),
    "resolving": ("updated", "escalated", "resolved"),
    "resolved": ("regressed",),
}


def policy() -> Policy:
    config = TriageConfig(interruptions_per_day=4, digest_at=("09:30", "12:00"))
    return Policy(config, OWNERS, lambda tenant, at: 3600.0)


def lives(draw: random.Random, steps: int) -> list[Step]:
    """Lives of a few signals, each within its rules, that all end; now and then a silence or a snooze."""
    state: dict[str, tuple[int, str, int, float]] = {}
    made, minutes = [], 0.0
    for number in range(steps):
        minutes += draw.choice([0.05, 0.5, 3.0, 20.0])
        signals = [
            step
            for theme in draw.sample(THEMES, draw.randint(0, 3))
            for step in _next(draw, state, theme, minutes, ending=number > steps * 0.7)
        ]
        controls = [
            (silence(name=f"sil-{number}", theme=[draw.choice(THEMES)]), snooze(f"sig-{draw.choice(THEMES)}"))[
                number % 2
            ]
            for _ in range(draw.random() < 0.1)
        ]
        made.append(Step(START + minutes * 60, tuple(signals), tuple(controls)))
    for theme in THEMES:
        minutes += 1.0
        if theme in state and state[theme][1] != "resolved":
            made.append(Step(START + minutes * 60, tuple(_next(draw, state, theme, minutes, ending=True))))
    # Long enough for every silence, interval and digest.
    made += [Step(START + minutes * 60 + hours * 600.0) for hours in range(1, 160)]
    return made


def _next(
    draw: random.Random, state: dict[str, tuple[int, str, int, float]], theme: str, minutes: float, *, ending: bool
) -> list[Signal]:
    revision, last, severity, opened = state.get(theme, (0, "", draw.randrange(4), minutes))
    if last == "resolved" and (ending or draw.random() < 0.6):
        return []
    now = "opened" if not last else draw.choice(AFTER.get(last, AFTER["opened"]))
    if ending and last:
        now = "resolved"
    severity = min(severity + (now == "escalated"), 3)
    state[theme] = (revision + 1, now, severity, opened)
    names = list(Severity)
    return [
        found(
            theme,
            revision + 1,
            now,
            names[severity].value,
            minutes=minutes,
            opened=opened,
            slices=draw.choice(SLICES),
            mentions=draw.randint(3, 200),
        )
    ]


def invariants(worker: Worker, steps: list[Step]) -> None:
    """What must hold of all that left, whatever has died."""
    told = worker.signals()
    revisions: dict[str, list[Signal]] = {}
    for each in told:
        revisions.setdefault(each.id, []).append(each)
    newest = {signal.id: signal for step in steps for signal in step.signals}
    assert set(newest) <= set(revisions)
    for name, found_ in revisions.items():
        numbers = [each.revision for each in found_]
        assert numbers == sorted(set(numbers)), "revisions rise"
        assert all(each.attention and each.attention_reason for each in found_)
        if name in newest:
            assert found_[-1].state is newest[name].state
    heard: dict[str, bool] = {}
    belongs: dict[str, str] = {}
    for each in told:
        if each.incident:
            belongs[each.id] = each.incident
        over = each.state is SignalState.RESOLVED
        if each.attention is not Attention.NONE:
            heard[each.id] = not over
            if over:
                heard.update({name: False for name in belongs if each.id in _above(belongs, name)})
    assert [name for name, open_ in heard.items() if open_] == [], "told as opened, and never as over"


def _above(belongs: dict[str, str], name: str) -> list[str]:
    """The incident that a signal belongs to, what that was merged into, and so on."""
    found = []
    while name in belongs and belongs[name] not in found:
        name = belongs[name]
        found.append(name)
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 400), max_size=4))
def test_a_death_at_any_point_changes_nothing_that_leaves(seed: int, deaths: list[int]) -> None:
    steps = lives(random.Random(seed), 25)
    undisturbed, dying = Worker(policy), Worker(policy, deaths)
    undisturbed.play(steps, clock_stands=True)
    dying.play(steps, clock_stands=True)
    assert dying.sent == undisturbed.sent
    invariants(undisturbed, steps)


@settings(max_examples=150, deadline=None)
@example(seed=218, deaths=[])
@given(st.integers(0, 10**6), st.lists(st.integers(1, 400), max_size=4))
def test_a_death_that_costs_time_gives_nothing_two_meanings(seed: int, deaths: list[int]) -> None:
    steps = lives(random.Random(seed), 25)
    worker = Worker(policy, deaths)
    worker.play(steps, clock_stands=False)
    invariants(worker, steps)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_what_comes_together_is_of_no_account(seed: int, order: random.Random) -> None:
    steps = lives(random.Random(seed), 25)
    shuffled = [step._replace(signals=tuple(order.sample(step.signals, len(step.signals)))) for step in steps]
    straight, mixed = Worker(policy), Worker(policy)
    straight.play(steps, clock_stands=True)
    mixed.play(shuffled, clock_stands=True)
    assert mixed.sent == straight.sent


def test_tenants_know_nothing_of_each_other() -> None:
    partition = PartitionTriage(0, policy())
    for tenant in ("bank", "shop"):
        partition.apply(encode_json(found("login", tenant=tenant, id=f"sig-{tenant}", slices=[driver(IOS)])))
    partition.turn(START)
    assert partition.turn(START + 5) == ["bank", "shop"]
    assert {each.entry.rule for each in partition.outbox() if isinstance(each.entry, Signal)} == {"surge"}


def test_a_tenant_that_is_quiet_for_long_is_let_go() -> None:
    log: dict[bytes, bytes] = {}
    partition = PartitionTriage(0, policy())
    partition.apply(encode_json(found("login")))
    partition.apply(encode_json(found("login", 2, "resolved", minutes=60, opened=0)))
    now = START
    while now < START + 5 * DAY:
        now += 600
        partition.turn(now)
        for each in list(partition.outbox()):
            partition.sent(each)
        for key, value in partition.checkpoint():
            log[key] = value or b""
            log = {name: data for name, data in log.items() if data}
    assert partition.tenants == {}
    assert log == {}


def test_controls_outlive_the_worker_and_are_forgotten() -> None:
    partition = PartitionTriage(0, policy())
    partition.control("sil-1", encode(silence(theme=["login"])))
    log = dict(partition.checkpoint())
    again = PartitionTriage(0, policy())
    again.restore([(key, value) for key, value in log.items() if value])
    assert [control.id for control in again.controls] == ["sil-1"]
    assert list(again.checkpoint()) == [], "what is restored is not written again"
    again.control("sil-1", None)
    again.turn(START)
    assert list(again.controls) == []
    partition.turn(START + 3 * DAY)
    assert list(partition.controls) == []


def checkpointed() -> dict[bytes, bytes]:
    partition = PartitionTriage(0, policy())
    for n in range(3):
        partition.apply(encode_json(found(f"theme-{n}", slices=[driver(IOS)])))
    partition.control("sil-1", encode(silence(theme=["x"])))
    partition.turn(START)
    partition.turn(START + 5)
    return {key: value for key, value in partition.checkpoint() if value is not None}


def test_a_stale_record_is_written_over() -> None:
    log = checkpointed()
    partition = PartitionTriage(0, policy())
    partition.restore(log.items())
    assert partition.rewrite([*log, b"t\x1fnobody", b"e\x1fbank\x1f999", b"what"]) == [
        b"t\x1fnobody", b"e\x1fbank\x1f999", b"what",
    ]  # fmt: skip
    assert {key: value for key, value in partition.checkpoint() if value is not None} == log


@pytest.mark.parametrize("damage", ["tenant", "entry", "controls", "version", "missing"])
def test_a_damaged_checkpoint_is_refused(damage: str) -> None:
    log = checkpointed()
    if damage == "missing":
        del log[next(key for key in log if key.startswith(b"e"))]
    else:
        starts = {"tenant": b"t", "entry": b"e", "controls": b"\x1f", "version": b"t"}[damage]
        key = next(key for key in log if key.startswith(starts))
        log[key] = log[key].replace(b"\x01", b"\x07", 1) if damage == "version" else b"\xff" + log[key][3:]
    with pytest.raises(TriageStateError, match="checkpoint of"):
        PartitionTriage(0, policy()).restore(log.items())


def test_the_tenants_record_comes_after_its_entries_and_before_what_it_drops() -> None:
    partition = PartitionTriage(0, policy())
    partition.apply(encode_json(found("login")))
    partition.turn(START)
    partition.turn(START + 5)
    list(partition.checkpoint())
    for each in list(partition.outbox()):
        partition.sent(each)
    partition.apply(encode_json(found("login", 2, "updated", minutes=5, opened=0)))
    partition.turn(START + 300)
    keys = [(key == tenant_key("bank"), value is None) for key, value in partition.checkpoint()]
    place = keys.index((True, False))
    assert not any(gone for _, gone in keys[:place])
    assert keys[place + 1 :]
    assert all(gone for _, gone in keys[place + 1 :])


def test_state_is_bounded() -> None:
    partition = PartitionTriage(0, Policy(TriageConfig(interruptions_per_day=5), OWNERS, lambda tenant, at: 0.0))
    now = START
    for n in range(2600):
        now += 30
        partition.apply(encode_json(found(f"theme-{n}", minutes=(now - START) / 60, severity="low")))
        partition.turn(now)
        for each in list(partition.outbox()):
            partition.sent(each)
        if n % 100 == 0:
            list(partition.checkpoint())
    list(partition.checkpoint())
    triage = partition.tenants["bank"]
    assert len(triage.state.signals) <= 2000
    assert len(triage.ledger.entries) <= 2000 + 10
