from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.assignment import Assignment, AssignmentState
from schemas.digest import Digest
from schemas.signal import Attention, Severity, SignalState
from sinks.connectors.base import Gone, Later, Unauthorized
from sinks.connectors.common import Common
from sinks.delivery.courier import Courier
from sinks.delivery.link import Stage
from sinks.delivery.step import Policy
from tests.support.jobs import make_assignment
from tests.support.signals import OPENED, make_signal
from tests.support.target_in_memory import LATER, LOST, REFUSED, Book, Crash, Target, Time, Watch, faults, once

SEVERITIES = list(Severity)
MOST_RESTARTS = 60


def revision(number: int, signals: SignalState = SignalState.UPDATED, **more: Any) -> Assignment:
    closed = signals is SignalState.RESOLVED
    fields = {"state": AssignmentState.RESOLVED if closed else AssignmentState.OPEN, "severity": Severity.LOW, **more}
    signal = make_signal(revision=number, state=signals, severity=fields["severity"])
    return make_assignment(**{"revision": number, "signal": signal, **fields})


FIRST = revision(1, SignalState.OPENED)
GROWN = revision(2)
WORSE = revision(3, SignalState.ESCALATED, severity=Severity.CRITICAL)
OVER = revision(4, SignalState.RESOLVED, severity=Severity.CRITICAL)
BACK = revision(5, SignalState.REGRESSED, severity=Severity.CRITICAL)


class World:
    """A courier that can be started again on the same book and target."""

    def __init__(
        self, target: Target, time: Time, book: Book | None = None, *, every: bool = False, **keys: Any
    ) -> None:
        self.target, self.time, self.book, self.watch = target, time, book or Book(), Watch()
        self._policy = Policy(Common(name="mem", **keys), target.tracks, every)
        self.restart()

    def restart(self) -> None:
        self.courier = Courier(self.target, self._policy, self.book, lambda role: {}, self.time.times())

    def deliver(self, *pending: Assignment) -> None:
        asyncio.run(self.courier.deliver("sig-1", list(pending), self.watch))

    @property
    def link(self) -> Any:
        return self.book.get("mem", "sig-1")


def world(**more: Any) -> World:
    time = Time()
    keys = {key: more.pop(key) for key in ("tracks", "index_s", "fault") if key in more}
    return World(Target(time, **keys), time, **more)


def test_a_life() -> None:
    here = world()
    for each in (FIRST, GROWN, WORSE, OVER, BACK):
        here.deliver(each)
    assert [ticket.history for ticket in here.target.tickets] == [
        [
            ("create", 1), ("update", 2), ("update", 3), ("comment", 3), ("update", 4), ("comment", 4), ("close", 4),
            ("reopen", 5), ("update", 5), ("comment", 5),
        ]
    ]  # fmt: skip
    assert here.target.calls.count("find") == 1


def test_what_is_known_is_not_told_again() -> None:
    here = world()
    here.deliver(FIRST, GROWN, WORSE)
    before = list(here.target.calls)
    here.deliver(WORSE)
    here.deliver(GROWN)
    here.restart()
    here.deliver(FIRST, GROWN, WORSE)
    assert here.target.calls == before


def test_of_what_has_piled_up_the_newest_is_shown_and_every_escalation_told() -> None:
    here = world()
    here.deliver(FIRST)
    again = revision(4, SignalState.ESCALATED, severity=Severity.CRITICAL, note="told the manager")
    here.deliver(GROWN, revision(3, SignalState.ESCALATED, severity=Severity.HIGH), again, revision(5))
    assert here.target.tickets[0].history == [("create", 1), ("update", 5), ("comment", 3), ("comment", 4)]


def test_what_is_over_gets_no_ticket() -> None:
    here = world()
    here.deliver(FIRST, WORSE, OVER)
    assert here.target.calls == []
    assert here.link.stage is Stage.NONE


def test_only_what_is_for_people_here_gets_a_ticket() -> None:
    here = world(on=(Attention.NOW,), min_severity=Severity.MEDIUM, themes=("login-*",), owners=("product-*",))
    now = {"attention": Attention.NOW, "severity": Severity.HIGH}
    here.deliver(revision(1, attention=Attention.DIGEST, severity=Severity.HIGH))
    here.deliver(revision(2, attention=Attention.NONE, severity=Severity.HIGH))
    here.deliver(revision(3, attention=Attention.NOW, severity=Severity.LOW))
    here.deliver(revision(4, theme="payment", **now))
    here.deliver(revision(5, owner="support", **now))
    here.deliver(revision(6, changed_by="jane", severity=Severity.HIGH))
    assert here.target.calls == []
    here.deliver(revision(7, **now))
    assert len(here.target.tickets) == 1
    # What has a ticket is followed, whatever becomes of it; in silence if nobody is to hear of it.
    here.deliver(revision(8, SignalState.ESCALATED, attention=Attention.NONE, owner="support", severity=Severity.LOW))
    assert here.target.tickets[0].history == [("create", 7), ("update", 8)]


def test_what_was_done_in_the_target_is_not_told_to_it() -> None:
    here = world()
    here.deliver(FIRST)
    here.deliver(revision(2, SignalState.OPENED, state=AssignmentState.ACKNOWLEDGED, changed_by="mem:jane"))
    assert here.target.tickets[0].comments == []
    here.deliver(revision(3, SignalState.OPENED, state=AssignmentState.FIX_SHIPPED, changed_by="slack:joe"))
    assert here.target.tickets[0].comments == [3]


def test_after_the_window_it_is_a_new_one() -> None:
    here = world(reopen_within_s=3600.0)
    here.deliver(FIRST)
    here.deliver(OVER)
    here.time.at += 3601.0
    here.deliver(BACK)
    assert [(each.marker, each.open) for each in here.target.tickets] == [("gs-sig-1", False), ("gs-sig-1.2", True)]


def test_closing_may_be_left_to_people() -> None:
    here = world(on_resolve="comment")
    here.deliver(FIRST)
    here.deliver(OVER)
    assert here.target.tickets[0].history == [("create", 1), ("update", 4), ("comment", 4)]
    here.deliver(BACK)
    assert here.target.tickets[0].history[3:] == [("reopen", 5), ("update", 5), ("comment", 5)]


def test_where_nothing_can_be_changed_only_news_is_told() -> None:
    here = world(tracks=False)
    for each in (FIRST, GROWN, WORSE, OVER, BACK):
        here.deliver(each)
    history = here.target.tickets[0].history
    assert history == [("create", 1), ("comment", 3), ("close", 4), ("reopen", 5)]
    assert "find" not in here.target.calls


def test_a_program_gets_each_revision() -> None:
    here = world(tracks=False, every=True)
    here.deliver(FIRST)
    here.deliver(GROWN, WORSE, revision(4), OVER.__class__(**{**fields(OVER), "revision": 5}))
    history = here.target.tickets[0].history
    assert history == [("create", 1), ("update", 2), ("comment", 3), ("update", 4), ("close", 5)]


def fields(assignment: Assignment) -> dict[str, Any]:
    return {name: getattr(assignment, name) for name in assignment.__struct_fields__}


def test_a_lost_answer_is_looked_for_once_it_can_be_seen() -> None:
    here = world(index_s=20.0, fault=once("create", LOST))
    here.deliver(FIRST)
    assert here.target.calls == ["find", "create", "find"]
    assert len(here.target.tickets) == 1
    assert max(here.time.slept) >= 20.0
    assert (here.link.revision, here.link.shown, here.link.stage) == (1, 1, Stage.OPEN)


def test_a_busy_target_is_left_alone_for_as_long_as_it_asks() -> None:
    here = world(fault=once("create", Later("429", 30.0, unsure=False)))
    here.deliver(FIRST)
    assert here.time.slept == [30.0]
    assert here.target.calls == ["find", "create", "find", "create"]


def test_a_refusal_is_a_dead_letter_and_the_next_revision_is_tried() -> None:
    here = world(fault=once("create", REFUSED))
    here.deliver(FIRST)
    assert here.watch.dead == [(1, "create", "400", "Refused")]
    assert here.link.stage is Stage.NONE
    here.deliver(FIRST)
    assert here.target.calls.count("create") == 1
    here.deliver(FIRST, GROWN)
    assert here.target.tickets[0].history == [("create", 2)]


@pytest.mark.parametrize("kind", ["update", "comment", "close"])
def test_a_step_that_is_refused_holds_back_no_other(kind: str) -> None:
    here = world(fault=once(kind, REFUSED))
    here.deliver(FIRST)
    here.deliver(WORSE)
    here.deliver(OVER)
    steps = [("create", 1), ("update", 3), ("comment", 3), ("update", 4), ("comment", 4), ("close", 4)]
    steps.remove(next(each for each in steps if each[0] == kind))
    assert here.target.tickets[0].history == steps
    assert len(here.watch.dead) == 1


def test_what_cannot_be_reopened_is_made_anew() -> None:
    here = world(fault=once("reopen", REFUSED))
    here.deliver(FIRST)
    here.deliver(OVER)
    here.deliver(BACK)
    assert [each.marker for each in here.target.tickets] == ["gs-sig-1", "gs-sig-1.2"]


def test_what_somebody_has_deleted_comes_back_only_with_news() -> None:
    here = world(fault=once("update", Gone("404", 404)))
    here.deliver(FIRST)
    here.deliver(GROWN)
    assert here.link.stage is Stage.GONE
    assert here.watch.dead == []
    here.deliver(WORSE)
    assert [each.marker for each in here.target.tickets] == ["gs-sig-1", "gs-sig-1.2"]


def test_a_target_that_is_down_is_asked_seldom_and_given_up_in_the_end() -> None:
    here = world(fault=lambda kind: LATER, give_up_after_s=3600.0)
    here.deliver(FIRST)
    assert [each[:2] for each in here.watch.dead] == [(1, "create")]
    assert "tried for 3600 s" in here.watch.dead[0][2]
    assert here.watch.dead[0][3] == "TimedOut"
    assert 10 < len(here.target.calls) < 40
    assert here.time.at - 1_000_000.0 == pytest.approx(3600.0, abs=1.0)


def test_a_wrong_login_waits_for_a_person() -> None:
    here = world(fault=faults(*[Unauthorized("401", 401)] * 3))
    here.deliver(FIRST)
    assert here.watch.dead == []
    assert len(here.target.tickets) == 1
    assert sum(here.time.slept) > 5.0


def test_an_answer_nobody_understands_is_tried_again() -> None:
    here = world(fault=once("create", KeyError("key")))
    here.deliver(FIRST)
    assert here.watch.failures == ["create: unexpected KeyError: 'key'"]
    assert len(here.target.tickets) == 1


def test_a_digest_is_sent_once() -> None:
    class Digesting(Target):
        async def digest(self, digest: Digest, contact: Any) -> None:
            self._called("digest", lambda: None)

    time = Time()
    here = World(Digesting(time, fault=once("digest", LATER)), time)
    digest = Digest(id="dig-1", tenant="bank", owner="product", at=OPENED, items=[])
    for _ in range(2):
        asyncio.run(here.courier.tell(digest, here.watch))
    assert here.target.calls == ["digest", "digest"]
    asyncio.run(world().courier.tell(digest, here.watch))


def crashes(places: set[int]) -> Iterator[bool]:
    number = 0
    while True:
        yield number in places
        number += 1


LIVES = st.lists(
    st.tuples(st.sampled_from(["grow", "escalate", "resolve", "come back", "note"]), st.booleans()), max_size=8
)


def life(told: list[tuple[str, bool]]) -> list[Assignment]:
    """A signal's revisions; the flag joins a revision to the batch of the one before."""
    found, rank, closed = [revision(1, SignalState.OPENED)], 0, False
    for number, (what, _) in enumerate(told, 2):
        state, note = SignalState.UPDATED, ""
        if closed or what == "come back":
            state, closed = (SignalState.REGRESSED, False) if closed else (SignalState.UPDATED, False)
        elif what == "escalate" and rank < 3:
            state, rank = SignalState.ESCALATED, rank + 1
        elif what == "resolve":
            state, closed = SignalState.RESOLVED, True
        elif what == "note":
            note = "overdue"
        found.append(revision(number, state, severity=SEVERITIES[rank], note=note))
    return found


@settings(max_examples=400, deadline=None)
@given(
    told=LIVES,
    faulty=st.lists(st.sampled_from(["", "", "", "later", "lost", "crash"]), max_size=40),
    dying=st.sets(st.integers(0, 30), max_size=8),
)
def test_whatever_dies_when_there_is_one_ticket_and_all_is_told_in_order(
    told: list[tuple[str, bool]], faulty: list[str], dying: set[int]
) -> None:
    kinds = {"later": LATER, "lost": LOST, "crash": Crash()}
    time = Time()
    target = Target(time, index_s=5.0, fault=faults(*[kinds.get(each) for each in faulty]))
    here = World(target, time, Book(crashes(dying)))
    revisions = life(told)
    batches: list[list[Assignment]] = [[revisions[0]]]
    for each, (_, joined) in zip(revisions[1:], told, strict=True):
        if joined:
            batches[-1].append(each)
        else:
            batches.append([each])
    for number, batch in enumerate(batches):
        pending = batch
        for _ in range(MOST_RESTARTS):
            try:
                here.deliver(*pending)
                break
            except Crash:
                # What was not committed comes again, and with it what has come since.
                here.restart()
                pending = [each for some in batches[max(number - 1, 0) : number + 1] for each in some]
        else:
            pytest.fail("it never ends")
    assert len({ticket.marker for ticket in target.tickets}) == len(target.tickets) <= 1
    newest = revisions[-1]
    for ticket in target.tickets:
        assert ticket.open == (newest.state is AssignmentState.OPEN)
        if ticket.open:
            assert ticket.shown == newest.revision
        distinct = list(dict.fromkeys(ticket.comments))
        assert distinct == sorted(distinct)
        made = ticket.history[0][1]
        silent = _told_by_nothing(revisions, made, batches)
        missing = {each.revision for each in revisions if each.revision > made and _loud(each)} - set(distinct) - silent
        assert not missing, ticket.history
    if not target.tickets:
        assert all(_over_by_the_end(batch) for batch in batches)


def _loud(each: Assignment) -> bool:
    return bool(each.note) or each.signal.state in (SignalState.ESCALATED, SignalState.REGRESSED)


def _told_by_nothing(revisions: list[Assignment], made: int, batches: list[list[Assignment]]) -> set[int]:
    """Of a batch that begins and ends closed, nothing is told."""
    silent: set[int] = set()
    closed = False
    for batch in batches:
        ends_closed = batch[-1].state is AssignmentState.RESOLVED
        if closed and ends_closed:
            silent |= {each.revision for each in batch}
        closed = ends_closed
    return silent


def _over_by_the_end(batch: list[Assignment]) -> bool:
    return batch[-1].state is AssignmentState.RESOLVED
