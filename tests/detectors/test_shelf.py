"""A series that sleeps is the series it was, and what cannot be read says so."""

import msgspec
import pytest

from detectors.count import CountSpec
from detectors.evidence import NO_TRAFFIC
from detectors.rules import RuleSet
from detectors.series import Series, SnapshotError
from detectors.shelf import Shelf
from schemas.codec import encode_json
from schemas.signal import Severity
from tests.support.detecting import START, every, update_of

COUNT = CountSpec(name="third", window_s=3600.0, levels={Severity.LOW: 3.0}, resolve_after_s=600.0)
RULES = RuleSet([COUNT], "v1")
KEY = ("bank", "login")


def series(mentions: int) -> Series:
    found = Series(*KEY, RULES, START - 1e6, 0.004)
    found.apply(update_of(every(60, mentions)), closed=0.0)
    return found


def shelf(*held: Series) -> Shelf:
    found = Shelf(RULES, 0.004)
    for one in held:
        found.add(one)
    return found


def test_what_slept_says_what_it_would_have_said() -> None:
    awake, slept = series(2), shelf(series(2))
    assert list(slept.settling(START + 9000, lambda _: False)) == [KEY]
    woken = slept[KEY]
    for one in (awake, woken):
        one.apply(update_of(every(60, 2), start=0), closed=0.0)
        one.apply(update_of(every(60, 5), start=0), closed=0.0)
    told = [[encode_json(signal) for signal in one.judge(START + 300, NO_TRAFFIC)] for one in (awake, woken)]
    assert told[0] == told[1] != []


def test_only_the_quiet_and_idle_are_put_to_sleep() -> None:
    found = shelf(series(2))
    assert list(found.settling(START + 30, lambda _: False)) == []
    assert list(found.settling(START + 9000, lambda key: key == KEY)) == []
    assert (list(found.settling(START + 9000, lambda _: False)), len(found), found.asleep) == ([KEY], 1, 1)
    assert KEY in found
    assert list(found.seen()) == [(START + 60, KEY)]


def test_a_snapshot_is_loaded_asleep_unless_it_has_something_to_say() -> None:
    quiet, loud = series(2), series(3)
    loud.judge(START + 200, NO_TRAFFIC)
    encode = msgspec.msgpack.Encoder().encode
    found = shelf()
    assert found.load(encode(quiet.record(START)), KEY) is None
    assert found.asleep == 1
    told = found.load(encode(loud.record(START)), KEY)
    assert told is not None
    assert [signal.revision for signal in told.outbox] == [1]


def test_the_snapshot_of_a_sleeper_is_its_own() -> None:
    found = shelf(series(2))
    before = found.snapshot(KEY, START + 60)
    list(found.settling(START + 9000, lambda _: False))
    assert found.snapshot(KEY, START + 90_000) == before
    found.drop(KEY)
    assert (found.snapshot(KEY, START), found.get(KEY), len(found)) == (None, None, 0)


@pytest.mark.parametrize("cut", [1, 10, 40, -1])
def test_a_truncated_snapshot_names_its_series(cut: int) -> None:
    data = msgspec.msgpack.encode(series(3).record(START))[:cut]
    with pytest.raises(SnapshotError, match="series bank/login cannot be read"):
        shelf().load(data, KEY)


def test_a_snapshot_under_another_series_key_is_refused() -> None:
    with pytest.raises(SnapshotError, match="series shop/login holds bank/login"):
        shelf().load(msgspec.msgpack.encode(series(2).record(START)), ("shop", "login"))


def test_a_snapshot_that_is_broken_inside_names_its_series_when_it_wakes() -> None:
    record = msgspec.msgpack.decode(msgspec.msgpack.encode(series(2).record(START)))
    record[3][4] = "no panes"
    found = shelf()
    found.load(msgspec.msgpack.encode(record), KEY)
    with pytest.raises(SnapshotError, match="series bank/login cannot be read"):
        found.get(KEY)
