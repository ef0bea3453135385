"""The assign agent against a broker that is played: whatever dies when, each timer is told once."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment
from schemas.codec import decode_assignment, encode_json
from schemas.reader import Newest, Seen
from schemas.signal import Severity
from sinks.assigning import Assigner
from sinks.deadlines import Deadlines
from sinks.escalation import Escalation, EscalationConfig, StepConfig
from sinks.ownership import Ownership, OwnershipConfig, RoleConfig
from streams.claims import Replayed
from streams.clock import ManualClock
from streams.metrics import Metrics
from streams.settings import Kafka
from streams.shell.assigning import AssignAgent
from streams.topics import Topics
from tests.support.signals import OPENED, make_signal

ASSIGNER = Assigner(
    Ownership(OwnershipConfig(default=RoleConfig(role="cx", accountable="head"))),
    Deadlines(),
    Escalation(EscalationConfig(high=[StepConfig(after="30m", to="boss"), StepConfig(after="2h", to="vp")])),
)
TOPICS = Topics(Kafka())
SIGNAL = make_signal(severity=Severity.HIGH)
ACK = Action(id="a", signal_id="sig-1", kind=ActionKind.ACKNOWLEDGED, at=OPENED, by="ann")
ALL = ["escalated to boss", "overdue: cx was to acknowledge", "escalated to vp", "overdue: cx was to fix"]

Report = Callable[[Any], None] | None


class Broker:
    """Keeps what was acknowledged: the changelog, the assignments, the committed offset. Messages arrive in order."""

    def __init__(self) -> None:
        self.inputs: dict[TP, list[Any]] = {TP(TOPICS.signals, 0): [SIGNAL], TP(TOPICS.actions, 0): []}
        self.log: dict[bytes, bytes] = {}
        self.sent: list[Assignment] = []
        self.committed: dict[TP, int] = {}
        self.flying: list[tuple[str, bytes, bytes, Report]] = []

    def land(self, count: int, *, reports: bool = True) -> None:
        """The next messages arrive; the worker hears of it, or it is dead by then."""
        for _ in range(count):
            if not self.flying:
                return
            topic, key, value, report = self.flying.pop(0)
            if topic == "log":
                self.log[key] = value
            else:
                self.sent.append(decode_assignment(value))
            if reports and report is not None:
                report(None)


class Process:
    """One life of the agent."""

    def __init__(self, broker: Broker, clock: ManualClock) -> None:
        self.broker, self.clock = broker, clock
        self.finished: dict[TP, int] = {}
        app: Any = SimpleNamespace(
            deliveries=SimpleNamespace(produce=self._produce),
            consumer=SimpleNamespace(busy=set, fetch_state=self._state),
            progress=SimpleNamespace(finished=self.finished.__setitem__),
        )
        changelog: Any = SimpleNamespace(write=self._write, on_stale=None)
        metrics = Metrics(CollectorRegistry())
        rejecter: Any = None
        self.agent = AssignAgent(app, TOPICS, changelog, ASSIGNER, rejecter, clock, metrics)
        log = Replayed()
        log.state = dict(broker.log)
        self.agent.resume({0: log})

    def take(self, topic: str) -> None:
        """The next record of a topic that has not been worked on since the last commit."""
        tp = TP(topic, 0)
        offset = self._position(tp)
        if offset < len(self.broker.inputs[tp]):
            record = SimpleNamespace(value=encode_json(self.broker.inputs[tp][offset]), offset=offset)
            self.agent._take(tp, record)
            self.finished[tp] = offset + 1

    def commit(self) -> None:
        """As the worker does: only when all that was handed over has arrived, and what follows from it."""
        while self.broker.flying:
            self.broker.land(1)
        self.broker.committed.update(self.finished)

    def turn(self) -> None:
        self.clock.advance(0.5)
        self.agent.turn()
        self.clock.advance(0.5)
        self.agent.turn()

    def _position(self, tp: TP) -> int:
        return self.finished.get(tp, self.broker.committed.get(tp, 0))

    def _state(self, tp: TP) -> Any:
        return SimpleNamespace(has_valid_position=True, position=self._position(tp), lso=len(self.broker.inputs[tp]))

    def _produce(self, topic: str, value: bytes, *, key: bytes, headers: Any, on_delivery: Report = None) -> None:
        self.broker.flying.append((topic, key, value, on_delivery))

    def _write(self, _partition: int, key: bytes, value: bytes, acknowledged: Report = None) -> None:
        self.broker.flying.append(("log", key, value, acknowledged))


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.sampled_from(["turn", "signal", "commit"]), st.just(0)),
    st.tuples(st.sampled_from(["land", "die", "die after landing"]), st.integers(0, 3)),
)


def played(script: list[tuple[str, int]], *, acknowledge: bool) -> list[Assignment]:
    """What the topic of assignments holds at the end, once all has come to rest, a day after the last deadline."""
    broker, clock = Broker(), ManualClock(OPENED.timestamp())
    process = Process(broker, clock)
    for step, number in script:
        if step == "wait":
            clock.advance(60.0 * number)
        elif step == "turn":
            process.turn()
        elif step == "signal":
            process.take(TOPICS.signals)
        elif step == "commit":
            process.commit()
        elif step == "land":
            broker.land(number)
        else:
            broker.land(number, reports=step == "die")
            broker.flying.clear()
            process = Process(broker, clock)
    process.take(TOPICS.signals)
    if acknowledge:
        broker.inputs[TP(TOPICS.actions, 0)] = [ACK]
        process.take(TOPICS.actions)
    for _ in range(4):
        process.commit()
        clock.advance(86_400.0)
        process.turn()
    process.commit()
    assert not broker.flying
    return broker.sent


def read(sent: list[Assignment]) -> list[Assignment]:
    """What a reader who drops repeats acts on; it raises if a revision has two meanings."""
    newest = Newest(10)
    return [one for one in sent if newest.take(one.signal_id, one.revision, encode_json(one)) is Seen.NEW]


@settings(max_examples=400, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_each_timer_is_told_once(script: list[tuple[str, int]]) -> None:
    sent = played(script, acknowledge=False)
    meanings = {one.revision: encode_json(one) for one in sent}
    assert all(meanings[one.revision] == encode_json(one) for one in sent)
    told = "; ".join(one.note for one in read(sent))
    assert [told.count(each) for each in ALL] == [1, 1, 1, 1]


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_an_acknowledgement_stops_what_has_not_gone_off(script: list[tuple[str, int]]) -> None:
    sent = played(script, acknowledge=True)
    notes = [one.note for one in read(sent)]
    acknowledged = next(n for n, one in enumerate(read(sent)) if one.changed_by == "ann")
    assert not any("escalated" in note or "acknowledge" in note for note in notes[acknowledged + 1 :])
    assert sum(note.count("overdue: cx was to fix") for note in notes) == 1


def test_no_timer_goes_off_before_what_was_done_meanwhile_is_heard() -> None:
    broker, clock = Broker(), ManualClock(OPENED.timestamp())
    process = Process(broker, clock)
    process.take(TOPICS.signals)
    process.commit()
    clock.advance(timedelta(hours=3).total_seconds())
    broker.inputs[TP(TOPICS.actions, 0)] = [ACK]
    process = Process(broker, clock)
    for _ in range(5):
        process.turn()
    process.take(TOPICS.actions)
    for _ in range(5):
        process.turn()
    process.commit()
    assert [one.changed_by for one in broker.sent] == ["signal", "ann"]


def test_a_timer_goes_off_by_itself() -> None:
    broker, clock = Broker(), ManualClock(OPENED.timestamp())
    process = Process(broker, clock)
    process.take(TOPICS.signals)
    process.turn()
    clock.advance(1800.0)
    process.turn()
    assert [one.revision for one in broker.sent] == []
    broker.land(10)
    assert [(one.revision, one.escalation_step) for one in broker.sent][1:] == [(2, 1)]
