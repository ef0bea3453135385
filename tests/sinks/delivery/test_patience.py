from __future__ import annotations

import pytest

from sinks.delivery.patience import LONGEST_PAUSE_S, Breaker, BreakerState, Bucket, pause_s


def test_pauses_double_and_differ_by_job() -> None:
    pauses = [pause_s(tries, "sig-1") for tries in range(1, 12)]
    for tries, pause in enumerate(pauses, 1):
        whole = min(0.5 * 2 ** (tries - 1), LONGEST_PAUSE_S)
        assert whole / 2 <= pause <= whole
    assert pauses == [pause_s(tries, "sig-1") for tries in range(1, 12)]
    assert len({pause_s(5, f"sig-{number}") for number in range(50)}) == 50
    assert pause_s(10_000, "sig-1") <= LONGEST_PAUSE_S


def test_the_breaker_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(after=3, first_s=5.0)
    for _ in range(2):
        breaker.failed(0.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(0.0)
    assert breaker.wait_s(0.0) == 0.0
    breaker.failed(0.0)
    assert breaker.state is BreakerState.OPEN
    assert breaker.wait_s(1.0) == 4.0


def test_one_call_is_let_through_to_see() -> None:
    breaker = Breaker(after=1, first_s=5.0, longest_s=12.0, probe_s=60.0)
    breaker.failed(0.0)
    assert breaker.wait_s(5.0) == 0.0
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.wait_s(5.0) == 1.0
    breaker.failed(6.0)
    assert breaker.wait_s(6.0) == 10.0
    assert breaker.wait_s(16.0) == 0.0
    # A call that never comes back does not hold up the others for ever.
    assert breaker.wait_s(76.0) == 0.0
    breaker.failed(77.0)
    assert breaker.wait_s(77.0) == 12.0
    assert breaker.wait_s(89.0) == 0.0
    breaker.succeeded()
    assert breaker.wait_s(89.0) == 0.0
    assert breaker.state is BreakerState.CLOSED


def test_a_wrong_login_opens_it_at_once_and_a_failure_while_open_prolongs_nothing() -> None:
    breaker = Breaker(after=10, first_s=5.0)
    breaker.failed(0.0, at_once=True)
    assert breaker.wait_s(0.0) == 5.0
    breaker.failed(3.0)
    assert breaker.wait_s(3.0) == 2.0


def test_a_target_may_ask_for_a_pause_without_being_broken() -> None:
    breaker = Breaker(after=1)
    breaker.hold(0.0, 30.0)
    breaker.hold(1.0, 1.0)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.wait_s(10.0) == 20.0
    assert breaker.wait_s(30.0) == 0.0
    breaker.failed(30.0)
    assert breaker.wait_s(35.0) == 0.0
    breaker.hold(35.0, 2.0)
    assert breaker.state is BreakerState.CLOSED


def test_the_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    bucket = Bucket(rate=4.0, burst=3)
    assert [bucket.take(100.0) for _ in range(6)] == [0.0, 0.0, 0.0, 0.25, 0.5, 0.75]
    assert bucket.take(100.5) == pytest.approx(0.5)
    assert [bucket.take(200.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.25]
