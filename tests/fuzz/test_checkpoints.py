"""A checkpoint is everything: whoever resumes from it says the same to the byte, and a bad one is refused by name."""

from collections.abc import Callable, Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.compression import plain
from detectors.evidence import NO_TRAFFIC, SliceTraffic
from detectors.rules import RuleSet
from detectors.series import Record, Series, SnapshotError
from schemas.codec import encode_flush, encode_json
from schemas.panes import TRAFFIC, WIRE_VERSION, Flush, PaneUpdate, SourceState
from schemas.signal import Signal
from sinks.assignment_record import Record as Assigned
from sinks.assignment_record import decode_record, encode_record
from streams.detecting import DetectSettings, PartitionDetector, series_key
from tests.fuzz.strategies import FUZZ, broken
from tests.fuzz.test_assigning import run, scripts
from tests.support.detecting import SAMPLE_SPECS, START, Mention, update_of

RULES = RuleSet(list(SAMPLE_SPECS), "v1")
HEARD = 0.004
mentions = st.builds(
    Mention,
    st.integers(0, 9000).map(lambda second: START + second / 2),
    st.none() | st.integers(-8, 8).map(lambda n: n / 8),
    st.integers(1, 12).map(lambda n: n << 40 | n),
    st.none() | st.integers(0, 900).map(float),
    st.sets(st.sampled_from(["os=a", "os=b", "tier=x"])).map(lambda found: tuple(sorted(found))),
    st.sampled_from(["", "cannot log in", "late again"]),
)
steps = st.lists(st.tuples(st.lists(mentions, max_size=8), st.integers(0, 1800)), min_size=1, max_size=8)
"""What is said, and how far the watermark then moves, seconds."""
msgpack = msgspec.msgpack.Encoder()


def told(signals: Iterable[Signal]) -> list[bytes]:
    return [encode_json(signal) for signal in signals]


def resumed(series: Series, at: float) -> Series:
    data = msgpack.encode(series.record(at))
    return Series.restore(msgspec.msgpack.decode(data, type=Record), RULES, HEARD)


@FUZZ
@given(steps, st.sets(st.integers(0, 7), min_size=1))
def test_a_series_goes_on_alike(script: list[tuple[list[Mention], int]], cuts: set[int]) -> None:
    one, other = (Series("bank", "login", RULES, START - 90_000, HEARD) for _ in range(2))
    at = START
    for n, (said, seconds) in enumerate(script):
        at += seconds
        for series in (one, other):
            if said:
                series.apply(update_of(said, start=10 * n), at - 900.0)
        assert told(one.judge(at, SliceTraffic(*[{"os=a": 9, "os=b": 99}] * 2))) == told(
            other.judge(at, SliceTraffic(*[{"os=a": 9, "os=b": 99}] * 2))
        )
        if n in cuts:
            other = resumed(other, at)
        assert told(one.outbox) == told(other.outbox)
        assert one.episodes == other.episodes


def flushed(script: list[tuple[list[Mention], int]]) -> list[bytes]:
    """theme-panes records of two tenants and two themes, with one source that moves the watermark."""
    out, at = [], START
    for n, (said, seconds) in enumerate(script):
        at += seconds
        updates: list[PaneUpdate] = []
        for k, (tenant, theme) in enumerate((("bank", "login"), ("bank", "fees"), ("shop", "login"))):
            if mine := said[k::3]:
                update = update_of(mine, start=10 * n, theme=theme)
                updates.append(msgspec.structs.replace(update, tenant=tenant))
        out.append(encode_flush(Flush(WIRE_VERSION, [SourceState(0, at, None)], updates)))
    return out


def detector(log: dict[bytes, bytes] | None = None) -> PartitionDetector:
    found = PartitionDetector(0, RULES, {0}, DetectSettings(lateness_s=900.0))
    found.restore((log or {}).items())
    return found


def written(source: PartitionDetector, log: dict[bytes, bytes]) -> None:
    for key, value in source.checkpoint():
        if value is None:
            log.pop(key, None)
        else:
            log[key] = value


@FUZZ
@given(steps, st.sets(st.integers(0, 7), min_size=1))
def test_a_partition_goes_on_alike(script: list[tuple[list[Mention], int]], cuts: set[int]) -> None:
    one, other = detector(), detector()
    log: dict[bytes, bytes] = {}
    for n, data in enumerate(flushed(script)):
        assert one.apply(data) == other.apply(data)
        if n in cuts:
            written(other, log)
            other = detector(log)
        outbox = [(key, encode_json(signal)) for key, signal in one.outbox()]
        assert outbox == [(key, encode_json(signal)) for key, signal in other.outbox()]
        assert one.watermark.at == other.watermark.at
        if n % 2:
            for each in (one, other):
                for key, signal in list(each.outbox()):
                    each.sent(key, signal)


def busy() -> dict[bytes, bytes]:
    """A changelog with an open series, a quiet one, traffic, its outages and the partition itself."""
    source, log = detector(), dict[bytes, bytes]()
    said = [Mention(START + n, -0.5, n + 1 << 40, 400.0, ("os=a",), "cannot log in") for n in range(20)]
    quiet = msgspec.structs.replace(update_of(said[:1]), theme="fees")
    traffic = msgspec.structs.replace(update_of(said), theme=TRAFFIC)
    states = [SourceState(0, START + 60, None)]
    source.apply(encode_flush(Flush(WIRE_VERSION, states, [update_of(said), quiet, traffic])))
    written(source, log)
    return log


LOG = busy()
KEYS = sorted(LOG)
OPEN = series_key("bank", "login")


def restored(key: bytes, value: bytes) -> str:
    """Read a changelog in which one record is another, all of it; the message if it is refused."""
    try:
        found = detector({**LOG, key: value})
        for name in list(found.series):
            found.series[name].judge(START + 7200, NO_TRAFFIC)
        written(found, {})
    except SnapshotError as error:
        return str(error)
    return ""


def named(key: bytes, message: str) -> bool:
    """Whether a message says which record it is about."""
    parts = [part for part in key.decode().split("\x1f") if part]
    return all(part in message for part in parts[:2])


def test_the_changelog_of_these_tests_is_whole() -> None:
    assert len(KEYS) == 5
    assert [restored(key, LOG[key]) for key in KEYS] == [""] * 5


@pytest.mark.parametrize("key", KEYS)
@FUZZ
@given(data=st.data())
def test_what_is_cut_off_is_refused_by_name(key: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(LOG[key]) - 1))
    message = restored(key, LOG[key][:cut])
    assert named(key, message), message


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("version", [0, 3, 99, -1, None, "1", [1], {}, True, 1.5])
def test_another_version_is_refused_by_name(key: bytes, version: object) -> None:
    head, *rest = msgspec.msgpack.decode(plain(LOG[key]), strict=False)
    assert head in (1, 2)
    message = restored(key, msgpack.encode([version, *rest]))
    assert named(key, message), message


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("thing", [None, 1, "x", [], {}, [1], [2], {"version": 1}, [1, "bank"], [2, 0.0], b"", [[1]]])
def test_another_type_is_refused_by_name(key: bytes, thing: object) -> None:
    message = restored(key, msgpack.encode(thing))
    assert named(key, message), message


@pytest.mark.parametrize("key", KEYS)
@FUZZ
@given(data=st.data())
@pytest.mark.parametrize("form", [bytes, plain])
def test_what_is_damaged_is_read_or_refused(key: bytes, form: Callable[[bytes], bytes], data: st.DataObject) -> None:
    message = restored(key, data.draw(broken(st.just(form(LOG[key])))))
    # The damage may lie in the name itself.
    assert message == "" or message.startswith("checkpoint of "), message


@pytest.mark.parametrize("key", KEYS)
def test_broken_text_is_refused_by_name(key: bytes) -> None:
    message = restored(key, plain(LOG[key]).replace(b"bank", b"\xe2ank"))
    assert named(key, message), message


@pytest.mark.parametrize("place", [5, 6])
def test_a_history_of_another_shape_is_refused_by_name(place: int) -> None:
    key = series_key("bank", "fees")
    record = msgspec.msgpack.decode(plain(LOG[key]), strict=False)
    record[3][place] = [1]
    message = restored(key, msgpack.encode(record))
    assert named(key, message), message


@FUZZ
@given(scripts, st.data())
def test_an_assignment_record_is_whole_or_refused(script: list[Signal], data: st.DataObject) -> None:
    record, _ = run(list(script))
    assert record is not None
    encoded = encode_record(record)
    assert decode_record(encoded) == record
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises((msgspec.DecodeError, ValueError)):
        decode_record(encoded[:cut])


@pytest.mark.parametrize("version", [-1, 0, 3, 99])
def test_an_assignment_record_of_another_version_is_refused(version: int) -> None:
    with pytest.raises(ValueError, match=f"version {version}, this build knows up to 2"):
        decode_record(encode_record(Assigned(version=version)))
