"""Days that lie off the weeks before: what is one, and what is a weekday, a growing business, or a bad hour."""

import numpy as np
import pytest

from detectors.evidence import NO_TRAFFIC
from detectors.gradual import Gradual, gradual
from detectors.season import fit
from detectors.surge import SurgeSpec
from schemas.signal import Severity, SignalState
from tests.support.detecting import START

DAY_S, SLOTS = 86_400.0, 48
LEVELS = {Severity.LOW: 1.0, Severity.MEDIUM: 2.0}
WEEK = np.array([1.2, 1.2, 1.2, 1.1, 1.1, 0.7, 0.5])


def drawn(seed: int, days: int = 28, mean: float = 5.0, growth: float = 0.0) -> np.ndarray:
    daily = mean * WEEK[np.arange(days) % 7] * np.exp(growth * np.arange(days))
    return np.random.default_rng(seed).poisson(np.repeat(daily[:, None], SLOTS, axis=1)).astype(float)


def held(rows: np.ndarray, *, rising: bool = True) -> Gradual | None:
    weekdays = np.arange(len(rows)) % 7
    return gradual(rows, weekdays, fit(rows, weekdays, 1.1), 1.1, rising=rising)


def days_of(rows: np.ndarray, *, rising: bool = True) -> float:
    """Mean time between two such stretches by chance, in days."""
    found = held(rows, rising=rising)
    return 0.0 if found is None else found.rarity_s / DAY_S


@pytest.mark.parametrize("seed", range(5))
def test_weekdays_and_chance_are_no_news(seed: int) -> None:
    assert days_of(drawn(seed)) < 300
    assert days_of(drawn(seed), rising=False) < 300


@pytest.mark.parametrize("seed", range(5))
def test_a_business_that_grows_is_no_news(seed: int) -> None:
    assert days_of(drawn(seed, growth=0.01)) < 300


@pytest.mark.parametrize("days", [2, 3, 5, 7])
@pytest.mark.parametrize("times", [1.35, 0.7])
def test_a_third_more_or_less_for_days_is_seen_and_told_in_numbers(days: int, times: float) -> None:
    rows = drawn(3)
    rows[-days:] = np.random.default_rng(9).poisson(rows[-days:].mean(1, keepdims=True) * times, (days, SLOTS))
    found = held(rows, rising=times > 1)
    assert found is not None
    # Two days of a weekend tell least: a quarter of what is known of weekends is themselves.
    assert found.rarity_s / DAY_S > (50 if days == 2 else 1000)
    assert found.seen / found.usual == pytest.approx(times, rel=0.16)
    assert found.usual > found.high - found.usual > 0
    assert found.seen > found.high if times > 1 else found.seen < found.low
    assert days_of(rows, rising=times < 1) < 1.5


def test_a_bad_hour_of_each_day_is_left_to_those_who_look_at_hours() -> None:
    rows = drawn(4)
    rows[-3:, 20:22] *= 30.0
    assert days_of(rows) < 300


def test_days_of_which_nothing_is_known_do_not_count() -> None:
    rows = drawn(5)
    rows[3:9] = np.nan
    assert days_of(rows) < 300
    rows[-1] = np.nan
    assert held(rows) is None
    rows = drawn(5)
    rows[:-14] = np.nan
    assert held(rows) is None


def test_a_handful_a_day_says_nothing() -> None:
    rows = drawn(6, mean=0.5)
    rows[-3:] *= 4.0
    assert held(rows) is None


class Told:
    """A series of ``surge`` that is fed half hour by half hour."""

    def __init__(self, **more: object) -> None:
        from detectors.rules import RuleSet
        from detectors.series import Series

        self.at = START // DAY_S * DAY_S
        spec = SurgeSpec(name="surge", levels=LEVELS, resolve_after_s=7200.0, pane_s=600, **more)  # type: ignore[arg-type]
        self.series = Series("bank", "login", RuleSet([spec]), self.at, 1.0)
        self.random = np.random.default_rng(8)

    def days(self, days: int, mean: float) -> list[SignalState]:
        found = []
        for _ in range(days * 144):
            count = int(self.random.poisson(mean))
            history = self.series.history
            if count:
                history.mentions.add(int(self.at), count, 0, 0.0)
                history.total += count
                history.latest = self.at + 599.0
            self.at += 600.0
            found += [signal.state for signal in self.series.judge(self.at, NO_TRAFFIC)]
            if self.at % DAY_S == 0:
                history.tidy(self.at)
        return found


def test_a_slow_rise_opens_one_signal_that_says_how_many_days() -> None:
    told = Told()
    assert told.days(21, 4.0) == []
    assert told.days(5, 5.4).count(SignalState.OPENED) == 1
    [episode] = told.series.episodes.values()
    assert episode.severity is Severity.LOW
    signal = told.series.outbox[-1]
    assert "in the last" in signal.reason
    assert "days" in signal.reason
    assert "go with the weeks before" in signal.reason
    assert signal.observed > 1.2 * signal.expected
    # It goes on from a snapshot, and is over when the days are as before.
    _, detector = told.series.detectors[0]
    kept = detector.snapshot()
    told.series.detectors = [(spec, spec.build(kept)) for spec, _ in told.series.detectors]
    assert told.days(9, 4.0).count(SignalState.RESOLVED) == 1


def test_a_rise_from_too_few_customers_is_not_told() -> None:
    told = Told(min_customers=3)
    assert told.days(21, 4.0) == []
    assert told.days(5, 5.4) == []
