"""``drift``: what trips it and what does not, in its own words, and what it survives."""

import random
from collections.abc import Callable
from math import isfinite

import msgspec
import pytest

from detectors.drift import DriftSpec
from detectors.drift_detector import DriftDetector
from detectors.evidence import NO_TRAFFIC
from detectors.history import History, HistoryRecord
from detectors.rules import RuleSet
from detectors.series import Series
from detectors.spec import Verdict
from schemas.signal import Severity, Signal, SignalState
from tests.support.detecting import START

HOUR, DAY = 3600, 86_400
STEP = 300
Value = Callable[[float], float]


class Feed:
    """A history that is told of so many customers a step, each of whom writes once, and a detector judging it."""

    def __init__(self, spec: DriftSpec, *, a_step: int = 4, seed: int = 1, spread: float = 0.3) -> None:
        self.spec, self.a_step, self.spread = spec, a_step, spread
        self.rng = random.Random(seed)
        self.history = History(spec.history_s, START)
        self.detector: DriftDetector = spec.build()
        self.at = START
        self.held: float | None = None
        self.quiet = 0.0
        self.verdicts: list[tuple[float, Verdict]] = []

    def add(self, pane: float, values: list[float], customers: list[int]) -> None:
        """Tell of events of a pane."""
        history, start, n = self.history, int(pane), len(values)
        sentiment = self.spec.metric == "sentiment"
        history.mentions.add(start, n, n if sentiment else 0, sum(values) if sentiment else 0.0)
        if not sentiment:
            history.add_metric(self.spec.metric, start, n, sum(values), sum(value * value for value in values))
        history.customers.heard(customers, pane + 59.0)
        history.latest, history.total = max(history.latest, pane + 59.0), history.total + n

    def run(self, seconds: float, level: Value, chatty: int = 0) -> list[Verdict]:
        """Let time pass; ``level`` maps seconds since the start of the run to the mean; the verdicts on the way."""
        begin, told = self.at, []
        while self.at < begin + seconds:
            self.step(level(self.at - begin), chatty)
            told.append(self.judge())
        return told

    def step(self, mean: float, chatty: int = 0) -> None:
        """One pane."""
        values = [mean + self.spread * self.rng.choice((-1.5, -0.5, 0.0, 0.5, 1.5)) for _ in range(self.a_step)]
        customers = [self.rng.getrandbits(62) + 1 for _ in values]
        values += [-1.0] * chatty
        customers += [7] * bool(chatty)
        self.add(self.at, values, customers)
        self.at += STEP

    def judge(self) -> Verdict:
        """Judge as a series does."""
        verdict = self.detector.judge(self.history, self.at, self.held)
        if verdict.severity is not None:
            self.held, self.quiet = verdict.expected if self.held is None else self.held, self.at
        elif self.at - self.quiet >= self.spec.resolve_after_s:
            self.held = None
        self.verdicts.append((self.at, verdict))
        return verdict


def steady(level: float) -> Value:
    return lambda _: level


def first(verdicts: list[Verdict]) -> tuple[int, Verdict]:
    """Seconds until the first that tripped, and that one."""
    index = next(index for index, verdict in enumerate(verdicts) if verdict.severity is not None)
    return (index + 1) * STEP, verdicts[index]


def tripped(verdicts: list[Verdict]) -> bool:
    return any(verdict.severity is not None for verdict in verdicts)


MOOD = DriftSpec(name="mood")
CALLS = DriftSpec(name="calls", metric="handle_s")


def test_it_says_how_long_it_still_has_to_watch() -> None:
    verdict = Feed(MOOD).run(2 * HOUR, steady(0.0))[-1]
    assert verdict.reason == "sentiment watched for 2 hours, 1 day is needed"
    assert (verdict.maturity, verdict.compared) == ("new", False)


def test_a_series_with_few_quarters_of_an_hour_is_not_judged_however_old() -> None:
    feed = Feed(MOOD)
    for hour in range(0, 30, 2):
        feed.add(START + hour * HOUR, [0.0], [hour + 1])
        feed.at = START + hour * HOUR + HOUR
        assert feed.judge().severity is None
    assert "more are needed" in feed.judge().reason


def test_a_sharp_fall_is_found_within_the_hour_and_told_in_words() -> None:
    feed = Feed(MOOD)
    assert not tripped(feed.run(5 * DAY, steady(-0.1)))
    after, verdict = first(feed.run(2 * HOUR, steady(-0.5)))
    assert after <= HOUR
    assert verdict.observed == pytest.approx(-0.5, abs=0.15)
    assert verdict.expected == pytest.approx(-0.1, abs=0.1)
    assert verdict.reason.startswith(f"sentiment averages {verdict.observed:.2f} over the last ")
    assert f"below its usual {verdict.expected:.2f}; " in verdict.reason
    assert "by chance; it fell sharply " in verdict.reason
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.observed < verdict.low < verdict.expected < verdict.high
    assert verdict.rarity_s is not None
    assert verdict.rarity_s > 10 * 7 * DAY
    assert verdict.maturity == "young"
    assert feed.run(3 * DAY, steady(-0.1))[-1].maturity == "mature"


def test_a_slow_slide_over_days_is_found_and_called_one() -> None:
    feed = Feed(MOOD)
    assert not tripped(feed.run(6 * DAY, steady(0.1)))
    after, verdict = first(feed.run(3 * DAY, lambda passed: 0.1 - 0.45 * passed / (3 * DAY)))
    assert 6 * HOUR < after < 3 * DAY
    assert "it has been sliding for " in verdict.reason


def test_once_tripped_it_stays_until_the_level_is_back() -> None:
    feed = Feed(MOOD)
    feed.run(3 * DAY, steady(0.1))
    fallen = feed.run(12 * HOUR, steady(-0.5))
    after, _ = first(fallen)
    assert all(verdict.severity is not None for verdict in fallen[after // STEP :])
    back = feed.run(12 * HOUR, steady(0.1))
    assert not tripped(back[3 * HOUR // STEP :])
    assert "is usual" in back[-1].reason
    assert back[-1].expected == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    ("direction", "metric", "up", "down"),
    [
        (None, "sentiment", False, True),
        (None, "csat", False, True),
        (None, "handle_s", True, False),
        ("up", "csat", True, False),
        ("both", "handle_s", True, True),
    ],
)
def test_it_speaks_of_the_side_that_is_bad(direction: str | None, metric: str, up: bool, down: bool) -> None:
    plain = {"detector": "drift", "name": "x", "metric": metric, "direction": direction}
    spec = msgspec.convert(plain, DriftSpec)
    for change, expected in ((0.5, up), (-0.5, down)):
        feed = Feed(spec)
        feed.run(2 * DAY, steady(3.0))
        told = feed.run(6 * HOUR, steady(3.0 + change))
        assert tripped(told) is expected
        if expected:
            assert ("above" if change > 0 else "below") in first(told)[1].reason


@pytest.mark.parametrize(("min_effect", "expected"), [("0.25 sd", True), ("20%", False), ("5%", True), (0.5, False)])
def test_a_move_must_be_significant_and_matter(min_effect: str | float, expected: bool) -> None:
    feed = Feed(msgspec.structs.replace(CALLS, min_effect=min_effect), a_step=30)
    feed.run(3 * DAY, steady(3.0))
    assert tripped(feed.run(DAY, steady(3.3))) is expected


def test_levels_go_by_the_size_of_the_move() -> None:
    def worst(level: float) -> Severity | None:
        feed = Feed(MOOD)
        feed.run(2 * DAY, steady(0.0))
        return feed.run(6 * HOUR, steady(level))[-1].severity

    assert (worst(0.0), worst(-0.2), worst(-0.9)) == (None, Severity.MEDIUM, Severity.HIGH)


@pytest.mark.parametrize("seed", range(4))
def test_one_chatty_customer_does_not_trip_it(seed: int) -> None:
    feed = Feed(MOOD, a_step=1, seed=seed)
    feed.run(3 * DAY, steady(0.0))
    told = feed.run(2 * HOUR, steady(0.0), chatty=4)
    assert any("of the" in verdict.reason and "wrote so often" in verdict.reason for verdict in told)
    assert not tripped(told)
    assert not tripped(feed.run(DAY, steady(0.0)))


def test_as_many_messages_by_as_many_customers_do() -> None:
    feed = Feed(MOOD, a_step=1)
    feed.run(3 * DAY, steady(0.0))
    feed.a_step = 5
    assert tripped(feed.run(2 * HOUR, steady(-0.8)))


def test_a_chatty_customer_does_not_hide_a_fall() -> None:
    feed = Feed(MOOD)
    feed.run(3 * DAY, steady(0.3))
    assert tripped(feed.run(6 * HOUR, steady(-0.5), chatty=1))


def test_it_asks_for_customers() -> None:
    feed = Feed(msgspec.structs.replace(MOOD, min_customers=500))
    feed.run(3 * DAY, steady(0.0))
    told = feed.run(3 * HOUR, steady(-0.6))
    assert not tripped(told)
    assert "customers and 500 are asked for" in told[-1].reason


def test_a_profile_of_the_day_is_no_move() -> None:
    def night(passed: float) -> float:
        return 300.0 if 6 * HOUR <= passed % DAY < 18 * HOUR else 380.0

    feed = Feed(CALLS, spread=80.0)
    feed.run(7 * DAY, night)
    assert not tripped(feed.run(7 * DAY, night))
    assert tripped(feed.run(4 * HOUR, steady(470.0)))


def test_a_level_that_stays_for_a_week_is_the_new_normal() -> None:
    feed = Feed(MOOD)
    feed.run(3 * DAY, steady(0.3))
    told = feed.run(9 * DAY, steady(-0.3))
    assert told[5 * DAY // STEP].severity is not None
    assert told[5 * DAY // STEP].expected == pytest.approx(0.3, abs=0.1)
    assert told[-1].severity is None
    assert told[-1].expected == pytest.approx(-0.3, abs=0.1)


def test_a_constant_series_is_never_unusual_until_it_moves() -> None:
    feed = Feed(CALLS, spread=0.0)
    assert not tripped(feed.run(3 * DAY, steady(60.0)))
    assert tripped(feed.run(2 * HOUR, steady(90.0)))


def test_a_stretch_of_which_nothing_is_known_is_not_read() -> None:
    feed = Feed(MOOD)
    feed.run(2 * DAY, steady(0.2))
    feed.detector._around.gaps.append((feed.at, feed.at + 3 * HOUR))
    assert not tripped(feed.run(3 * HOUR, steady(-0.9))[-1:])


STORY: list[tuple[float, Value]] = [(2 * DAY, steady(0.1)), (8 * HOUR, steady(-0.6)), (DAY, steady(0.1))]


def through_bytes(feed: Feed) -> None:
    """What a checkpoint does: the history is tidied, and both come back from bytes."""
    feed.history.tidy(feed.at)
    kept = msgspec.msgpack.encode(feed.history.snapshot())
    feed.history = History.restore(msgspec.msgpack.decode(kept, type=HistoryRecord))
    feed.detector = feed.spec.build(msgspec.msgpack.decode(msgspec.msgpack.encode(feed.detector.snapshot())))


def test_a_restart_changes_no_verdict() -> None:
    whole, resumed = Feed(MOOD), Feed(MOOD)
    for seconds, level in STORY:
        whole.run(seconds, level)
        for _ in range(4):
            resumed.run(seconds / 4, level)
            through_bytes(resumed)
    assert [verdict for _, verdict in resumed.verdicts] == [verdict for _, verdict in whole.verdicts]
    assert resumed.detector.snapshot() == whole.detector.snapshot()
    assert tripped([verdict for _, verdict in whole.verdicts])


def test_a_replay_on_an_older_snapshot_ends_in_the_same_verdict() -> None:
    feed = Feed(MOOD)
    feed.run(*STORY[0])
    older = feed.detector.snapshot()
    feed.run(*STORY[1])
    again = MOOD.build(older)
    assert older != feed.detector.snapshot()
    assert again.judge(feed.history, feed.at, feed.held) == feed.judge()
    assert again.snapshot() == feed.detector.snapshot()
    assert again.judge(feed.history, feed.at, feed.held) == feed.judge()


def test_panes_that_were_coarsened_unread_are_read_alike() -> None:
    fine, coarse = Feed(MOOD), Feed(MOOD)
    for seconds, level in STORY:
        for feed in (fine, coarse):
            feed.run(seconds, level)
            feed.at += 4 * HOUR
        coarse.history.mentions._coarsen(int(coarse.at))
        assert len(coarse.history.mentions.rows) < len(fine.history.mentions.rows)
        assert coarse.judge().severity == fine.judge().severity
        for mine, other in zip(
            coarse.detector.snapshot()["model"][1], fine.detector.snapshot()["model"][1], strict=True
        ):
            assert mine == pytest.approx(other)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_within_settle_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    events = [(START + i * 60.0, -0.8 if 2000 < i < 2200 else rng.uniform(-0.2, 0.4)) for i in range(2600)]
    late = sorted(events, key=lambda event: event[0] + rng.uniform(0.0, 240.0))
    told = []
    for order in (events, late):
        feed = Feed(MOOD)
        for number, (pane, value) in enumerate(order):
            feed.add(pane, [value], [int(pane)])
            if number % 10 == 9:
                feed.at = max(each[0] for each in order[: number + 1])
                feed.judge()
        feed.at = START + 2700 * 60.0
        feed.judge()
        told.append((feed.detector.snapshot(), feed.verdicts[-1]))
        assert any(verdict.severity is not None for _, verdict in feed.verdicts)
    assert told[0] == told[1]


def test_what_it_remembers_stays_small() -> None:
    feed = Feed(msgspec.structs.replace(CALLS, direction="both"))
    feed.run(2 * DAY, steady(300.0))
    early = len(msgspec.msgpack.encode(feed.detector.snapshot()))
    feed.run(6 * DAY, lambda passed: 300.0 + 30 * (passed // DAY % 3))
    late = len(msgspec.msgpack.encode(feed.detector.snapshot()))
    assert early == late < 3000


@pytest.mark.parametrize("values", [(1e300, -1e300), (0.0, 1e-300), (1e50, 1.0), (-1e12, 1e12), (5e-324, 5e-324)])
def test_no_number_breaks_it(values: tuple[float, float]) -> None:
    feed = Feed(msgspec.structs.replace(CALLS, direction="both"), spread=0.0)
    told = feed.run(3 * DAY, lambda passed: values[int(passed // HOUR) % 2])
    for verdict in told:
        assert all(map(isfinite, verdict[1:4]))
        assert "nan" not in verdict.reason
    snapshot = msgspec.json.encode(feed.detector.snapshot())
    assert b"null" not in snapshot


def test_what_was_kept_of_another_metric_is_left() -> None:
    feed = Feed(CALLS)
    feed.run(2 * DAY, steady(300.0))
    assert MOOD.build(feed.detector.snapshot()).snapshot() == {}
    assert CALLS.build(feed.detector.snapshot()).snapshot() == feed.detector.snapshot()


def test_a_damaged_state_is_refused() -> None:
    feed = Feed(CALLS)
    feed.run(2 * DAY, steady(300.0))
    good = feed.detector.snapshot()

    def damaged(path: tuple[int, ...], value: object) -> None:
        model = msgspec.msgpack.decode(msgspec.msgpack.encode(good["model"]))
        place = model
        for index in path[:-1]:
            place = place[index]
        place[path[-1]] = value
        with pytest.raises((ValueError, TypeError)):
            CALLS.build({**good, "model": model})

    for path, value in [
        ((0, 0), float("nan")), ((0,), [1.0]), ((1, 0, 1), -1.0), ((1, 0, 4), 0.0), ((1, 1, 0), 0.0), ((1, 2), "x"),
        ((1, 4, 3), 0.0), ((1, 2, 0), -1.0), ((2, 0, 1, 0), float("inf")), ((2, 0, 3, 0), -1.0), ((2, 0), [[]]),
    ]:  # fmt: skip
        damaged(path, value)


@pytest.mark.parametrize(
    ("lasts", "level"),
    [(3 * HOUR, steady(-0.6)), (DAY, steady(-0.2)), (3 * DAY, lambda passed: 0.1 - 0.5 * passed / (3 * DAY))],
    ids=["sharp", "small", "slide"],
)
def test_a_move_is_one_episode(lasts: float, level: Value) -> None:
    feed = Feed(MOOD)
    series = Series("bank", "login", RuleSet([MOOD]), START, 0.004)
    feed.history = series.history
    told: list[Signal] = []
    for seconds, each in ((5 * DAY, steady(0.1)), (lasts, level), (2 * DAY, steady(0.1))):
        begin = feed.at
        while feed.at < begin + seconds:
            feed.step(each(feed.at - begin))
            told += series.judge(feed.at, NO_TRAFFIC)
            series.record(feed.at)
    states = [signal.state for signal in told]
    assert (states[0], states[-1]) == (SignalState.OPENED, SignalState.RESOLVED)
    assert states.count(SignalState.OPENED) == states.count(SignalState.RESOLVED) == 1
    assert len({signal.id for signal in told}) == 1
    assert told[0].observed < told[0].expected
    assert told[-1].reason.startswith("quiet: sentiment averages ")
    assert {signal.metric for signal in told} == {"sentiment"}
