"""The signal of an incident, put together from those of its members. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import UNSET

from schemas.signal import DetectorRef, Driver, Member, Phase, Quote, Severity, Signal, SignalState
from schemas.times import instant
from sinks.triage.causes import THEME
from sinks.triage.state import Incident, Known

RULE = "incident"
VERSION = 1

_COMMON = 0.2
_MOST_DRIVERS, _MOST_QUOTES, _MOST_CONTEXT, _MOST_NAMES = 5, 5, 3, 100
_UNEXPLAINED = "moved at once, and no slice explains it (a source that sends twice would look like this)"


class Revision(NamedTuple):
    """Which revision of an incident is wanted."""

    number: int
    state: SignalState
    severity: Severity


def compose(tenant: str, incident: Incident, pairs: Sequence[tuple[Known, Signal]], wanted: Revision) -> Signal:
    """A revision of an incident.

    A mention that names several themes is counted with each, so mentions are added up, of customers the theme with
    the most is taken: there are at least so many.

    Args:
        pairs: the members with their newest revisions; at least one.
    """
    pairs = sorted(pairs, key=lambda pair: (-pair[0].mentions, pair[0].theme, pair[0].id))
    members, signals = [known for known, _ in pairs], [signal for _, signal in pairs]
    mentions = sum(signal.mentions for signal in signals)
    counted = [signal for signal in signals if signal.metric == "mentions"] or signals[:1]
    over = wanted.state is SignalState.RESOLVED
    at = max(signal.at for signal in signals)
    drivers = _drivers(incident.cause, signals)
    contexts = _distinct(line for signal in signals if signal.context is not UNSET for line in signal.context)
    scores = [signal.score for signal in signals if signal.score is not UNSET]
    escalated = wanted.state is SignalState.ESCALATED
    made = Signal(
        id=incident.id,
        revision=wanted.number,
        state=wanted.state,
        tenant=tenant,
        theme=incident.theme,
        metric=counted[0].metric,
        rule=RULE,
        severity=wanted.severity,
        title=_title(incident, members, over=over),
        reason=_reason(incident, members, drivers, over=over),
        observed=float(sum(signal.observed for signal in counted)),
        expected=float(sum(signal.expected for signal in counted)),
        threshold=float(sum(signal.threshold for signal in counted)),
        window_s=max(signal.window_s for signal in signals),
        opened_at=instant(incident.opened_at),
        at=at,
        resolved_at=at if over else None,
        first_mention=min(signal.first_mention for signal in signals),
        last_mention=max(signal.last_mention for signal in signals),
        mentions=mentions,
        total_mentions=sum(signal.total_mentions for signal in signals),
        customers=max(signal.customers for signal in signals),
        customers_estimated=max(signal.customers_estimated for signal in signals),
        sentiment=_sentiment(signals),
        drivers=drivers,
        quotes=_quotes(signals),
        detector=DetectorRef(name=RULE, version=VERSION, parameters={"members": len(members)}),
        config=signals[0].config,
        phase=Phase.RESOLVED if over else Phase.ESCALATING if escalated else Phase.OPEN,
        members=[
            Member(
                signal_id=known.id,
                theme=known.theme,
                rule=known.rule,
                severity=known.severity,
                mentions=known.mentions,
                share=round(known.mentions / mentions, 4) if mentions else 0.0,
            )
            for known in members
        ],
    )
    if incident.cause:
        made.cause = incident.cause
    if contexts:
        made.context = contexts[:_MOST_CONTEXT]
    if scores:
        made.score = max(scores)
    return made


def called(theme: str) -> str:
    """A theme for people.

    >>> called("login-failure")
    'Login failure'
    """
    return theme.replace("-", " ").replace("_", " ").capitalize()


def _title(incident: Incident, members: Sequence[Known], *, over: bool) -> str:
    others = len({known.theme for known in members}) - 1
    text = called(incident.theme)
    if others > 0:
        text += f" and {others} other {'themes' if others > 1 else 'theme'}"
    if over:
        return f"{text}: back to normal"
    if incident.cause.startswith(THEME):
        return f"{text}: found by several rules"
    return f"{text}: one cause, {incident.cause}" if incident.cause else f"{text}: all at once"


def _reason(incident: Incident, members: Sequence[Known], drivers: Sequence[Driver], *, over: bool) -> str:
    counts: dict[str, int] = {}
    for known in members:
        counts[known.theme] = max(counts.get(known.theme, 0), known.mentions)
    names = [
        f"{called(theme)} ({count})" for theme, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
    listed = ", ".join(names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        listed += f" and {len(names) - _MOST_NAMES} more"
    if incident.cause.startswith(THEME):
        rules = ", ".join(_distinct(known.rule for known in members))
        text = f"{listed} mentions, found by {rules}"
    else:
        many = f"{len(counts)} {'themes' if len(counts) > 1 else 'theme'}"
        shared = f"have {incident.cause} in common" if incident.cause else _UNEXPLAINED
        text = f"{many} {shared}: {listed} mentions"
        if drivers:
            text += f"; {'; '.join(driver.text for driver in drivers)}"
    return f"quiet: {text}" if over else text


def _drivers(cause: str, signals: Sequence[Signal]) -> list[Driver]:
    """The cause and what else rose in a fifth of the members or more, over all of them together."""
    count: dict[str, int] = {}
    for driver in (driver for signal in signals for driver in signal.drivers if driver.traffic_share):
        count[driver.slice] = count.get(driver.slice, 0) + 1
    common = [name for name, n in count.items() if name != cause and n >= max(_COMMON * len(signals), 2)]
    names = [cause] if cause in count else []
    names += sorted(common, key=lambda name: (-count[name], name))
    if not names:
        return list(signals[0].drivers)
    found = []
    for name in names[:_MOST_DRIVERS]:
        each = [d for signal in signals for d in signal.drivers if d.slice == name and d.traffic_share]
        of, mentions = sum(d.of for d in each), sum(d.mentions for d in each)
        share, traffic = mentions / of, sum(d.of * (d.traffic_share or 0.0) for d in each) / of
        text = f"{name}: {mentions} of {of} mentions, {f'{traffic:.0%}' if traffic >= 0.01 else 'under 1%'} of traffic"
        found.append(
            Driver(
                slice=name,
                mentions=mentions,
                of=of,
                share=share,
                traffic_share=traffic,
                lift=share / traffic,
                text=text,
            )
        )
    return found


def _quotes(signals: Sequence[Signal]) -> list[Quote]:
    """One of each member in turn, the largest first."""
    chosen: dict[str, Quote] = {}
    for place in range(_MOST_QUOTES):
        for signal in signals:
            if place < len(signal.quotes) and len(chosen) < _MOST_QUOTES:
                chosen.setdefault(signal.quotes[place].event_id, signal.quotes[place])
    return list(chosen.values())


def _sentiment(signals: Sequence[Signal]) -> float | None:
    known = [(signal.sentiment, signal.mentions) for signal in signals if signal.sentiment is not None]
    weight = sum(mentions for _, mentions in known)
    return round(sum(value * mentions for value, mentions in known) / weight, 3) if weight else None


def _distinct(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))
