"""The assign agent is idempotent: repeats and a changed order of signals and actions give nothing a second meaning."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.action import Action, ActionKind
from schemas.assignment import Assignment
from schemas.codec import encode_json
from schemas.reader import Newest, Seen
from schemas.signal import Severity, Signal, SignalState
from sinks.assigning import Assigner
from sinks.assignment_record import Record, decode_record, encode_record
from sinks.deadlines import Deadlines
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, RuleConfig
from tests.fuzz.strategies import FUZZ, actions, assignments, counts, words
from tests.support.signals import OPENED, make_signal

Message = Signal | Action

ASSIGNER = Assigner(
    Ownership(
        OwnershipConfig(
            default=RoleConfig(role="cx", accountable="head"),
            rules=[RuleConfig(name="major", match=MatchConfig(severity="critical"), role="lead", accountable="cto")],
        )
    ),
    Deadlines(),
)
records = st.builds(
    Record,
    signal_revision=counts,
    assignment=st.none() | assignments,
    actions=st.lists(words, max_size=3),
    parked=st.lists(actions, max_size=2),
)
_signals = st.builds(
    lambda revision, state, severity: make_signal(revision=revision, state=state, severity=severity),
    st.integers(1, 6),
    st.sampled_from(SignalState),
    st.sampled_from(Severity),
)
_actions = st.builds(
    lambda number, kind: Action(
        id=f"act-{number}",
        signal_id="sig-1",
        kind=kind,
        at=OPENED,
        by="ann",
        to="growth" if kind is ActionKind.REASSIGNED else "",
    ),
    st.integers(0, 6),
    st.sampled_from(ActionKind),
)


def one_meaning(messages: list[Message]) -> list[Message]:
    """The messages, of several with one name only the first."""
    named: dict[object, Message] = {}
    for message in messages:
        named.setdefault(message.revision if isinstance(message, Signal) else message.id, message)
    return list(named.values())


scripts = st.lists(_signals | _actions, min_size=1, max_size=10).map(one_meaning)


def run(messages: list[Message]) -> tuple[Record | None, list[Assignment]]:
    """The record at the end, stored and read back each time, and all that was sent."""
    record: Record | None = None
    sent: list[Assignment] = []
    for message in messages:
        take = ASSIGNER.on_signal if isinstance(message, Signal) else ASSIGNER.on_action
        outcome = take(message, record)  # type: ignore[arg-type]
        if outcome.record is not None:
            record = decode_record(encode_record(outcome.record))
        if outcome.assignment is not None:
            sent.append(outcome.assignment)
    return record, sent


def read(sent: list[Assignment]) -> list[bytes]:
    """What a reader that drops repeats acts on; it raises if a revision has two meanings."""
    newest, acted = Newest(10), []
    for one in sent:
        data = encode_json(one)
        if newest.take(one.signal_id, one.revision, data) is Seen.NEW:
            acted.append(data)
    return acted


@FUZZ
@given(scripts, st.data())
def test_repeats_change_nothing(script: list[Message], data: st.DataObject) -> None:
    repeated: list[Message] = []
    for message in script:
        repeated.append(message)
        repeated += data.draw(st.lists(st.sampled_from(repeated), max_size=2), label="repeats")
    record, sent = run(script)
    again, sent_again = run(repeated)
    assert again == record
    assert read(sent_again) == read(sent)


@FUZZ
@given(scripts, st.randoms(use_true_random=False))
def test_any_order_ends_at_the_newest_signal_with_one_meaning_a_revision(script: list[Message], order: object) -> None:
    shuffled = list(script)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    record, sent = run(shuffled)
    assert record is not None
    revisions = [one.revision for one in sent]
    assert revisions == sorted(revisions)
    assert sorted(set(revisions)) == list(range(1, len(set(revisions)) + 1)), "no revision is left out"
    newest = max((message.revision for message in script if isinstance(message, Signal)), default=0)
    assert record.signal_revision == newest
    assert {message.id for message in script if isinstance(message, Action)} == set(record.actions)
    acted = read(sent)
    assert (record.assignment is None) == (newest == 0) == (not acted)
    if acted:
        assert msgspec.json.decode(acted[-1], type=Assignment) == record.assignment


@FUZZ
@given(records)
def test_a_record_is_read_back_as_it_was(record: Record) -> None:
    assert decode_record(encode_record(record)) == record
