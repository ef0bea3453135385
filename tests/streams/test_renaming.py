"""A theme with a new name goes on as what it was; nothing is counted twice, and no signal is lost sight of."""

import msgspec
import pytest

from schemas.codec import decode_flush
from schemas.ids import series_partition
from schemas.panes import PaneUpdate
from schemas.signal import SignalState
from streams.config import ConfigError, parse_settings
from streams.detecting import PartitionDetector
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import FlushSettings, Ingest
from streams.renaming import Names, Rename
from tests.streams.test_detecting import RULES, detector, flush, signals
from tests.support.detecting import START, every, update_of
from tests.support.pipeline_sim import Raw, event

RENAMED = (Rename(old=("login", "log-in"), new="sign-in"),)


def under(theme: str, update: PaneUpdate) -> PaneUpdate:
    return msgspec.structs.replace(update, theme=theme)


def renamed(old: PartitionDetector) -> PartitionDetector:
    """What a successor that knows the new name makes of everything that was written."""
    old.dirty.update(old.series)
    new = PartitionDetector(3, RULES, {0}, old.settings, names=Names(RENAMED))
    new.restore([(key, value) for key, value in old.checkpoint() if value is not None])
    return new


def test_open_signals_and_counts_go_on_under_the_new_name() -> None:
    old = detector()
    old.apply(flush(update_of(every(60, 3)), at=START + 120))
    (opened,) = signals(old)
    new = renamed(old)
    assert ("bank", "login") not in new.series
    # The chunk is counted again from its start, by a worker that knows the new name.
    new.apply(flush(under("sign-in", update_of(every(60, 6))), at=START + 360))
    assert new.series["bank", "sign-in"].history.total == 6
    told = [signal for signal in signals(new) if signal.revision > opened.revision]
    assert {(signal.id, signal.theme) for signal in told} == {(opened.id, "sign-in")}
    assert dict(new.checkpoint())[b"bank\x1flogin"] is None


def test_what_is_still_told_under_the_old_name_counts_under_the_new_one() -> None:
    new = renamed(detector())
    new.apply(flush(update_of(every(60, 2)), under("log-in", update_of(every(60, 1))), at=START + 120))
    assert new.series["bank", "sign-in"].history.total == 2
    # The series of the others lie in partitions of their own: nobody adds them up here.
    assert ("bank", "login") not in new.series


def test_what_is_open_of_the_other_names_ends_and_says_where_it_goes_on() -> None:
    old = detector()
    old.apply(flush(under("log-in", update_of(every(60, 3))), at=START + 120))
    (opened,) = signals(old)
    last = signals(renamed(old))[-1]
    assert (last.id, last.state, last.revision) == (opened.id, SignalState.RESOLVED, opened.revision + 1)
    assert last.reason == "quiet: it is counted as sign-in from now on"


def test_a_second_restart_changes_nothing() -> None:
    old = detector()
    old.apply(flush(update_of(every(60, 3)), at=START + 120))
    once = renamed(old)
    twice = renamed(once)
    assert twice.series["bank", "sign-in"].history.total == 3
    assert [signal.id for signal in signals(twice)] == [signal.id for signal in signals(old)]


def test_events_count_once_under_the_new_name_where_the_old_one_was() -> None:
    counting = Ingest(64, CountSettings(renamed=RENAMED), Limits(), FlushSettings(flush_s=0.0), Enricher(None))
    counting.assign([0], 0.0)
    both = event(START, "b", None, tenant="bank", themes=["login", "log-in"])
    records = [event(START, "a", "log-in", tenant="bank"), both, event(START, "c", "sign-in", tenant="bank")]
    counting.take(0, [Raw(n, round(START * 1000), each) for n, each in enumerate(records)], 1.0)
    told = [(out.partition, update) for out in counting.flush(2.0) for update in decode_flush(out.value).updates]
    counted = {(where, one.theme): sum(cell.count for cell in one.cells) for where, one in told}
    assert counted[series_partition("bank", "login", 64), "sign-in"] == 3
    assert not {theme for _, theme in counted} & {"login", "log-in"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([{"from": ["a"], "to": "a"}], '"a" cannot have two new names, nor be its own'),
        ([{"from": ["a"], "to": "b"}, {"from": ["a"], "to": "c"}], '"a" cannot have two new names'),
        ([{"from": ["a"], "to": "b"}, {"from": ["b"], "to": "c"}], '"b" is now "c"; list its old names'),
        ([{"from": ["a"], "to": "b"}, {"from": ["c"], "to": "b"}], '"b" is named above'),
        ([{"from": [], "to": "b"}], "expected a name or more"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: list[dict[str, object]], told: str, tmp_path: object) -> None:
    with pytest.raises(ConfigError, match=r"ingest\.counting\.renamed") as refused:
        parse_settings({"ingest": {"counting": {"renamed": given}}}, tmp_path)  # type: ignore[arg-type]
    assert told in str(refused.value)
