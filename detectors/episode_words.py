"""What has happened to an episode, in words: the title of a signal, and how its reason begins."""

from detectors.episode import Episode
from detectors.spec import Verdict
from schemas.duration import format_duration
from schemas.panes import VALUES
from schemas.signal import SignalState

_DAY_S, _HOUR_S, _MINUTE_S = 86_400.0, 3600.0, 60.0
_MOVED = {
    SignalState.ESCALATED: "{}, and getting worse",
    SignalState.ONGOING: "still {}",
    SignalState.REGRESSED: "{} again",
    SignalState.FLAPPING: "{}, on and off",
}
_OVER = {SignalState.RESOLVING: "calming down", SignalState.RESOLVED: "back to normal"}


def title(theme: str, metric: str, state: SignalState, *, fell: bool) -> str:
    """In words.

    Args:
        fell: whether there is less than expected.

    >>> title("login-failure", "mentions", SignalState.OPENED, fell=False)
    'Login failure: more complaints than usual'
    >>> title("*channel=app", "mentions", SignalState.REGRESSED, fell=True)
    'Channel app: fewer mentions than usual again'
    >>> [title("fees", "wait_s", state, fell=True) for state in (SignalState.ONGOING, SignalState.RESOLVED)]
    ['Fees: still an unusual wait_s', 'Fees: wait_s back to normal']
    """
    of_value = theme.startswith(VALUES)
    name = theme.removeprefix(VALUES).replace("-", " ").replace("_", " ").replace("=", " ").capitalize()
    over = _OVER.get(state)
    if metric != "mentions":
        if over is not None:
            return f"{name}: {metric} {over}"
        moved = f"{metric} has moved"
        if state is SignalState.ONGOING:
            moved = f"an unusual {metric}"
        return f"{name}: {_MOVED.get(state, '{}').format(moved)}"
    if over is not None:
        return f"{name}: {over}"
    what = "mentions" if fell or of_value else "complaints"
    return f"{name}: " + _MOVED.get(state, "{}").format(f"{'fewer' if fell else 'more'} {what} than usual")


def reason(state: SignalState, verdict: Verdict, episode: Episode, at: float, resolved_at: float | None = None) -> str:
    """Why a revision is told.

    Args:
        at: event time it is told at.
        resolved_at: event time at which it had been over before, if it had.
    """
    why = verdict.reason
    if state is SignalState.RESOLVED:
        return f"quiet: {why}"
    if state is SignalState.RESOLVING and episode.quiet_since is not None:
        return f"quiet for {roughly(at - episode.quiet_since)}, and over if that lasts: {why}"
    if state is SignalState.ONGOING:
        return f"for {roughly(at - episode.opened_at)} now: {why}"
    if state is SignalState.REGRESSED and resolved_at is not None:
        return f"back {roughly(at - resolved_at)} after it was over: {why}"
    if state is SignalState.FLAPPING:
        times = episode.crossings(at)
        return f"it comes and goes, {times} times within a day, and is told again if it gets worse or ends: {why}"
    return why


def roughly(seconds: float) -> str:
    """A stretch of time in its largest fitting unit, as one would say it.

    >>> roughly(40.0), roughly(5400.0), roughly(7200.0), roughly(200_000.0)
    ('1 minute', '90 minutes', '2 hours', '2 days')
    """
    for unit_s in (_DAY_S, _HOUR_S):
        if seconds >= 2.0 * unit_s:
            return format_duration(round(seconds / unit_s) * unit_s)
    return format_duration(max(round(seconds / _MINUTE_S), 1) * _MINUTE_S)
