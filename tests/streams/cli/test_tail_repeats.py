"""``tail`` shows each revision once, and whatever it is not sure about."""

import msgspec
import pytest

from schemas.codec import encode_json
from streams.cli.tail_repeats import Repeats
from tests.support.signals import make_signal


def assignment(revision: int, note: str = "") -> bytes:
    fields = {"id": "asg-1", "signal_id": "sig-1", "revision": revision, "note": note}
    return msgspec.json.encode(fields)


def test_a_signal_that_comes_again_is_left_out() -> None:
    repeats = Repeats("signals")
    one, two, other = (encode_json(make_signal(revision=n, id=name)) for n, name in ((1, "a"), (2, "a"), (1, "b")))
    assert [repeats.told(value) for value in (one, two, one, other, two)] == [False, False, True, False, True]
    assert repeats.dropped == 2


def test_an_assignment_goes_by_its_signal() -> None:
    repeats = Repeats("assignments")
    assert [repeats.told(assignment(n)) for n in (1, 2, 2, 1)] == [False, False, True, True]


def test_a_second_meaning_is_shown() -> None:
    repeats = Repeats("assignments")
    assert [repeats.told(assignment(1, note)) for note in ("a", "b", "a")] == [False, False, True]


@pytest.mark.parametrize("value", [b"", b"\xff", b"{}", b'{"id": 1, "revision": "x"}', b"[" * 100_000, b'{"id": "\xff'])
def test_what_cannot_be_read_is_shown(value: bytes) -> None:
    for kind in ("signals", "assignments"):
        repeats = Repeats(kind)
        assert [repeats.told(value), repeats.told(value)] == [False, False]


def test_what_has_no_revisions_is_shown() -> None:
    repeats = Repeats("actions")
    assert [repeats.told(assignment(1)), repeats.told(assignment(1))] == [False, False]
