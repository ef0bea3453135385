"""The operational signal of a tenant whose sources are out, late, or say all twice: its life and words. Pure.

What its themes had would be judged by nothing but that; so they are not judged, and somebody is told why.
"""

from typing import NamedTuple

import msgspec

from detectors.doubling import LEAST_FACTOR
from detectors.episode import Episode
from detectors.episode_words import roughly
from detectors.spec import Verdict
from schemas.ids import derived_id
from schemas.signal import DetectorRef, Phase, Severity, Signal, SignalState
from schemas.times import instant

SOURCE_OUT, SOURCE_TWICE, SOURCE_LATE = "source-out", "source-twice", "source-late"
"""Its themes; its metric and its rule are no detector's."""
METRIC, RULE = "operations", "source"

_RESOLVE_AFTER_S, _REGRESS_WITHIN_S = 900.0, 86_400.0
_GIVEN_UP_S = 5 * 86_400.0


class _Trouble(NamedTuple):
    """What sources may do, in words; ``threshold`` is a share of the usual."""

    threshold: float
    title: str
    titles: dict[SignalState, str]
    why: str


_TROUBLES = {
    SOURCE_OUT: _Trouble(
        0.6,
        "hardly any events",
        {
            SignalState.RESOLVING: "events come in again",
            SignalState.ONGOING: "still hardly any events",
            SignalState.REGRESSED: "hardly any events again",
            SignalState.FLAPPING: "hardly any events, on and off",
        },
        "until they come, nothing is judged or closed",
    ),
    SOURCE_TWICE: _Trouble(
        LEAST_FACTOR,
        "far more events than usual, in all themes alike",
        {
            SignalState.RESOLVING: "events come in as usual again",
            SignalState.ONGOING: "still far more events than usual, in all themes alike",
            SignalState.REGRESSED: "far more events than usual again, in all themes alike",
            SignalState.FLAPPING: "far more events than usual in all themes alike, on and off",
        },
        "every theme has risen by the same factor, as if a source said all twice; until that ends, or a day has "
        "passed, nothing is judged or closed",
    ),
    SOURCE_LATE: _Trouble(
        0.0,
        "one of them is far behind the others",
        {
            SignalState.RESOLVING: "the late one has caught up",
            SignalState.ONGOING: "one of them is still far behind the others",
            SignalState.REGRESSED: "one of them is far behind the others again",
            SignalState.FLAPPING: "one of them is far behind the others, on and off",
        },
        "what it holds is counted when it comes; until then nothing is closed, and no silence is judged",
    ),
}
_VERSION = 1


class SourceSignal(msgspec.Struct, array_like=True):
    """What is remembered of it; plain data.

    Attributes:
        since: when the trouble began that is told of, epoch seconds.
        seen, usual: events of all themes since then, and those that would have been usual.
        last: when it was last there.
    """

    since: float
    seen: float
    usual: float
    last: float
    episode: Episode
    theme: str = SOURCE_OUT


def take(
    held: SourceSignal | None,
    theme: str,
    tenant: str,
    pane: float,
    pane_s: float,
    since: float | None,
    numbers: tuple[float, float],
) -> tuple[SourceSignal | None, SignalState | None]:
    """Take in a pane that is over; what is remembered then, and what is to be told, if anything.

    Args:
        theme: ``SOURCE_OUT`` or ``SOURCE_TWICE``.
        since: when the trouble began that lasts; None while there is none.
        numbers: events of all themes in the pane, and usual ones; of a late source, how far it is behind, seconds.
    """
    at = pane + pane_s
    if held is not None and held.episode.forgotten(at, _REGRESS_WITHIN_S):
        held = None
    lasts = since is not None and at - since < _GIVEN_UP_S
    if held is None:
        if not lasts or since is None:
            return None, None
        name = derived_id("sig", tenant, METRIC, theme, round(since * 1000))
        episode = Episode(
            id=name, opened_at=at, severity=Severity.MEDIUM, told=0.0, held=None, before=0, told_at=at, sizes=(1.0,)
        )
        return SourceSignal(since, *numbers, at, episode, theme), SignalState.OPENED
    if lasts and since is not None:
        if held.episode.phase is Phase.RESOLVED or theme == SOURCE_LATE:
            # How far behind an input is adds up to nothing.
            held.since, held.seen, held.usual = since, 0.0, 0.0
        held.seen, held.usual, held.last = held.seen + numbers[0], held.usual + numbers[1], at
    # How long it lasts makes it no larger.
    verdict = Verdict(Severity.MEDIUM if lasts else None, held.seen, held.usual, 0.0, "", sizes=(1.0,))
    return held, held.episode.step(verdict, at, _RESOLVE_AFTER_S)


def signal_of(held: SourceSignal, tenant: str, state: SignalState, at: float, latest: float, config: str) -> Signal:
    """A revision.

    Args:
        latest: time of the tenant's newest event, epoch seconds.
    """
    episode, trouble = held.episode, _TROUBLES[held.theme]
    title = "back to normal" if state is SignalState.RESOLVED else trouble.titles.get(state, trouble.title)
    crossings, over = episode.crossings(at), state is SignalState.RESOLVED
    return Signal(
        id=episode.id,
        revision=episode.revision,
        state=state,
        tenant=tenant,
        theme=held.theme,
        metric=METRIC,
        rule=RULE,
        severity=episode.severity,
        title=f"All sources: {title}",
        reason=_reason(held, state, at),
        observed=float(held.seen),
        expected=round(held.usual, 1),
        threshold=round(trouble.threshold * held.usual, 1),
        window_s=float(held.last - held.since),
        opened_at=instant(episode.opened_at),
        at=instant(at),
        resolved_at=instant(at) if over else None,
        first_mention=instant(held.since),
        last_mention=instant(max(latest, held.since)),
        mentions=int(held.seen),
        total_mentions=int(held.seen),
        customers=0,
        customers_estimated=0,
        detector=DetectorRef(name=RULE, version=_VERSION, parameters={}),
        config=config,
        phase=episode.phase,
        crossings=crossings if crossings > 1 else msgspec.UNSET,
    )


def _reason(held: SourceSignal, state: SignalState, at: float) -> str:
    if held.theme == SOURCE_LATE:
        return _late(held, state, at)
    lasted, due = roughly(held.last - held.since), f"about {max(held.usual, 1.0):,.0f} are usual"
    numbers = f"{held.seen:,.0f} events of all themes"
    if state in (SignalState.RESOLVING, SignalState.RESOLVED):
        since = roughly(at - held.last)
        return f"events have come in as usual for {since}; before, there were {numbers} in {lasted}, where {due}"
    why = f"{numbers} in the last {lasted.removeprefix('1 ')}, where {due}: {_TROUBLES[held.theme].why}"
    if state is SignalState.FLAPPING:
        return f"it comes and goes, {held.episode.crossings(at)} times within a day: {why}"
    return why


def _late(held: SourceSignal, state: SignalState, at: float) -> str:
    if state in (SignalState.RESOLVING, SignalState.RESOLVED):
        return f"no input is far behind the others for {roughly(at - held.last)}"
    why = f"an input partition is {roughly(held.seen)} behind the newest events: {_TROUBLES[SOURCE_LATE].why}"
    if state is SignalState.FLAPPING:
        return f"it comes and goes, {held.episode.crossings(at)} times within a day: {why}"
    return why
