"""Counts as few bytes, and back."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.packing import pack, unpack

whole = st.one_of(
    st.integers(0, 3), st.integers(250, 260), st.integers(65_530, 65_540), st.integers(2**32 - 3, 2**53)
).map(float)
counts = st.lists(whole | st.just(float("nan")) | st.floats(0, 1e12), max_size=40)


@given(told=counts)
def test_what_was_packed_comes_back(told: list[float]) -> None:
    assert np.array_equal(unpack(pack(np.array(told))), np.array(told), equal_nan=True)


@pytest.mark.parametrize("most", [254, 255, 65_534, 65_535, 2**32 - 2, 2**32 - 1])
def test_the_edges_of_the_widths_are_not_unknown(most: int) -> None:
    told = np.array([0.0, float(most), np.nan])
    assert np.array_equal(unpack(pack(told)), told, equal_nan=True)


def test_rows_come_back_as_one() -> None:
    told = np.arange(12.0).reshape(3, 4)
    assert unpack(pack(told)).reshape(3, 4).tolist() == told.tolist()


def test_what_is_unpacked_can_be_written_to() -> None:
    for told in (np.array([1.0, 2.0]), np.array([0.5, 2.0])):
        back = unpack(pack(told))
        back[0] = 7.0
        assert back.tolist() == [7.0, 2.0]


def test_four_weeks_of_counts_are_small() -> None:
    draw = np.random.default_rng(1)
    assert len(pack(draw.poisson(0.05, 1344).astype(float))) < 200
    assert len(pack(draw.poisson(30.0, 1344).astype(float))) < 1344


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x00nonsense", b"\x07" + zlib.compress(b"ab"), b"\x02" + zlib.compress(b"abc")]
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"packed counts|buffer size"):
        unpack(data)
