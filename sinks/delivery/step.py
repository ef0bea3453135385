"""What is to be done next about one signal, and what comes of it. Pure: one step at a time, from what is known.

A step is decided anew after each one, so a crash, a retry or a newer revision in between needs no other rule.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import UNSET, Struct
from msgspec.structs import replace

from schemas.assignment import Assignment, AssignmentState
from schemas.signal import Attention, SignalState
from sinks.connectors.base import External
from sinks.connectors.common import Common
from sinks.delivery.link import Link, Stage, without_evidence

_FINISHED = (AssignmentState.RESOLVED, AssignmentState.DISMISSED)
_TELLING = (SignalState.ESCALATED, SignalState.REGRESSED, SignalState.RESOLVED, SignalState.FLAPPING)


class Kind(StrEnum):
    """What to do.

    ``adopt`` looks for what may have been created, and creates nothing; ``tell`` is an update that tells of one
    revision, for a target that wants each.
    """

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    TELL = "tell"
    COMMENT = "comment"
    CLOSE = "close"
    REOPEN = "reopen"


class Step(Struct, frozen=True):
    """What to do, and with which revision.

    Attributes:
        before: the revision before it, for what has changed; None if it is not known.
        tells: whether the revision has been told with it.
    """

    kind: Kind
    assignment: Assignment
    before: Assignment | None = None
    tells: bool = True


class Policy(Struct, frozen=True):
    """What the steps depend on beside what has happened.

    Attributes:
        config: the connector's own table.
        tracks: whether its target can be updated.
        every: whether its target wants each revision.
    """

    config: Common
    tracks: bool
    every: bool = False


def next_step(link: Link, pending: Sequence[Assignment], policy: Policy, now: float) -> Step | None:
    """What to do next; None if all is done.

    Args:
        pending: revisions that have come, in order; those told already do no harm. Not empty.
        now: wall time, epoch seconds.
    """
    newest = pending[-1]
    if newest.revision < link.revision:
        return None
    fresh = [each for each in pending if each.revision > link.revision]
    if link.stage is Stage.OPEN:
        return _step_open(link, fresh, newest, policy)
    if link.stage is Stage.CREATING and fresh:
        return Step(Kind.ADOPT if _finished(newest) else Kind.CREATE, newest)
    # What was given up while it was being created is looked for when there is something new to tell.
    if not fresh or _finished(newest):
        return None
    if link.stage is Stage.CLOSED and now - link.at <= policy.config.reopen_within_s:
        if not any(_heard(each, policy) for each in fresh):
            return None
        return Step(Kind.REOPEN, newest, fresh[-2] if len(fresh) > 1 else link.told, tells=not policy.tracks)
    if link.stage is Stage.GONE and not any(
        _worth_a_comment(link, fresh, index, policy) for index in range(len(fresh))
    ):
        return None
    asked = any(_heard(each, policy) and policy.config.concerns(each) for each in fresh)
    return Step(Kind.CREATE, newest) if asked else None


def _step_open(link: Link, fresh: list[Assignment], newest: Assignment, policy: Policy) -> Step | None:
    if policy.tracks and newest.revision > link.shown:
        return Step(Kind.UPDATE, newest, tells=False)
    for index, each in enumerate(fresh):
        before = fresh[index - 1] if index else link.told
        if _closes(each, index, fresh, policy):
            break
        if _worth_a_comment(link, fresh, index, policy):
            return Step(Kind.COMMENT, each, before)
        if policy.every:
            return Step(Kind.TELL, each, before)
    if _finished(newest):
        return Step(Kind.CLOSE, newest, fresh[-2] if len(fresh) > 1 else link.told)
    return None


def _closes(each: Assignment, index: int, fresh: list[Assignment], policy: Policy) -> bool:
    """Whether a target that cannot be updated hears of it by the closing itself."""
    closing = _finished(each) and policy.config.on_resolve == "close"
    return not policy.tracks and closing and index == len(fresh) - 1


def _worth_a_comment(link: Link, fresh: list[Assignment], index: int, policy: Policy) -> bool:
    each, before = fresh[index], fresh[index - 1] if index else link.told
    if each.attention is Attention.NONE or _own(each, policy):
        return False
    if before is None:
        return True
    told_by_signal = each.signal.revision != before.signal.revision and each.signal.state in _TELLING
    return bool(
        told_by_signal
        or each.note
        or each.severity.rank > before.severity.rank
        or each.state is not before.state
        or each.owner != before.owner
    )


def _own(each: Assignment, policy: Policy) -> bool:
    """Whether it came from the target itself, which need not be told of what was done in it."""
    name = policy.config.name
    return each.changed_by == name or each.changed_by.startswith(f"{name}:")


def _heard(each: Assignment, policy: Policy) -> bool:
    """Whether a revision is for people who are told of it here; what an action caused is no reason to begin."""
    if each.attention is UNSET:
        return each.changed_by == "signal"
    return each.attention in policy.config.on


def _finished(assignment: Assignment) -> bool:
    return assignment.state in _FINISHED


def intended(link: Link, step: Step, now: float) -> Link:
    """A ticket is about to be created, and will show ``step.assignment``; this is written down first."""
    again = link.stage in (Stage.CLOSED, Stage.GONE)
    told, shown = without_evidence(step.assignment), step.assignment.revision
    number = link.number + again
    return replace(link, stage=Stage.CREATING, number=number, external=None, shown=shown, told=told, at=now)


def done(link: Link, step: Step, external: External | None, now: float) -> Link:
    """What a step has come to.

    Args:
        external: what the connector gave back; None if there was nothing to ``adopt``.
    """
    told, revision = without_evidence(step.assignment), step.assignment.revision
    if step.kind is Kind.ADOPT and external is None:
        return replace(link, stage=Stage.NONE, revision=revision, told=told, at=now)
    if step.tells:
        link = replace(link, revision=revision, told=told)
    match step.kind:
        case Kind.CREATE | Kind.ADOPT:
            return _opened(replace(link, shown=revision), external, now)
        case Kind.UPDATE | Kind.TELL:
            return replace(link, external=external, shown=max(link.shown, revision))
        case Kind.CLOSE:
            return replace(link, stage=Stage.CLOSED, external=external, at=now)
        case Kind.REOPEN:
            return replace(link, stage=Stage.OPEN, external=external, at=now)
    return link


def found(link: Link, external: External, now: float) -> Link:
    """It was there already, from before a crash: it shows the revision that the link had written down."""
    return _opened(replace(link, revision=max(link.revision, link.shown)), external, now)


def _opened(link: Link, external: External | None, now: float) -> Link:
    stage = Stage.CLOSED if external is not None and not external.open else Stage.OPEN
    return replace(link, stage=stage, external=external, at=now)


def skipped(link: Link, step: Step, now: float, *, unsure: bool = False) -> Link:
    """A step that will never work is left out, and told of elsewhere.

    Args:
        unsure: whether what was to be created may be there.
    """
    match step.kind:
        case Kind.CREATE | Kind.ADOPT:
            stage = Stage.CREATING if unsure else Stage.NONE
            return replace(link, stage=stage, revision=step.assignment.revision, told=None, at=now)
        case Kind.REOPEN:
            return replace(link, stage=Stage.GONE, at=now)
        case _:
            return done(link, step, link.external, now)


def gone(link: Link, now: float) -> Link:
    """Somebody has deleted it."""
    return replace(link, stage=Stage.GONE, external=None, at=now)


def settled(link: Link, newest: Assignment) -> Link:
    """All is done up to ``newest``; unchanged if nothing was ever created, for then there is nothing to remember."""
    if link.stage is Stage.NONE or newest.revision <= link.revision:
        return link
    return replace(link, revision=newest.revision, told=without_evidence(newest))
