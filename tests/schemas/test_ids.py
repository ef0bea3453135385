"""Ids are for ever: a change of any value here makes old and new workers talk of different things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import derived_id, series_partition, source_id
from streams.ingest.cells import customer_hash


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("sig", "bank", "login-failure", "mentions", "third-complaint", 1_777_885_200_000), "sig-8bd9688437d52cad"),
        (("asg", "sig-1"), "asg-16042484237a912d"),
        (("sig", "bänk", "zufällig"), "sig-e2a559e2ee250160"),
    ],
)
def test_derived_ids(parts: tuple[str | int, ...], expected: str) -> None:
    prefix, *rest = parts
    assert derived_id(str(prefix), *rest) == expected


def test_parts_do_not_run_into_each_other() -> None:
    assert derived_id("sig", "ab", "c") != derived_id("sig", "a", "bc")


@pytest.mark.parametrize(
    ("tenant", "theme", "partition"),
    [("bank", "login-failure", 11), ("bank", "slow-transfer", 9), ("default", "zufällig", 15)],
)
def test_series_partitions(tenant: str, theme: str, partition: int) -> None:
    assert series_partition(tenant, theme, 16) == partition


def test_source_ids() -> None:
    assert source_id(0, 7) == 7
    assert source_id(2, 3) == 131_075


@given(st.tuples(st.integers(0, 100), st.integers(0, 65_535)), st.tuples(st.integers(0, 100), st.integers(0, 65_535)))
def test_a_source_id_names_one_partition(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (source_id(*one) == source_id(*other)) == (one == other)


def test_customer_hashes() -> None:
    assert customer_hash("c-1") == 0x62A08E113FB1CD0C
