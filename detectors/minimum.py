"""The least that matters to anybody: relative, absolute, and in customers. The one place where that is decided."""

from collections.abc import Callable

from detectors.spec import Spec, Verdict

_STILL = 0.5
"""Share of the least change below which an episode that is open has nothing more to say."""


def enough(
    spec: Spec,
    verdict: Verdict,
    mentions: float,
    customers: Callable[[], int] | None,
    *,
    opened: bool,
) -> Verdict:
    """The verdict; without its severity, and with the reason why, if what it tells of is too small.

    Args:
        mentions: what ``min_count`` is asked of.
        customers: how many distinct ones there were, asked for only if it matters; None if that does not count.
        opened: whether an episode is open, which half the least change keeps open.

    >>> from detectors.count import CountSpec
    >>> from schemas.signal import Severity
    >>> spec = CountSpec(name="few", window_s=3600, levels={Severity.LOW: 3}, min_change=0.2, min_customers=3)
    >>> verdict = Verdict(Severity.LOW, 115.0, 100.0, 110.0, "115 mentions")
    >>> enough(spec, verdict, 115, lambda: 9, opened=False).reason
    '115 mentions, but that is less than 20% off the usual'
    >>> enough(spec, verdict, 115, lambda: 9, opened=True).severity.value
    'low'
    >>> enough(spec, verdict, 115, lambda: 2, opened=True).reason
    '115 mentions, but from 2 customers and 3 are asked for'
    """
    if verdict.severity is None:
        return verdict
    least = spec.min_change * (_STILL if opened else 1.0)
    known = verdict.compared and verdict.expected
    if known and abs(verdict.observed - verdict.expected) < least * abs(verdict.expected):
        return but(verdict, "that is less than {:.3g}% off the usual", 100.0 * spec.min_change)
    if mentions < spec.min_count:
        return but(verdict, spec.count_asked, spec.min_count)
    if spec.min_customers and customers is not None and (who := customers()) < spec.min_customers:
        return but(verdict, "from {} customers and {} are asked for", who, spec.min_customers)
    return verdict


def but(verdict: Verdict, why: str, *args: object) -> Verdict:
    """The same move, and why it is not told."""
    return verdict._replace(severity=None, template=f"{verdict.template}, but {why}", args=(*verdict.args, *args))
