"""The comparison itself finds what it is there for."""

from confluent_kafka import Message

from schemas.codec import encode_json
from sinks.assigning import Assigner
from sinks.deadlines import Deadlines
from sinks.ownership import Ownership, OwnershipConfig, RoleConfig
from tests.faults.__main__ import Collector, summary, table
from tests.faults.oracle import Meanings, Row, compare, differences
from tests.support.signals import make_signal

SENT = {("login", 0): 5, ("login", 60): 3, ("cards", 0): 1}


def meanings(*signals: Message, assigned: tuple[int, ...]) -> Meanings:
    """What is found in ``signals``, of which these revisions have an assignment."""
    assigner = Assigner(Ownership(OwnershipConfig(default=RoleConfig(role="cx", accountable="head"))), Deadlines())
    assignments = []
    for revision in assigned:
        assignment = assigner.on_signal(make_signal(revision=revision), None).assignment
        assert assignment is not None
        assignments.append(Message(value=encode_json(assignment)))
    found = Meanings()
    found.read(signals, assignments)
    return found


def told(revision: int, mentions: int = 3) -> Message:
    """A signal as it lies on its topic."""
    return Message(value=encode_json(make_signal(revision=revision, mentions=mentions)))


def test_losses_do_not_make_up_for_doubles() -> None:
    assert compare(SENT, SENT) == (0, 0)
    assert compare(SENT, {**SENT, ("login", 0): 4, ("login", 60): 4}) == (1, 1)
    assert compare(SENT, {("login", 0): 5, ("login", 60): 3}) == (1, 0)
    assert compare(SENT, {**SENT, ("nobody", 0): 2}) == (0, 2)


def test_differences_name_the_pane_and_by_how_much() -> None:
    words = differences(SENT, {**SENT, ("login", 60): 7})
    assert words == "login at 60: 7 counted, 3 sent\n... 1 panes in all"


def test_a_repeat_is_no_second_meaning_and_another_content_is_one() -> None:
    assert not meanings(told(1), told(1), assigned=(1,)).second
    assert meanings(told(1), told(1, mentions=4), assigned=(1,)).second == {("sig-1", 1): 1}


def test_a_missing_revision_and_a_missing_assignment_are_told() -> None:
    whole = meanings(told(1), told(2), assigned=(2,))
    assert (whole.gaps(), whole.unassigned()) == (set(), set())
    assert meanings(told(1), told(3), assigned=(3,)).gaps() == {"sig-1"}
    assert meanings(told(1), told(2), assigned=(1,)).unassigned() == {"sig-1"}


def test_the_summary_adds_up_and_keeps_the_kinds_of_recovery_apart() -> None:
    found = Collector()
    found.rows = [
        Row("kill", 10, 9, 1, 0, 4, 0, 3.0),
        Row("broker", 10, 12, 0, 2, 4, 1, 40.0, broker=True),
        Row("named", 5, 5, 0, 0, 1, 0, 15.0, named=True),
    ]
    found.ran, found.failed = 3, ["b", "a", "a"]
    told = summary(found, 12.4)
    assert (told["events"], told["counted"], told["lost"], told["doubled"], told["two_meanings"]) == (25, 26, 1, 2, 1)
    assert (told["max_recovery_s"], told["max_broker_recovery_s"]) == (3.0, 40.0)
    assert (told["cases"], told["failed"], told["duration_s"]) == (3, ["a", "b"], 12)
    lines = table(found.rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split() == ["broker", "10", "12", "0", "2", "4", "1", "40.0"]
