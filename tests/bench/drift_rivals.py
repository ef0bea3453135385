"""What the drift rule is measured against: river's change detectors, and a rolling z-score.

Each gets what a careful user would give it: means of quarter hours, less the first week's mean for
that hour of the day, in standard deviations of the first week, turned so that a rise is bad.
"""

# mypy: disable-error-code="no-untyped-call"
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from tests.bench.drift_streams import PANES_A_DAY, WARM_DAYS, Floats, Stream

BLOCK = 3
"""Panes of a quarter of an hour."""

Alarms = Iterator[int]
"""Panes at whose end the method is in alarm."""

Method = Callable[[Stream, float], Alarms]
"""(stream, parameter) -> alarms."""


def _blocks(stream: Stream) -> tuple[Floats, Floats]:
    """(blocks,) standard residual of the mean, NaN without events; and events."""
    n = stream.n.reshape(-1, BLOCK).sum(1)
    mean = stream.bad * np.divide(stream.total.reshape(-1, BLOCK).sum(1), n, out=np.full(len(n), np.nan), where=n > 0)
    per_day = PANES_A_DAY // BLOCK
    warm = (WARM_DAYS - 1) * per_day
    hour = np.arange(len(n)) % per_day // 4
    known = ~np.isnan(mean[:warm])
    counts = np.bincount(hour[:warm][known], minlength=24)
    sums = np.bincount(hour[:warm][known], mean[:warm][known], minlength=24)
    # An hour that the first week says little of is drawn to the mean of all.
    usual = (sums + 2.0 * mean[:warm][known].mean()) / (counts + 2.0)
    residual = mean - usual[hour]
    return residual / np.nanstd(residual[:warm]), n


def adwin(stream: Stream, delta: float) -> Alarms:
    """Bifet & Gavalda, SDM 2007."""
    from river.drift import ADWIN

    model, mean = ADWIN(delta=delta, clock=1, grace_period=4, min_window_length=2), 0.0
    for block, x in enumerate(_blocks(stream)[0].tolist()):
        if x == x:
            model.update(x)
            if model.drift_detected and model.estimation > mean:
                yield block * BLOCK + BLOCK - 1
            mean = model.estimation


def page_hinkley(stream: Stream, threshold: float) -> Alarms:
    """Page, Biometrika 1954; Hinkley, Biometrika 1971."""
    from river.drift import PageHinkley

    model = PageHinkley(min_instances=96, delta=0.25, threshold=threshold, alpha=0.9999, mode="up")
    for block, x in enumerate(_blocks(stream)[0].tolist()):
        if x == x:
            model.update(x)
            if model.drift_detected:
                yield block * BLOCK + BLOCK - 1


def kswin(stream: Stream, alpha: float) -> Alarms:
    """Raab, Heusinger & Schleif, Neurocomputing 2020."""
    from river.drift import KSWIN

    model = KSWIN(alpha=alpha, window_size=200, stat_size=12, seed=1)
    past: deque[float] = deque(maxlen=200)
    for block, x in enumerate(_blocks(stream)[0].tolist()):
        if x == x:
            model.update(x)
            past.append(x)
            if model.drift_detected and sum(list(past)[-12:]) / 12 > sum(past) / len(past):
                yield block * BLOCK + BLOCK - 1


def rolling_z(stream: Stream, threshold: float) -> Alarms:
    """The mean of 2 hours against those of the 3 days before, in their standard deviations."""
    residual, n = _blocks(stream)
    known = np.where(np.isnan(residual), 0.0, residual) * n
    total, count = np.cumsum(np.r_[0.0, known]), np.cumsum(np.r_[0.0, n])
    span, past = 8, 288
    ends = np.arange(span, len(n) + 1)
    events = count[ends] - count[ends - span]
    means = np.divide(total[ends] - total[ends - span], events, out=np.full(len(ends), np.nan), where=events >= 5)
    for index in range(past, len(means)):
        before = means[index - past : index - span]
        before = before[~np.isnan(before)]
        if len(before) > 48 and means[index] - before.mean() > threshold * max(float(before.std()), 0.02):
            yield int(ends[index]) * BLOCK - 1


RIVALS: dict[str, tuple[Method, tuple[float, ...]]] = {
    "river ADWIN": (adwin, (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6, 1e-9, 1e-13)),
    "river PageHinkley": (page_hinkley, (5.0, 8.0, 12.0, 18.0, 27.0, 40.0, 60.0, 90.0)),
    "river KSWIN": (kswin, (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)),
    "rolling z": (rolling_z, (2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)),
}
"""Each with the parameters tried, from the most to the least eager."""
