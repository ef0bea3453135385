"""What came of the demo, for a person and for a program."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

import msgspec
from msgspec import UNSET
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from schemas.assignment import Assignment, AssignmentState
from schemas.duration import format_duration
from schemas.signal import Quote, Signal, SignalState, Sparkline
from sinks.impact.in_words import short, why
from sinks.in_words import bars, more
from streams.demo.play import Played
from streams.demo.scenario import Scenario
from streams.demo.show import elapsed
from streams.demo.words import LOGIN

_QUOTES: Final = 2
_BARS: Final = 40
_WHAT_WIDTH: Final = 13
_COLOURS: Final = {"low": "cyan", "medium": "yellow", "high": "dark_orange", "critical": "bold red"}


def lines(played: Played) -> Iterator[str]:
    """Each assignment as a JSON object: what matters most flat, then the whole of it."""
    for one in played.assignments:
        yield msgspec.json.encode(flat(one)).decode()


def flat(one: Assignment) -> dict[str, object]:
    """The assignment's head, and all of it under ``assignment``."""
    return {
        "signal_id": one.signal_id,
        "revision": one.revision,
        "state": one.state.value,
        "theme": one.theme,
        "severity": one.severity.value,
        "owner": one.owner,
        "due_at": one.due_at,
        "at": one.signal.at,
        "reason": one.reason,
        "changed_by": one.changed_by,
        "note": one.note,
        "impact": None if one.impact is UNSET else one.impact.score,
        "assignment": one,
    }


def report(story: Scenario, played: Played) -> RenderableType:
    """The story as it was told to those who own it, and what to do next."""
    signals = {one.signal_id: one.theme for one in played.assignments}
    parts: list[RenderableType] = [_opening(story, played), ""]
    for signal_id, theme in signals.items():
        revisions = [one for one in played.assignments if one.signal_id == signal_id]
        parts += [_history(story, theme, revisions), "", _evidence(revisions), ""]
    parts += [_closing(story, signals, played), "", _next()]
    return Padding(Group(*parts), (1, 1))


def _opening(story: Scenario, played: Played) -> str:
    return (
        f"[bold]A week in a bank's app, played in {played.play_s:.0f} seconds[/] "
        f"[dim](after {played.start_s:.0f} to start a broker and a worker)[/]\n"
        f"{len(story.occurrences):,} reviews, posts, chats and calls went through Kafka. On the eighth day, logins "
        "began to time out for customers on iOS 17. Below is every assignment that was sent, with the time since the "
        "first complaint in hours and minutes."
    )


def _history(story: Scenario, theme: str, revisions: list[Assignment]) -> Table:
    table = Table(
        title=f"Assignment: {theme}",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for heading in ("when", "what happened", "severity", "owner", "fix due", "why"):
        table.add_column(heading, no_wrap=heading in ("when", "severity", "owner", "fix due"))
    table.columns[1].max_width = _WHAT_WIDTH
    acted = {deed.kind.value: deed.at for deed in story.deeds}
    before: Assignment | None = None
    for one in revisions:
        # An action changes the state, not the evidence: when it happened stands in the action.
        by_action = one.changed_by != "signal"
        at = acted.get(one.state.value) if by_action else None
        colour = _COLOURS[one.severity.value]
        table.add_row(
            elapsed((one.signal.at.timestamp() if at is None else at) - story.began),
            _what(one, before),
            f"[{colour}]{one.severity.value}[/]",
            one.owner,
            "" if one.state is AssignmentState.RESOLVED else elapsed(one.due_at.timestamp() - story.began),
            escape(one.note) if by_action else _why(one, story),
        )
        before = one
    return table


_MOVES = {
    SignalState.ONGOING: "goes on",
    SignalState.RESOLVING: "calming down",
    SignalState.REGRESSED: "back again",
    SignalState.FLAPPING: "comes and goes",
}


def _why(one: Assignment, story: Scenario) -> str:
    said = [more(one.signal, lambda moment: elapsed(moment.timestamp() - story.began))]
    if one.impact is not UNSET and one.state is not AssignmentState.RESOLVED:
        said.append(short(one.impact))
    return escape(one.reason) + "".join(f"\n[dim]{escape(text)}[/]" for text in said if text)


def _what(one: Assignment, before: Assignment | None) -> str:
    if before is None:
        return "[bold]noticed[/]"
    if one.state is not before.state:
        words = one.state.value.replace("_", " ")
        return f"[bold]{words}[/]"
    if one.signal.state is SignalState.ESCALATED:
        return "[bold]escalated[/], handed over" if one.owner != before.owner else "[bold]escalated[/]"
    return _MOVES.get(one.signal.state, "still growing")


def _evidence(revisions: list[Assignment]) -> Table:
    signal = max((one.signal for one in revisions), key=lambda signal: (signal.severity.rank, -signal.revision))
    last = revisions[-1].signal
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if signal.sparkline is not UNSET:
        table.add_row("how it rose", _rise(signal.sparkline))
    table.add_row("where", "\n".join(escape(driver.text) for driver in signal.drivers) or "everywhere alike")
    table.add_row("they say", "\n".join(_quote(quote) for quote in _telling(signal)))
    table.add_row(
        "how many",
        f"{last.total_mentions} complaints by {last.customers} customers; "
        f"about {last.customers_estimated:,} likely affected, silent ones included",
    )
    worst = max((one.impact for one in revisions if one.impact is not UNSET), key=lambda each: each.score, default=None)
    if worst is not None:
        table.add_row("impact", f"{worst.score:.1f} of 10: {escape(why(worst, len(worst.parts)))}")
    if last.resolved_at is not None:
        table.add_row("how long", f"{_hours(last)} hours from the first complaint until it was surely over")
    return table


def _rise(line: Sparkline) -> str:
    return f"[cyan]{bars(line, _BARS)}[/]  the last {format_duration(len(line.values) * line.pane_s)}"


def _telling(signal: Signal) -> list[Quote]:
    return signal.quotes[:_QUOTES]


def _quote(quote: Quote) -> str:
    return f"“{escape(quote.text)}”"


def _hours(signal: Signal) -> int:
    assert signal.resolved_at is not None
    return round((signal.resolved_at - signal.first_mention).total_seconds() / 3600)


def _closing(story: Scenario, signals: dict[str, str], played: Played) -> str:
    others = [theme for theme in signals.values() if theme != LOGIN]
    themes = len({one.event.theme for one in story.occurrences if one.event.theme} - {LOGIN})
    quiet = (
        f"Nothing else was sent: {themes} other themes had their usual ups and downs, and nobody was called."
        if not others
        else f"Also reported: {', '.join(key for key, _ in groupby(sorted(others)))}."
    )
    if played.dead_letters:
        quiet += f" {played.dead_letters} records could not be read and became dead letters."
    return quiet


def _next() -> str:
    return (
        "[bold]What next[/], on a Kafka of your own and with copies of deploy/*.toml here:\n"
        "  [cyan]groundswell topics create[/]   make the topics\n"
        "  [cyan]groundswell worker[/]          count, detect and assign; start as many as you like\n"
        "  [cyan]groundswell replay FILE[/]     feed it your own reviews or tickets\n"
        "  [cyan]groundswell tail[/]            watch the assignments come"
    )
