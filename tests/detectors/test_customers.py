"""Distinct customers: exact while few, estimated while many, and never counted twice."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.customers import Customers
from streams.ingest.cells import customer_hash

MANY = [customer_hash(f"customer-{i}") for i in range(20_000)]
heard = st.lists(st.tuples(st.sets(st.integers(0, 2**64 - 1), max_size=6), st.integers(1, 1000)), max_size=20)


@given(heard, st.integers(0, 1000))
def test_exact_below_the_capacity(calls: list[tuple[set[int], int]], since: int) -> None:
    customers, latest = Customers(), dict[int, int]()
    for hashes, at in calls:
        customers.heard(hashes, float(at))
        for one in hashes:
            latest[one] = max(at, latest.get(one, 0))
    assert customers.distinct(float(since)) == sum(1 for at in latest.values() if at > since)


@pytest.mark.parametrize("n", [1_000, 5_000, 20_000])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_an_estimate_within_a_fifth(n: int, share: float) -> None:
    customers = Customers()
    for i, hashed in enumerate(MANY[:n]):
        customers.heard([hashed], at=1.0 + i)
    assert len(customers.last) <= 512
    assert customers.distinct(since=n * (1 - share)) == pytest.approx(n * share, rel=0.2)


def test_few_after_many_are_exact() -> None:
    customers = Customers()
    customers.heard(MANY, at=100.0)
    for i in range(7):
        customers.heard([customer_hash(f"late-{i}")], at=5000.0 + i)
    assert customers.distinct(since=4000.0) == 7
    assert customers.distinct(since=5003.0) == 3
    assert Customers.restore(customers.snapshot()).distinct(since=4000.0) == 7
    # These are in the sample, and still stand for themselves alone.
    customers.heard([1, 2, 3], at=6000.0)
    assert customers.distinct(since=5999.0) == 3


def test_few_listed_as_a_sample_are_estimated() -> None:
    few = Customers()
    few.heard(range(10), at=100.0, bits=60)
    assert few.distinct(since=0.0) == few.distinct(since=99.0) == 160
    few.heard([1 << 63, 5], at=200.0)
    assert few.distinct(since=100.0) == 2
    customers = Customers()
    customers.heard([hashed for hashed in MANY if hashed >> 58 == 0], at=100.0, bits=58)
    assert customers.distinct(since=0.0) == pytest.approx(20_000, rel=0.2)


@settings(max_examples=50, deadline=None)
@given(heard, st.randoms(use_true_random=False))
def test_repeats_in_any_order_change_nothing(calls: list[tuple[set[int], int]], order: random.Random) -> None:
    one, other = Customers(capacity=8), Customers(capacity=8)
    for hashes, at in calls:
        one.heard(hashes, float(at))
    for hashes, at in order.choices(calls, k=len(calls) * 2) if calls else []:
        other.heard(hashes, float(at))
    for hashes, at in order.sample(calls, k=len(calls)):
        other.heard(hashes, float(at))
    assert other.last == one.last
    assert other.bits == one.bits


@given(heard)
def test_a_replay_changes_nothing(calls: list[tuple[set[int], int]]) -> None:
    customers = Customers(capacity=8)
    for hashes, at in calls:
        customers.heard(hashes, float(at))
    found = [customers.distinct(float(since)) for since in range(0, 1001, 50)]
    for hashes, at in calls:
        customers.heard(hashes, float(at))
    assert [customers.distinct(float(since)) for since in range(0, 1001, 50)] == found


def test_bits_of_the_list_bound_what_is_kept() -> None:
    customers = Customers()
    customers.heard([1 << 60, 1 << 63], at=1.0)
    customers.heard([1], at=2.0, bits=61)
    assert customers.bits == 61
    assert sorted(customers.last) == [1, 1 << 60]
    customers.heard([1 << 62, 2], at=3.0)
    assert sorted(customers.last) == [1, 2, 1 << 60]


def test_memory_is_bounded() -> None:
    customers = Customers()
    for start in range(0, 20_000, 100):
        customers.heard(MANY[start : start + 100], at=float(start))
        assert len(customers.last) <= 512
        assert len(customers.recent) <= 612, "the slack and one update"


def test_forgetting_makes_it_exact_again() -> None:
    customers = Customers()
    customers.heard(MANY, at=100.0)
    customers.heard([5, 1 << 63], at=900.0)
    customers.forget(before=500.0)
    assert customers.bits == 64
    assert customers.distinct(since=0.0) == 2
    customers.heard([6], at=901.0)
    assert customers.distinct(since=0.0) == 3


def test_a_snapshot_is_the_same_customers() -> None:
    for n in (0, 5, 5000):
        customers = Customers()
        for i, hashed in enumerate(MANY[:n]):
            customers.heard([hashed], at=1.0 + i)
        restored = Customers.restore(customers.snapshot())
        assert (restored.last, restored.recent, restored.bits, restored.floor, restored.capacity) == (
            customers.last,
            customers.recent,
            customers.bits,
            customers.floor,
            customers.capacity,
        )
