"""How remarkable a moment is: as a score, and in words. The only place where a score is made.

From the mean time between two such moments by chance alone (a return period), where the rule knows one: twenty
for every factor of ten of a week. Otherwise a rule only says how bad it is and how far beyond its threshold, and
the score says the same: twenty for every severity, and up to twenty more for what is beyond the threshold. So
what is worth telling at all, by a budget of one false alert in ten weeks or by the lowest severity, begins at
about 20 either way.
"""

from math import log2, log10

from detectors.spec import Verdict

WEEK_S = 604_800.0
_HOUR_S, _DAY_S, _YEAR_S = 3600.0, 86_400.0, 365.25 * 86_400.0
_STEP = 20.0
_FOLD_BITS = 2.0
_MOST = 100.0
_A = {"year": "a year", "week": "a week", "day": "a day", "hour": "an hour"}


def score(verdict: Verdict) -> float:
    """0 to 100, to one decimal.

    >>> from schemas.signal import Severity
    >>> tripped = Verdict(Severity.MEDIUM, 30.0, 5.0, 15.0, "", rarity_s=99 * WEEK_S)
    >>> score(tripped), score(tripped._replace(rarity_s=None))
    (40.0, 53.2)
    """
    if verdict.rarity_s is not None:
        return rarity_score(verdict.rarity_s)
    beyond = _beyond(verdict)
    if verdict.severity is None:
        return round(_STEP * min(beyond, 1.0), 1)
    return round(_STEP * (verdict.severity.rank + 1 + min(log2(max(beyond, 1.0)) / _FOLD_BITS, 1.0)), 1)


def rarity_score(rarity_s: float) -> float:
    """The score of a return period, seconds: 20 for ten weeks, 40 for a hundred, 100 for two thousand years.

    >>> [rarity_score(weeks * WEEK_S) for weeks in (0.0, 1.0, 9.0, 99.0, 1e9)]
    [0.0, 6.0, 20.0, 40.0, 100.0]
    """
    return round(min(_STEP * log10(1.0 + max(rarity_s, 0.0) / WEEK_S), _MOST), 1)


def _beyond(verdict: Verdict) -> float:
    """The distance from what was expected, in distances of the threshold; on the other side it is 0."""
    asked = verdict.threshold - verdict.expected
    moved = verdict.observed - verdict.expected
    if not asked:
        return 1.0 if verdict.severity is not None else 0.0
    return max(moved / asked, 0.0)


def in_words(rarity_s: float) -> str:
    """A return period, seconds, as one would say it.

    >>> [in_words(weeks * WEEK_S) for weeks in (0.001, 0.15, 1.0, 13.8, 60.0, 600.0)]  # doctest: +NORMALIZE_WHITESPACE
    ['more than once an hour by chance', 'about once a day by chance', 'about once a week by chance',
     'about once in 14 weeks by chance', 'about once a year by chance', 'less than once in ten years by chance']
    """
    if rarity_s >= 10 * _YEAR_S:
        return "less than once in ten years by chance"
    for name, unit_s in (("year", _YEAR_S), ("week", WEEK_S), ("day", _DAY_S), ("hour", _HOUR_S)):
        if rarity_s >= 0.9 * unit_s:
            count = round(rarity_s / unit_s)
            return f"about once in {count} {name}s by chance" if count > 1 else f"about once {_A[name]} by chance"
    return "more than once an hour by chance"
